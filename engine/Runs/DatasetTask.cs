using EDA.Engine.Baselines;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Data.Formats;
using EDA.Engine.Environments;

namespace EDA.Engine.Runs;

/// <summary>
/// A task of offline reinforcement learning: a dataset, the environment it is from, and what the paper has to say of it.
/// </summary>
/// <param name="Name">The name, as typed.</param>
/// <param name="Environment">The environment's name in <see cref="EnvironmentCatalogue"/>; null where the user says of which the file is.</param>
/// <param name="Summary">What it is, in one line.</param>
/// <param name="Temperature">β: Table 2's where the paper has the task, else 1.</param>
/// <param name="Published">EDA's score in Table 1; null where the paper does not have the task.</param>
public sealed record DatasetTask(string Name, string? Environment, string Summary, double Temperature = 1, PublishedScore? Published = null) : RunTask(Name, Summary)
{
    /// <summary>The point mazes, which make their own data.</summary>
    private const string PointMazePrefix = "pointmaze-";

    /// <summary>The tasks that need no file, named after their environments.</summary>
    public static IReadOnlyList<DatasetTask> Generated { get; } =
        [.. EnvironmentCatalogue.Names.Where(name => name.StartsWith(PointMazePrefix, StringComparison.Ordinal)).Select(name => new DatasetTask(name, name, $"{EnvironmentCatalogue.Find(name).Description.Summary}, on data that it makes itself"))];

    /// <summary>The sixteen tasks of Table 1, in its order, with β of Table 2.</summary>
    public static IReadOnlyList<DatasetTask> PaperTasks { get; } =
    [
        Of("halfcheetah-medium-expert-v2", "halfcheetah", 2.0, 93.2, 1.2),
        Of("halfcheetah-medium-v2", "halfcheetah", 0.1, 57.0, 0.5),
        Of("halfcheetah-medium-replay-v2", "halfcheetah", 0.2, 51.6, 0.9),
        Of("hopper-medium-expert-v2", "hopper", 2.0, 104.9, 7.4),
        Of("hopper-medium-v2", "hopper", 0.2, 98.4, 3.9),
        Of("hopper-medium-replay-v2", "hopper", 0.2, 92.7, 10.0),
        Of("walker2d-medium-expert-v2", "walker2d", 0.3, 111.1, 0.7),
        Of("walker2d-medium-v2", "walker2d", 0.5, 87.4, 1.1),
        Of("walker2d-medium-replay-v2", "walker2d", 0.1, 89.2, 5.5),
        Of("antmaze-umaze-v2", "antmaze-umaze", 0.5, 93.0, 4.5),
        Of("antmaze-umaze-diverse-v2", "antmaze-umaze", 5.0, 81.0, 7.4),
        Of("antmaze-medium-play-v2", "antmaze-medium", 1.0, 79.0, 4.2),
        Of("antmaze-medium-diverse-v2", "antmaze-medium", 1.0, 84.0, 8.2),
        Of("kitchen-complete-v0", "kitchen-complete", 2.0, 81.5, 7.3),
        Of("kitchen-partial-v0", "kitchen-partial", 3.0, 69.3, 4.6),
        Of("kitchen-mixed-v0", "kitchen-mixed", 3.0, 65.3, 2.2),
    ];

    /// <summary>The task of any file.</summary>
    public static DatasetTask AnyFile { get; } = new("d4rl", null, "any dataset, --dataset FILE --env NAME");

    /// <inheritdoc/>
    public override RunKind Kind => RunKind.Dataset;

    /// <summary>Whether the task makes its own data and takes no file.</summary>
    public bool MakesItsData => Generated.Any(task => task.Name == Name);

    /// <summary>The family, which decides the critic's constants and how rewards are treated; point mazes are treated as AntMaze is.</summary>
    public D4rlDomain Domain => EnvironmentCatalogue.Find(Environment).Domain;

    /// <summary>What D4RL knows of the environment; null for a point maze.</summary>
    public D4rlEnvironment? Source => D4rlEnvironment.All.FirstOrDefault(known => known.Name == (Domain == D4rlDomain.Kitchen ? "kitchen" : Environment));

