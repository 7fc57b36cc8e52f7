using EDA.Engine.Stages;
using EDA.Host.CommandLine;

namespace EDA.Host.Recipes;

/// <summary>What the user asked of a run on a bandit.</summary>
/// <param name="Recipe">The recipe.</param>
/// <param name="Budget">The budget's name.</param>
/// <param name="Device">The device's name.</param>
/// <param name="Objective">The objective as it was given; null where none was.</param>
/// <param name="Out">The run folder; null for a fresh one under runs/.</param>
/// <param name="Assignments">The `--set` assignments, for the command that does the same again.</param>
/// <param name="Settings">The settings that all of this comes to; of the first seed where there are several.</param>
/// <param name="Seeds">The seeds that are trained side by side; null for one alone.</param>
public sealed record BanditRequest(Recipe Recipe, string Budget, string Device, string? Objective, string? Out, IReadOnlyList<string> Assignments, BanditRun Settings, SeedRange? Seeds = null)
{
    /// <summary>The precision as it was given; null where none was.</summary>
    public string? Precision { get; init; }

    /// <summary>Whether a GPU is to launch kernel by kernel.</summary>
    public bool NoGraphs { get; init; }

    /// <summary>The command that does the same again, quoted for a shell.</summary>
    public string Command
    {
        get
        {
            var words = new List<string> { "./eda", "run", Recipe.Name };
            words.AddRange(Seeds is { } seeds ? ["--seeds", seeds.ToString()] : ["--seed", Settings.Seed.ToString(CultureInfo.InvariantCulture)]);
            words.AddRange(["--budget", Budget]);
            if (Objective is not null)
                words.AddRange(["--objective", Objective]);
            words.AddRange(["--device", Device]);
            if (Precision is not null)
                words.AddRange(["--precision", Precision]);
            if (NoGraphs)
                words.Add("--no-graphs");
            words.AddRange(Assignments.SelectMany(assignment => new[] { "--set", assignment }));
            return ShellWords.Join(words);
        }
    }

    /// <summary>What would have been asked for a run of one of the seeds alone.</summary>
    /// <param name="seed">The seed.</param>
    /// <returns>The request.</returns>
    public BanditRequest Alone(ulong seed) => this with { Settings = Settings with { Seed = seed }, Seeds = null };
}
