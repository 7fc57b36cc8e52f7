using EDA.Engine.Evaluation;
using EDA.Engine.Optimizers;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Runs;

/// <summary>
/// A run: a list of stages over the folders of one seed, or of several that are trained side by side, each to the bits
/// it would come to alone. Data and stages are the task's; running them is the same for all.
/// </summary>
public sealed class RunPipeline
{
    private readonly IDevice _device;
    private readonly IReadOnlyList<SeedRun> _seeds;
    private readonly OptimizerFactory? _optimizer;

    /// <summary>Prepares a run of one seed.</summary>
    /// <param name="device">The device, which outlives the pipeline.</param>
    /// <param name="task">The task.</param>
    /// <param name="inputs">What it needs beside its settings.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="files">Where the stages leave what they make.</param>
    /// <param name="optimizer">The optimizer of every stage that trains; null for the settings'.</param>
    /// <exception cref="InvalidSettingException">The settings do not fit each other.</exception>
    /// <exception cref="InvalidFileException">An input does not fit the run.</exception>
    /// <exception cref="MissingLibraryException">The optimizer needs a library that is not there.</exception>
    public RunPipeline(IDevice device, RunTask task, RunInputs inputs, RunSettings settings, StageFiles files, OptimizerFactory? optimizer = null)
        : this(device, task, inputs, [new SeedRun(settings, files)], optimizer)
    {
    }

    /// <summary>Prepares a run of several seeds.</summary>
    /// <param name="device">The device, which outlives the pipeline.</param>
    /// <param name="task">The task; with several seeds one whose stages take them side by side.</param>
    /// <param name="inputs">What it needs beside its settings.</param>
    /// <param name="seeds">The seeds, with consecutive numbers and else the same settings.</param>
    /// <param name="optimizer">The optimizer of every stage that trains; null for the settings'.</param>
    /// <exception cref="ArgumentException">There is no seed, or the seeds do not follow each other, or the task takes one at a time.</exception>
    /// <exception cref="InvalidSettingException">The settings do not fit each other.</exception>
    /// <exception cref="InvalidFileException">An input does not fit the run.</exception>
    /// <exception cref="MissingLibraryException">The optimizer needs a library that is not there.</exception>
    public RunPipeline(IDevice device, RunTask task, RunInputs inputs, IReadOnlyList<SeedRun> seeds, OptimizerFactory? optimizer = null)
    {
        if (seeds.Count == 0 || (seeds.Count > 1 && !(task.TrainsSeedsSideBySide && seeds[0].Settings.Method.Row.TrainsSeedsSideBySide)))
            throw new ArgumentException($"{seeds.Count} seeds of {task.Name}", nameof(seeds));
        for (int m = 0; m < seeds.Count; m++)
        {
            if (seeds[m].Settings != seeds[0].Settings with { Seed = seeds[0].Settings.Seed + (ulong)m })
                throw new ArgumentException("the seeds do not follow each other, or differ in more than the seed", nameof(seeds));
        }

        task.Check(seeds[0].Settings, inputs);
        (_device, _seeds, _optimizer) = (device, seeds, optimizer ?? seeds[0].Settings.Optimizer.CreateFactory());
        Stages = task.Stages([.. seeds.Select(seed => seed.Settings)], inputs);
    }

    /// <summary>The stages that this run has, in order.</summary>
    public IReadOnlyList<RunStage> Stages { get; }

    /// <summary>Runs what is left of the stages, or of one of them, for a run of one seed.</summary>
    /// <param name="only">The name of the stage; null for all.</param>
    /// <param name="observer">Follows the progress; null for none.</param>
    /// <param name="cancellation">Ends the run after the step under way, with its state saved.</param>
    /// <returns>What came out; cancellation is not an error.</returns>
    /// <exception cref="UnfinishedStageException">A stage before it is not finished.</exception>
    /// <exception cref="InvalidSettingException">The run has no such stage.</exception>
    /// <exception cref="InvalidFileException">What is in the folder belongs to another run.</exception>
    /// <exception cref="TrainingDivergedException">A loss or an action is no longer a number.</exception>
    public RunResult Run(string? only = null, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        var result = Run([observer], only, cancellation)[0];
        return result.Divergence is null ? result : throw result.Divergence;
    }

