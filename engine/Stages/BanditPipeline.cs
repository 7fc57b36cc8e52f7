using System.Diagnostics;
using EDA.Engine.Alignment;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Engine.Stages;

/// <summary>What a run on a bandit came to.</summary>
/// <param name="Stages">The stages run, in order; the last may be cut short.</param>
/// <param name="Evaluation">The comparison with the exact answer; null where the run did not get so far.</param>
/// <param name="Divergence">Why it went no further, where it was one of several seeds and diverged.</param>
public sealed record BanditResult(IReadOnlyList<StageResult> Stages, BanditEvaluation? Evaluation, TrainingDivergedException? Divergence = null)
{
    /// <summary>Whether every stage was finished.</summary>
    public bool Completed => Evaluation is not null;
}

/// <summary>One seed's part of a pipeline: what a run of it alone has.</summary>
/// <param name="Settings">The settings, with this seed.</param>
/// <param name="Dataset">The data.</param>
/// <param name="Behavior">f_φ.</param>
/// <param name="Policy">f_θ; equal to the behavior until alignment begins.</param>
public sealed record BanditSeed(BanditRun Settings, BanditDataset Dataset, BottleneckDiffusionModel Behavior, BottleneckDiffusionModel Policy);

/// <summary>
/// A 2-D bandit from end to end: data, behavior pretraining, policy alignment, evaluation. One seed, or several trained
/// side by side, each to the bits it would come to alone. The models are valid, and may be saved or drawn, at any time
/// after the constructor.
/// </summary>
public sealed class BanditPipeline : IDisposable
{
    /// <summary>The name of the evaluation in reports.</summary>
    public const string EvaluationStageName = "evaluation";

    private const string BehaviorState = "behavior.state.safetensors";
    private const string AlignmentState = "alignment.state.safetensors";

    private readonly BanditRun _settings;
    private readonly OptimizerFactory? _optimizer;
    private readonly ModelBatch _behaviors;
    private readonly ModelBatch _policies;
    private readonly BehaviorDataset _data;
    private readonly BanditBatches _batches;
    private readonly BehaviorPretraining _pretraining;
    private PolicyAlignment? _alignment;

    /// <summary>Draws the data and makes the models of one seed.</summary>
    /// <param name="device">The device, which outlives the pipeline.</param>
    /// <param name="run">The settings.</param>
    /// <param name="optimizer">The optimizer of both stages; null for fused Adam.</param>
    /// <exception cref="InvalidSettingException">The settings do not fit each other.</exception>
    public BanditPipeline(IDevice device, BanditRun run, OptimizerFactory? optimizer = null)
        : this(device, run, 1, optimizer)
    {
    }

    /// <summary>Draws the data and makes the models of several seeds.</summary>
    /// <param name="device">The device, which outlives the pipeline.</param>
    /// <param name="run">The settings of the first; the others have the seeds that follow.</param>
    /// <param name="seeds">The number of seeds, at least 1.</param>
    /// <param name="optimizer">The optimizer of both stages; null for fused Adam.</param>
    /// <exception cref="InvalidSettingException">The settings do not fit each other.</exception>
    public BanditPipeline(IDevice device, BanditRun run, int seeds, OptimizerFactory? optimizer = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(seeds, 1);
        run.Check();
        _settings = run;
        _optimizer = optimizer;
        BanditRun[] runs = [.. Enumerable.Range(0, seeds).Select(m => run with { Seed = checked(run.Seed + (ulong)m) })];
        BanditDataset[] datasets = [.. runs.Select(each => BanditDataset.Create(each.Bandit, each.Points, each.Seed))];
        _behaviors = ModelBatch.Create(device, run.CreateShape(), run.Seed, seeds);
        _policies = _behaviors.Copy();
        _data = BehaviorDataset.OfEach(device, [.. datasets.Select(dataset => dataset.Points)], BanditDataset.Dimensions);
        _batches = new BanditBatches(device, datasets, run.Alignment.Candidates);
        _pretraining = new BehaviorPretraining(run.Behavior, _behaviors, _data, run.Seed, optimizer);
        Seeds = [.. runs.Select((each, m) => new BanditSeed(each, datasets[m], _behaviors.Models[m], _policies.Models[m]))];
    }

    /// <summary>What each seed has, in order.</summary>
    public IReadOnlyList<BanditSeed> Seeds { get; }

    /// <summary>The settings of the first seed.</summary>
    public BanditRun Settings => Seeds[0].Settings;

    /// <summary>The data of the first seed.</summary>
    public BanditDataset Dataset => Seeds[0].Dataset;

    /// <summary>f_φ of the first seed.</summary>
    public BottleneckDiffusionModel Behavior => Seeds[0].Behavior;

    /// <summary>f_θ of the first seed; equal to the behavior whenever <see cref="Run(ITrainingObserver?, CancellationToken)"/> returns before alignment began.</summary>
    public BottleneckDiffusionModel Policy => Seeds[0].Policy;

