using EDA.Engine.Training;

namespace EDA.Host.Reports;

/// <summary>Which stages took steps, which ended and whether one diverged, whatever a run ends in.</summary>
public sealed class StageRecord : ITrainingObserver
{
    private readonly List<StageResult> _finished = [];
    private readonly Dictionary<string, long> _begun = [];
    private readonly HashSet<string> _advanced = [];

    /// <summary>The stages that ended, in order.</summary>
    public IReadOnlyList<StageResult> Finished => _finished;

    /// <summary>The stages that took steps.</summary>
    public IReadOnlySet<string> Advanced => _advanced;

    /// <summary>The divergence; null where there was none.</summary>
    public TrainingDivergedException? Divergence { get; private set; }

    /// <inheritdoc/>
    public void StageStarted(string stage, long step, long total) => _begun[stage] = step;

    /// <inheritdoc/>
    public void Progress(in TrainingProgress progress) => Reached(progress.Stage, progress.Step);

    /// <inheritdoc/>
    public void StageFinished(StageResult result)
    {
        Reached(result.Stage, result.Steps);
        _finished.Add(result);
    }

    /// <inheritdoc/>
    public void Diverged(TrainingDivergedException divergence) => Divergence = divergence;

    private void Reached(string stage, long step)
    {
        if (step > _begun.GetValueOrDefault(stage))
            _advanced.Add(stage);
    }
}
