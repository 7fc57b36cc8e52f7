using EDA.Engine.Training;

namespace EDA.Host.Experiments;

/// <summary>The steps that a piece of work took, by what it did.</summary>
internal sealed class StepCount : ITrainingObserver
{
    private readonly Dictionary<string, (long From, long To, double Seconds)> _steps = [];

    /// <summary>From which step to which, and in how many seconds, by the name that reports have.</summary>
    public IEnumerable<(string Stage, long From, long To, double Seconds)> Steps =>
        _steps.Where(entry => entry.Value.To > entry.Value.From).Select(entry => (entry.Key, entry.Value.From, entry.Value.To, entry.Value.Seconds));

    public void StageStarted(string stage, long step, long total) => _steps[stage] = (step, step, 0);

    public void Progress(in TrainingProgress progress) => Reach(progress.Stage, progress.Step, progress.Seconds);

    public void StageFinished(StageResult result) => Reach(result.Stage, result.Steps, result.Seconds);

    private void Reach(string stage, long step, double seconds)
    {
        var known = _steps.GetValueOrDefault(stage, (step, step, 0));
        _steps[stage] = (known.From, Math.Max(step, known.To), seconds);
    }
}