    /// <summary>The same task with the environment that the user names, where it has none of its own.</summary>
    /// <param name="environment">The environment; null where none was named.</param>
    /// <returns>The task.</returns>
    /// <exception cref="InvalidSettingException">It is missing, not wanted, or there is no such environment.</exception>
    public DatasetTask In(string? environment)
    {
        if (Environment is not null)
            return environment is null ? this : throw new InvalidSettingException("--env", environment, $"nothing, because {Name} is of {Environment}");
        return EnvironmentCatalogue.Knows(environment)
            ? this with { Environment = environment }
            : throw new InvalidSettingException("--env", environment, $"one of {string.Join(", ", EnvironmentCatalogue.Names)}, {EnvironmentCatalogue.OfOnesOwn}");
    }

    /// <inheritdoc/>
    public override void Check(RunSettings settings, RunInputs inputs)
    {
        settings.Check();
        if (inputs.Labels is not null && settings.Method.Row != Method.Eda)
            throw new InvalidSettingException("--labels", "given", $"nothing with the method {settings.Method.Row}, which is not aligned");
        var (dataset, description) = (inputs.Dataset!, inputs.Environment!.Description);
        RequireSize(FieldNames.Observations, dataset.StateSize, description.ObservationSize);
        RequireSize(FieldNames.Actions, dataset.ActionSize, description.ActionSize);
        inputs.Labels?.Check(settings.CreateShape(), UserAlignStage.With(settings.Alignment, inputs.Labels).CreateObjective());
        if (inputs.Labels is null && settings.Rewards == RewardTreatment.ReturnRange)
            RewardTreatments.Range(new QLearningView(dataset));

        void RequireSize(string field, int found, int needed)
        {
            if (found != needed)
                throw new InvalidFileException(dataset.Provenance.Path, $"{field} has {found} columns; {description.Name} has {needed}");
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<RunStage> Stages(IReadOnlyList<RunSettings> seeds, RunInputs inputs)
    {
        var (settings, data) = (seeds[0], new DatasetWork(seeds[0], inputs.Dataset));
        return inputs.Labels is null
            ? settings.Method.Row.Stages(settings, data, inputs.Environment!)
            :
            [
                new BehaviorStage(data.Pairs, data.HeldOutLossOf),
                new UserAlignStage(inputs.Labels, LearningCurvePlan.Of(inputs.Environment!, settings)),
                ContenderStage.Of(seeds[0], inputs.Environment!, data, EdaMethod.OpenModels),
            ];
    }

    /// <inheritdoc/>
    public override RunSettings Paper()
    {
        var constants = D4rlConstants.Of(Domain);
        return new()
        {
            Environment = Environment!,
            Rewards = RewardTreatments.Of(Domain),
            Critic = new()
            {
                Implicit = new() { Expectile = constants.Expectile, Policy = PolicyExtraction.AdvantageWeighted, AdvantageScale = constants.AdvantageScale },
                Softmax = new() { InverseTemperature = constants.InverseTemperature },
            },
            Alignment = new() { Temperature = Temperature },
            HeldOut = 0,
        };
    }

    private static DatasetTask Of(string name, string environment, double temperature, double mean, double deviation) =>
        new(name, environment, FormattableString.Invariant($"D4RL's dataset, --dataset FILE; the paper reaches {mean:0.0}"), temperature, new PublishedScore(mean, deviation));

    /// <summary>What the published code's critics do by domain (method: section 4): a row a domain.</summary>
    private sealed record D4rlConstants(D4rlDomain Domain, double Expectile, double AdvantageScale, double InverseTemperature)
    {
        private static readonly D4rlConstants[] _rows =
        [
            new(D4rlDomain.Locomotion, 0.7, 3, 1),
            new(D4rlDomain.AntMaze, 0.9, 10, 20),
            new(D4rlDomain.Kitchen, 0.7, 0.5, 1),
            new(D4rlDomain.Other, 0.7, 3, 1), // as locomotion, which is the most like any other
        ];

        public static D4rlConstants Of(D4rlDomain domain) => _rows.Single(row => row.Domain == domain);
    }
}
