using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Environments;

namespace EDA.Engine.Stages;

/// <summary>A score of the paper's Table 1: mean and standard deviation over five seeds.</summary>
/// <param name="Mean">The mean of the normalised scores.</param>
/// <param name="Deviation">Their standard deviation.</param>
public readonly record struct PublishedScore(double Mean, double Deviation);

/// <summary>
/// A task of offline reinforcement learning: a dataset, the environment it is from, and what the paper has to say of it.
/// </summary>
/// <param name="Name">The name.</param>
/// <param name="Environment">The environment's name in <see cref="EnvironmentCatalogue"/>.</param>
/// <param name="Domain">The family, which decides the critic's constants; point mazes are treated as AntMaze is.</param>
/// <param name="Temperature">β: Table 2's where the paper has the task, else 1.</param>
/// <param name="Published">EDA's score in Table 1; null where the paper does not have the task.</param>
public sealed record OfflineTask(string Name, string Environment, D4rlDomain Domain, double Temperature, PublishedScore? Published = null)
{
    /// <summary>The point mazes, which make their own data.</summary>
    private const string PointMazePrefix = "pointmaze-";

    /// <summary>The sixteen tasks of Table 1, in its order, with β of Table 2.</summary>
    public static IReadOnlyList<OfflineTask> Paper { get; } =
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

    /// <summary>The tasks that need no file, named after their environments.</summary>
    public static IReadOnlyList<OfflineTask> Generated { get; } =
        [.. EnvironmentCatalogue.Names.Where(name => name.StartsWith(PointMazePrefix, StringComparison.Ordinal)).Select(name => ForEnvironment(name, name))];

    /// <summary>Whether the task makes its own data and takes no file.</summary>
    public bool MakesItsData => Generated.Any(task => task.Name == Name);

    /// <summary>What D4RL knows of the environment; null for a point maze.</summary>
    public D4rlEnvironment? Source => D4rlEnvironment.All.FirstOrDefault(known => known.Name == (Domain == D4rlDomain.Kitchen ? "kitchen" : Environment));

    /// <summary>How rewards are treated before a critic sees them.</summary>
    public RewardTreatment Rewards => Domain switch
    {
        D4rlDomain.Locomotion => RewardTreatment.ReturnRange,
        D4rlDomain.AntMaze => RewardTreatment.MinusOne,
        _ => RewardTreatment.AsIs,
    };

    /// <summary>A task on a user's own dataset.</summary>
    /// <param name="name">What to call it.</param>
    /// <param name="environment">The environment, one of <see cref="EnvironmentCatalogue.Names"/>.</param>
    /// <returns>The task.</returns>
    /// <exception cref="InvalidSettingException">There is no such environment.</exception>
    public static OfflineTask ForEnvironment(string name, string environment)
    {
        var domain = EnvironmentCatalogue.Find(environment).Description.Name switch
        {
            "hopper" or "halfcheetah" or "walker2d" => D4rlDomain.Locomotion,
            var other when other.StartsWith("kitchen", StringComparison.Ordinal) => D4rlDomain.Kitchen,
            _ => D4rlDomain.AntMaze,
        };
        return new OfflineTask(name, environment, domain, 1);
    }

    /// <summary>The paper's settings for this task: every number of them is the paper's or the published code's.</summary>
    /// <returns>The settings, for seed 0.</returns>
    public OfflineRun PaperRun() => new()
    {
        Environment = Environment,
        Rewards = Rewards,
        Critic = new()
        {
            Implicit = new()
            {
                Expectile = Domain == D4rlDomain.AntMaze ? 0.9 : 0.7,
                Policy = PolicyExtraction.AdvantageWeighted,
                AdvantageScale = Domain switch { D4rlDomain.Locomotion => 3, D4rlDomain.AntMaze => 10, _ => 0.5 },
            },
            Softmax = new() { InverseTemperature = Domain == D4rlDomain.AntMaze ? 20 : 1 },
        },
        Alignment = new() { Temperature = Temperature },
        HeldOut = 0,
    };

    private static OfflineTask Of(string name, string environment, double temperature, double mean, double deviation) =>
        ForEnvironment(name, environment) with { Temperature = temperature, Published = new PublishedScore(mean, deviation) };
}
