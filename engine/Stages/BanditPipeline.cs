using System.Diagnostics;
using EDA.Engine.Alignment;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Engine.Stages;

/// <summary>What a run on a bandit came to.</summary>
/// <param name="Stages">The stages run, in order; the last may be cut short.</param>
/// <param name="Evaluation">The comparison with the exact answer; null where the run was cancelled before it.</param>
public sealed record BanditResult(IReadOnlyList<StageResult> Stages, BanditEvaluation? Evaluation)
{
    /// <summary>Whether every stage was finished.</summary>
    public bool Completed => Evaluation is not null;
}

/// <summary>
/// A 2-D bandit from end to end: data, behavior pretraining, policy alignment, evaluation. The models are valid, and
/// may be saved or drawn, at any time after the constructor.
/// </summary>
public sealed class BanditPipeline : IDisposable
{
    /// <summary>The name of the evaluation in reports.</summary>
    public const string EvaluationStageName = "evaluation";

    private const string BehaviorState = "behavior.state.safetensors";
    private const string AlignmentState = "alignment.state.safetensors";

    private readonly OptimizerFactory? _optimizer;
    private readonly BehaviorDataset _data;
    private readonly BanditBatches _batches;
    private readonly BehaviorPretraining _pretraining;
    private PolicyAlignment? _alignment;

    /// <summary>Draws the data and makes the models.</summary>
    /// <param name="device">The device, which outlives the pipeline.</param>
    /// <param name="run">The settings.</param>
    /// <param name="optimizer">The optimizer of both stages; null for fused Adam.</param>
    /// <exception cref="InvalidSettingException">The settings do not fit each other.</exception>
    public BanditPipeline(IDevice device, BanditRun run, OptimizerFactory? optimizer = null)
    {
        run.Check();
        Settings = run;
        _optimizer = optimizer;
        Dataset = BanditDataset.Create(run.Bandit, run.Points, run.Seed);
        Behavior = BottleneckDiffusionModel.Create(device, run.CreateShape(), run.Seed);
        Policy = Behavior.Copy();
        _data = new BehaviorDataset(device, Dataset.Points, BanditDataset.Dimensions);
        _batches = new BanditBatches(device, Dataset, run.Alignment.Candidates);
        _pretraining = new BehaviorPretraining(run.Behavior, Behavior, _data, run.Seed, optimizer);
    }

    /// <summary>The settings.</summary>
    public BanditRun Settings { get; }

    /// <summary>The data.</summary>
    public BanditDataset Dataset { get; }

    /// <summary>f_φ.</summary>
    public BottleneckDiffusionModel Behavior { get; }

    /// <summary>f_θ; equal to the behavior whenever <see cref="Run"/> returns before alignment began.</summary>
    public BottleneckDiffusionModel Policy { get; }

    /// <summary>Runs what is left of the stages, then the evaluation.</summary>
    /// <param name="observer">Is told how it goes; null for nobody.</param>
    /// <param name="cancellation">Ends the run after the step under way.</param>
    /// <returns>What came out; cancellation is not an error.</returns>
    /// <exception cref="TrainingDivergedException">A loss is no longer a number.</exception>
    public BanditResult Run(ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        var stages = new List<StageResult> { _pretraining.Run(observer, cancellation: cancellation) };
        if (_alignment is null)
            Policy.SetParameters(Behavior.CloneParameters());
        if (!stages[^1].Completed || cancellation.IsCancellationRequested)
            return new BanditResult(stages, null);

        stages.Add(Alignment().Run(observer, cancellation: cancellation));
        if (!stages[^1].Completed || cancellation.IsCancellationRequested)
            return new BanditResult(stages, null);

        var watch = Stopwatch.StartNew();
        observer?.StageStarted(EvaluationStageName, 0, 1);
        var evaluation = BanditEvaluation.Measure(Settings, Dataset, Behavior, Policy);
        stages.Add(new StageResult(EvaluationStageName, 1, 1, watch.Elapsed.TotalSeconds, null));
        observer?.StageFinished(stages[^1]);
        return new BanditResult(stages, evaluation);
    }

    /// <summary>Writes what a later run needs to go on: behavior.state.safetensors and, once begun, alignment.state.safetensors.</summary>
    /// <param name="folder">The folder, made if missing; files there are replaced.</param>
    public void SaveState(string folder)
    {
        Directory.CreateDirectory(folder);
        _pretraining.SaveState(Path.Combine(folder, BehaviorState));
        if (_alignment is not null)
            _alignment.SaveState(Path.Combine(folder, AlignmentState));
        else
            File.Delete(Path.Combine(folder, AlignmentState));
    }

    /// <summary>Goes on from a saved state, exactly as if there had been no break.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="InvalidFileException">What is there is not a state of this run.</exception>
    /// <exception cref="IOException">There is no state, or it cannot be read.</exception>
    public void LoadState(string folder)
    {
        _pretraining.LoadState(Path.Combine(folder, BehaviorState));
        Policy.SetParameters(Behavior.CloneParameters());
        _alignment?.Dispose();
        _alignment = null;
        string alignment = Path.Combine(folder, AlignmentState);
        if (File.Exists(alignment))
            Alignment().LoadState(alignment);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _alignment?.Dispose();
        _pretraining.Dispose();
        _batches.Dispose();
        _data.Dispose();
        Policy.Dispose();
        Behavior.Dispose();
    }

    /// <summary>The alignment stage, made when it begins, since it starts from the finished behavior.</summary>
    private PolicyAlignment Alignment() =>
        _alignment ??= new PolicyAlignment(Settings.Alignment, Policy, Behavior, _batches, Settings.Seed, _optimizer);
}
