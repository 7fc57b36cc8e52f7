using EDA.Engine.Checkpoints;
using EDA.Engine.Data;
using EDA.Engine.Optimizers;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Runs;

/// <summary>Where a stage stands.</summary>
/// <param name="Done">The steps done, or the rows.</param>
/// <param name="Total">All of them.</param>
public readonly record struct StageProgress(long Done, long Total)
{
    /// <summary>Whether nothing is left.</summary>
    public bool IsDone => Done >= Total;

    /// <summary>Where training stands: nowhere unless both its state and the weights that it vouches for are there.</summary>
    internal static StageProgress OfTraining(string state, string weights, long steps) =>
        new(StateFile.Exists(state) && File.Exists(weights) ? TrainingState.StepOf(state) : 0, steps);
}

/// <summary>What a stage works with.</summary>
/// <param name="Device">The device.</param>
/// <param name="Seeds">The seeds that are trained side by side, with consecutive numbers.</param>
/// <param name="Optimizer">The optimizer; null for Adam fused with the device's steps.</param>
/// <param name="Cancellation">Ends the stage after the step under way, with its state saved.</param>
public sealed record StageWork(IDevice Device, IReadOnlyList<SeedRun> Seeds, OptimizerFactory? Optimizer, CancellationToken Cancellation)
{
    /// <summary>The settings, those of the first seed.</summary>
    public RunSettings Settings => Seeds[0].Settings;

    /// <summary>How often its state is saved, and on what condition.</summary>
    public SavingSettings Saving => new(Settings.Checkpoints.Interval, BeforeSaving);

    /// <summary>How much of the device's memory may be taken by rows that batches are drawn from.</summary>
    public RowMemory Memory => new(Settings.Memory, Notice);

    /// <summary>How the training of each seed goes.</summary>
    public IReadOnlyList<SeedTraining> Trainings => [.. Seeds.Select(seed => seed.Training)];

    /// <summary>Reports what a user should know, though it stops nothing.</summary>
    /// <param name="what">One line.</param>
    public void Notice(string what)
    {
        foreach (var seed in Seeds)
            seed.Training.Noticed(what);
    }

    private void BeforeSaving()
    {
        foreach (var seed in Seeds)
        {
            seed.Lock?.Require();
            seed.Training.Saving();
        }
    }
}

/// <summary>
/// A stage of a run: what it needs, what it leaves, whether it is done, and how it is run. It reads what those before it
/// left in the seeds' folders and leaves its own there, so that each can be run by itself, at another time, and goes on
/// where it was interrupted, exactly as if there had been no break. Weights are written before the state that vouches
/// for them.
/// </summary>
public abstract class RunStage
{
    /// <summary>The name, as a command has it.</summary>
    public abstract string Name { get; }

    /// <summary>The settings that are its own: a section of <see cref="RunSettings"/>, as config.json names it.</summary>
    public abstract string Section { get; }

    /// <summary>The stages that must be done before it, by name, in the order in which they are missed.</summary>
    public abstract IReadOnlyList<string> Needs { get; }

    /// <summary>Whether it reads whatever the stages before it have left, rather than what it <see cref="Needs"/> alone.</summary>
    public virtual bool ReadsAll => false;

    /// <summary>The names of what it does, as reports and metrics.csv have them.</summary>
    public abstract IReadOnlyList<string> Reports { get; }

    /// <summary>The settings that what it leaves depends on, beside the data, the seed and what the stages before it left.</summary>
    /// <param name="settings">The run's settings.</param>
    /// <returns>Some of them, to be written down (<see cref="TrainingState.Describe"/>).</returns>
    public abstract object DependsOn(RunSettings settings);

    /// <summary>The settings with those put to one value that only say how much of the same it leaves: stages that are then alike may serve each other.</summary>
    /// <param name="settings">The run's settings.</param>
    /// <returns>The settings; as they are where there is no such thing.</returns>
    public virtual RunSettings WithoutAmounts(RunSettings settings) => settings;

    /// <summary>Whether what it leaves for one run holds what it would leave for another, the two being alike <see cref="WithoutAmounts"/>.</summary>
    /// <param name="one">The one run's settings.</param>
    /// <param name="other">The other's.</param>
    public virtual bool Serves(RunSettings one, RunSettings other) => one == other;

    /// <summary>The files that it leaves when it is done.</summary>
    /// <param name="files">The run's files.</param>
    /// <returns>Their paths; some may be missing, by the settings.</returns>
    public abstract IReadOnlyList<string> Leaves(StageFiles files);

    /// <summary>Where the stage stands in a seed's folder. One that leaves nothing there is never done.</summary>
    /// <param name="seed">The seed.</param>
    /// <returns>Steps or rows.</returns>
    public abstract StageProgress Progress(SeedRun seed);

    /// <summary>Refuses a folder in which the stage was begun with other settings than the run has now.</summary>
    /// <param name="seed">The seed.</param>
    /// <exception cref="InvalidFileException">It was.</exception>
    public virtual void RequireSettings(SeedRun seed)
    {
    }

    /// <summary>Runs what is left of it.</summary>
    /// <param name="work">What it works with.</param>
    public abstract void Run(StageWork work);
}