    /// <summary>The same for several seeds. A seed that diverges goes no further; the others do.</summary>
    /// <param name="observers">Follows each seed's progress; null for none.</param>
    /// <param name="only">The name of the stage; null for all.</param>
    /// <param name="cancellation">Ends the run after the step, or the evaluation, under way.</param>
    /// <returns>What came out of each seed; neither cancellation nor divergence is an error.</returns>
    /// <exception cref="ArgumentException">There is not one observer for each seed.</exception>
    /// <exception cref="UnfinishedStageException">A stage before it is not finished.</exception>
    /// <exception cref="InvalidSettingException">The run has no such stage.</exception>
    /// <exception cref="InvalidFileException">What is in a folder belongs to another run.</exception>
    public IReadOnlyList<RunResult> Run(IReadOnlyList<ITrainingObserver?> observers, string? only = null, CancellationToken cancellation = default)
    {
        if (observers.Count != _seeds.Count)
            throw new ArgumentException($"{observers.Count} observers of {_seeds.Count} seeds", nameof(observers));
        IReadOnlyList<RunStage> asked = only is null ? Stages : [Stages.FirstOrDefault(stage => stage.Name == only) ?? throw NoSuchStage(only)];
        for (int m = 0; m < _seeds.Count; m++)
        {
            _seeds[m].Training = new SeedTraining(observers[m]);
            foreach (var stage in Stages)
                stage.RequireSettings(_seeds[m]);
        }

        var work = new StageWork(_device, _seeds, _optimizer, cancellation);
        int finished = 0;
        foreach (var stage in asked)
        {
            if (_seeds.All(seed => seed.Training.Divergence is not null) || (finished > 0 && cancellation.IsCancellationRequested))
                break;
            RequireNeeds(stage);
            stage.Run(work);
            if (!_seeds.Where(seed => seed.Training.Divergence is null).SelectMany(seed => seed.Training.Stages).All(result => result.Completed))
                break;
            finished++;
        }

        return [.. _seeds.Select(seed => new RunResult(seed.Training.Stages, seed.Scores, seed.Exact, finished == asked.Count && seed.Training.Divergence is null, seed.Training.Divergence) { Generators = seed.Generators, Ratings = seed.Ratings })];
    }

    /// <summary>
    /// Samples what the policies of a run of one seed would do in some states of its dataset, to be looked at: behavior beside
    /// policy. Nothing is written.
    /// </summary>
    /// <param name="rows">The dataset's rows, from 0.</param>
    /// <param name="candidates">K, the samples of each policy in each state, at least 1.</param>
    /// <returns>The samples; null where the method has no distribution to look at, or what comes out are no numbers.</returns>
    /// <exception cref="ArgumentException">There is no such row, or the run is on no dataset.</exception>
    /// <exception cref="UnfinishedStageException">There is no behavior yet.</exception>
    public ActionSamples? SampleActions(IReadOnlyList<int> rows, int candidates = ActionSampling.Candidates)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(candidates, 1);
        var stage = Stages.OfType<ContenderStage>().SingleOrDefault() ?? throw new ArgumentException("a run without a dataset", nameof(rows));
        return stage.Sample(new StageWork(_device, _seeds, _optimizer, CancellationToken.None), rows, candidates);
    }

    private InvalidSettingException NoSuchStage(string name) =>
        new("stage", name, "one of " + string.Join(", ", Stages.Select(stage => stage.Name)) + " for this run");

    private void RequireNeeds(RunStage stage)
    {
        foreach (string name in stage.Needs)
        {
            var needed = Stages.First(each => each.Name == name);
            foreach (var seed in _seeds.Where(seed => seed.Training.Divergence is null))
            {
                var progress = needed.Progress(seed);
                if (!progress.IsDone)
                    throw new UnfinishedStageException(name, progress);
            }
        }
    }
}
