using EDA.Engine.Stages;

namespace EDA.Host.Reports;

/// <summary>Which stages ended, and whether one diverged, for a run that ends in an exception.</summary>
public sealed class StageRecord : ITrainingObserver
{
    private readonly List<StageResult> _finished = [];

    /// <summary>The stages that ended, in order.</summary>
    public IReadOnlyList<StageResult> Finished => _finished;

    /// <summary>The divergence; null where there was none.</summary>
    public TrainingDivergedException? Divergence { get; private set; }

    /// <inheritdoc/>
    public void StageStarted(string stage, long step, long total)
    {
    }

    /// <inheritdoc/>
    public void Progress(in TrainingProgress progress)
    {
    }

    /// <inheritdoc/>
    public void StageFinished(StageResult result) => _finished.Add(result);

    /// <inheritdoc/>
    public void Diverged(TrainingDivergedException divergence) => Divergence = divergence;
}
