using System.Globalization;
using EDA.Engine.Alignment;
using EDA.Engine.Checkpoints;
using EDA.Engine.Data;
using EDA.Engine.Environments;
using EDA.Engine.Optimizers;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Tests.Engine;

/// <summary>A run over folders of its own below one folder, which holds all that it hands from stage to stage.</summary>
/// <param name="device">The device.</param>
/// <param name="folder">Below which each seed has a folder, as the seed alone would have.</param>
/// <param name="settings">The settings of the first seed.</param>
/// <param name="seeds">How many.</param>
internal sealed class TestRun(IDevice device, string folder, RunSettings settings, int seeds = 1)
{
    /// <summary>A run on a point maze of a few steps a stage, which tests change where they look.</summary>
    public static RunSettings Tiny { get; } = DatasetTask.Generated[0].Paper() with
    {
        Seed = 5,
        Width = 32,
        Blocks = 1,
        CriticWidth = 32,
        Rows = 300,
        HeldOut = 20,
        Behavior = new() { Batch = 16, Steps = 6, LearningRate = 1e-3, ReportEvery = 4 },
        Critic = new() { Batch = 16, Steps = 6, ReportEvery = 4 },
        Labels = new() { MostStates = 10, Evaluations = 2 },
        Evaluation = new() { Candidates = 2, SolverEvaluations = 2 },
    };

    public UserLabels? Labels { get; init; }

    public OptimizerFactory? Optimizer { get; init; }

    public RunTask Task => settings.Kind == RunKind.Bandit
        ? BanditTask.Each.Single(task => task.Bandit == settings.Bandit)
        : DatasetTask.Generated.FirstOrDefault(task => task.Environment == settings.Environment) ?? DatasetTask.AnyFile.In(settings.Environment);

    /// <summary>A new pipeline, which has only the folders to go by.</summary>
    public RunPipeline Pipeline => new(device, Task, Inputs, [.. Enumerable.Range(0, seeds).Select(m => new SeedRun(settings with { Seed = settings.Seed + (ulong)m }, Files(m)))], Optimizer);

    private RunInputs Inputs => settings.Kind == RunKind.Bandit ? new() : new(GeneratedDataset.Create(settings), EnvironmentCatalogue.Find(settings.Environment), Labels);

    public RunResult Run(string? only = null, ITrainingObserver? observer = null, CancellationToken cancellation = default) => Pipeline.Run(only, observer, cancellation);

    public IReadOnlyList<RunResult> RunSeeds(IReadOnlyList<ITrainingObserver?>? observers = null, CancellationToken cancellation = default) =>
        Pipeline.Run(observers ?? new ITrainingObserver?[seeds], null, cancellation);

    public StageFiles Files(int seed = 0)
    {
        string path = Path.Combine(folder, (settings.Seed + (ulong)seed).ToString(CultureInfo.InvariantCulture));
        Directory.CreateDirectory(path);
        return new StageFiles(path);
    }

    public float[] Behavior(int seed = 0) => BdmWeights.Load(Files(seed).BehaviorWeights).Parameters;

    public float[] Policy(int seed = 0) => BdmWeights.Load(Files(seed).PolicyWeights).Parameters;
}
