using EDA.Bench;
using EDA.Engine.Data;

namespace EDA.Tests.Crash;

/// <summary>A small run that is killed and resumed: every stage of its kind, a second or two in all.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Words">The words after <c>eda run</c>.</param>
/// <param name="Need">What it may be skipped for; null for nothing.</param>
internal sealed record CrashRecipe(string Name, string[] Words, string? Need = null)
{
    private const string DatasetWord = "DATASET";

    // Saved so often that a kill meets every moment of it; a report every few steps, so that saving falls between two.
    private static readonly string[] _tiny =
    [
        "--budget", "smoke", "--set", "checkpoints.interval=0.02", "width=32", "blocks=1", "behavior.steps=60", "behavior.batch=64", "behavior.reportEvery=7",
        "alignment.steps=30", "alignment.states=8", "alignment.reportEvery=7", "evaluation.solverEvaluations=3",
    ];

    private static readonly string[] _tinyDataset =
        ["criticWidth=32", "critic.batch=64", "critic.reportEvery=7", "labels.mostStates=60", "labels.evaluations=3", "evaluation.episodes=2", "evaluation.every=12", "checkpoints.keep=true", "behavior.averaging=0.2"];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<CrashRecipe> All { get; } =
    [
        new("bandit", ["bandit-moons", .. _tiny, "points=500", "evaluation.heldOut=100", "evaluation.samples=100"]),
        new("pointmaze", ["pointmaze-umaze", .. _tiny, .. _tinyDataset, "rows=1200", "critic.steps=90"]),
        new("online", ["pointmaze-umaze", "--critic", "online", .. _tiny, .. _tinyDataset, "rows=1200", "critic.steps=30"]),
        new("hopper", ["hopper-medium-replay-v2", "--critic", "softmax", "--dataset", DatasetWord, .. _tiny, .. _tinyDataset, "critic.steps=40", "softmax.candidates=4"], OptionalNeeds.Mujoco),
    ];

    /// <summary>The command line that begins it in a folder, with the dataset where it needs one.</summary>
    public string[] Begin(string folder, string scratch)
    {
        string dataset = Path.Combine(scratch, "hopper.npz");
        if (Words.Contains(DatasetWord) && !File.Exists(dataset))
            DatasetFile.Write(RandomDataset.Create(2100, 11, 3), dataset);
        return ["run", .. Words.Select(word => word == DatasetWord ? dataset : word), "--seed", "4", "--out", folder];
    }
}