    /// <summary>Runs what is left of the stages, then the evaluation, for a pipeline of one seed.</summary>
    /// <param name="observer">Is told how it goes; null for nobody.</param>
    /// <param name="cancellation">Ends the run after the step under way.</param>
    /// <returns>What came out; cancellation is not an error.</returns>
    /// <exception cref="TrainingDivergedException">A loss is no longer a number.</exception>
    public BanditResult Run(ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        var result = Run([observer], cancellation)[0];
        return result.Divergence is null ? result : throw result.Divergence;
    }

    /// <summary>Runs what is left of the stages, then the evaluations. A seed that diverges goes no further; the others do.</summary>
    /// <param name="observers">Each seed's is told how it goes, null for nobody.</param>
    /// <param name="cancellation">Ends the run after the step, or the evaluation, under way.</param>
    /// <returns>What came out of each seed; neither cancellation nor divergence is an error.</returns>
    /// <exception cref="ArgumentException">There is not one observer for each seed.</exception>
    public IReadOnlyList<BanditResult> Run(IReadOnlyList<ITrainingObserver?> observers, CancellationToken cancellation = default)
    {
        SeedTraining[] seeds = [.. observers.Select(observer => new SeedTraining(observer))];
        var evaluations = new BanditEvaluation?[seeds.Length];
        if (Train(seeds, cancellation))
        {
            for (int m = 0; m < seeds.Length && !cancellation.IsCancellationRequested; m++)
                evaluations[m] = Evaluate(Seeds[m], seeds[m]);
        }

        return [.. seeds.Select((seed, m) => new BanditResult(seed.Stages, evaluations[m], seed.Divergence))];
    }

    /// <summary>Writes what a later run of one seed needs to go on: behavior.state.safetensors and, once begun, alignment.state.safetensors.</summary>
    /// <param name="folder">The folder, made if missing; files there are replaced.</param>
    public void SaveState(string folder) => SaveState([folder]);

    /// <summary>The same for several seeds: each folder is that of the seed alone.</summary>
    /// <param name="folders">The folders by seed.</param>
    public void SaveState(IReadOnlyList<string> folders)
    {
        foreach (string folder in folders)
            Directory.CreateDirectory(folder);
        _pretraining.SaveState(In(folders, BehaviorState));
        if (_alignment is not null)
        {
            _alignment.SaveState(In(folders, AlignmentState));
            return;
        }

        foreach (string path in In(folders, AlignmentState))
            File.Delete(path);
    }

    /// <summary>Goes on from one seed's saved state, exactly as if there had been no break.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="InvalidFileException">What is there is not a state of this run.</exception>
    /// <exception cref="IOException">There is no state, or it cannot be read.</exception>
    public void LoadState(string folder) => LoadState([folder]);

    /// <summary>Goes on from several seeds' saved states, all of one step.</summary>
    /// <param name="folders">The folders by seed.</param>
    /// <exception cref="InvalidFileException">What is in one is not a state of its seed's run, or of another step than in the first.</exception>
    /// <exception cref="IOException">There is no state, or it cannot be read.</exception>
    public void LoadState(IReadOnlyList<string> folders)
    {
        _pretraining.LoadState(In(folders, BehaviorState));
        _policies.CopyFrom(_behaviors);
        _alignment?.Dispose();
        _alignment = null;
        var alignment = In(folders, AlignmentState);
        if (alignment.Any(File.Exists))
            Alignment().LoadState(alignment);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _alignment?.Dispose();
        _pretraining.Dispose();
        _batches.Dispose();
        _data.Dispose();
        _policies.Dispose();
        _behaviors.Dispose();
    }

    private static string[] In(IReadOnlyList<string> folders, string file) => [.. folders.Select(folder => Path.Combine(folder, file))];

    /// <summary>Both stages; true where they were finished and the evaluation is due.</summary>
    private bool Train(SeedTraining[] seeds, CancellationToken cancellation)
    {
        _pretraining.Run(seeds, cancellation: cancellation);
        if (_alignment is null)
            _policies.CopyFrom(_behaviors);
        if (!MayGoOn(_pretraining.Step, _settings.Behavior.Steps))
            return false;
        Alignment().Run(seeds, cancellation: cancellation);
        return MayGoOn(Alignment().Step, _settings.Alignment.Steps);

        bool MayGoOn(long step, long steps) =>
            step >= steps && !cancellation.IsCancellationRequested && seeds.Any(seed => seed.Divergence is null);
    }

    private static BanditEvaluation? Evaluate(BanditSeed seed, SeedTraining training)
    {
        if (training.Divergence is not null)
            return null;
        var watch = Stopwatch.StartNew();
        training.Start(EvaluationStageName, 0, 1);
        try
        {
            var evaluation = BanditEvaluation.Measure(seed.Settings, seed.Dataset, seed.Behavior, seed.Policy);
            training.Finish(new StageResult(EvaluationStageName, 1, 1, watch.Elapsed.TotalSeconds, null));
            return evaluation;
        }
        catch (TrainingDivergedException divergence)
        {
            training.Diverge(divergence);
            return null;
        }
    }

    /// <summary>The alignment stage, made when it begins, since it starts from the finished behaviors.</summary>
    private PolicyAlignment Alignment() =>
        _alignment ??= new PolicyAlignment(_settings.Alignment, _policies, _behaviors, _batches, _settings.Seed, _optimizer);
}
