using EDA.Engine.Stages;

namespace EDA.Host.Reports;

/// <summary>Which stages ended, for a run that ends in an exception.</summary>
public sealed class StageRecord : ITrainingObserver
{
    private readonly List<StageResult> _finished = [];

    /// <summary>The stages that ended, in order.</summary>
    public IReadOnlyList<StageResult> Finished => _finished;

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
}
