using EDA.Engine.Data;
using EDA.Engine.Environments;
using EDA.Engine.Stages;
using EDA.Host.CommandLine;

namespace EDA.Host.Recipes;

/// <summary>A run on a dataset: of a task of the paper, of a task that makes its own data, or of any file.</summary>
/// <param name="Name">The name.</param>
/// <param name="Task">The task; null where the user says of which environment the file is.</param>
/// <param name="Description">What it is, in one line.</param>
public sealed record OfflineRecipe(string Name, OfflineTask? Task, string Description) : Recipe(Name, Description)
{
    /// <summary>The recipe for any file.</summary>
    private const string AnyFile = "d4rl";

    /// <summary>Those without a file, the paper's tasks, and the one for any file.</summary>
    public static IEnumerable<OfflineRecipe> Each =>
    [
        .. OfflineTask.Generated.Select(task => new OfflineRecipe(task.Name, task, $"{EnvironmentCatalogue.Find(task.Environment).Description.Summary}, on data that it makes itself")),
        .. OfflineTask.Paper.Select(task => new OfflineRecipe(task.Name, task, FormattableString.Invariant($"D4RL's dataset, --dataset FILE; the paper reaches {task.Published!.Value.Mean:0.0}"))),
        new OfflineRecipe(AnyFile, null, "any dataset, --dataset FILE --env NAME"),
    ];

    /// <summary>Whether it takes a file.</summary>
    public bool TakesDataset => Task is not { MakesItsData: true };

    /// <summary>What the user does to get the file.</summary>
    public string Hint => D4rlTask.Names.Contains(Name)
        ? $"the file of {Name}, which ./eda data download {Name} brings"
        : "a file of transitions: D4RL's or Minari's HDF5, .npz or .csv";

    /// <summary>The task, with the environment that the user named where the recipe names none.</summary>
    /// <param name="environment">The value of --env; null where it was not given.</param>
    /// <returns>The task.</returns>
    /// <exception cref="UserError">It is missing, not wanted, or there is no such environment.</exception>
    public OfflineTask TaskIn(string? environment)
    {
        if (Task is not null)
            return environment is null ? Task : throw UserError.Value("--env", environment, $"nothing, because {Name} is of {Task.Environment}");
        if (environment is null)
            throw new UserError($"--env is missing; it is the environment of the dataset, one of {string.Join(", ", EnvironmentCatalogue.Names)}");
        return EnvironmentCatalogue.Names.Contains(environment)
            ? OfflineTask.ForEnvironment(Name, environment)
            : throw UserError.Choice("--env", environment, EnvironmentCatalogue.Names);
    }
}
