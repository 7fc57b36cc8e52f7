namespace EDA.Engine.Training;

/// <summary>
/// How the training of one of several seeds goes, from stage to stage: who is told, which stages ended, and whether it
/// diverged. After that it keeps its place in the batch, reports nothing more and does not disturb the others.
/// </summary>
/// <param name="observer">Follows the progress; null for none.</param>
public sealed class SeedTraining(ITrainingObserver? observer = null) : ITrainingObserver
{
    private readonly List<StageResult> _stages = [];

    /// <summary>The stages that ended, in order; the last may be cut short.</summary>
    public IReadOnlyList<StageResult> Stages => _stages;

    /// <summary>Why it is trained no further; null where it did not diverge.</summary>
    public TrainingDivergedException? Divergence { get; private set; }

    /// <inheritdoc/>
    public void StageStarted(string stage, long step, long total)
    {
        if (Divergence is null)
            observer?.StageStarted(stage, step, total);
    }

    /// <inheritdoc/>
    public void Progress(in TrainingProgress progress)
    {
        if (Divergence is null)
            observer?.Progress(progress);
    }

    /// <inheritdoc/>
    public void StageFinished(StageResult result)
    {
        if (Divergence is not null)
            return;
        _stages.Add(result);
        observer?.StageFinished(result);
    }

    /// <inheritdoc/>
    public void Noticed(string what) => observer?.Noticed(what);

    /// <inheritdoc/>
    public void Saving() => observer?.Saving();

    /// <inheritdoc/>
    public void MeasuredAgain(string stage, long step, IReadOnlyList<string> names) => observer?.MeasuredAgain(stage, step, names);

    /// <inheritdoc/>
    public void Diverged(TrainingDivergedException divergence)
    {
        if (Divergence is not null)
            return;
        Divergence = divergence;
        observer?.Diverged(divergence);
    }
}
