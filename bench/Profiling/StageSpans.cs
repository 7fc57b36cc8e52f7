using EDA.Engine.Training;

namespace EDA.Bench.Profiling;

/// <summary>Puts stages on an operation timer's timeline, and tells the timer which stage is under way.</summary>
internal sealed class StageSpans(OperationTimer timer) : ITrainingObserver
{
    // A critic that is trained within alignment is a stage of its own: two at a time.
    private readonly Dictionary<string, double> _starts = [];

    public void StageStarted(string stage, long step, long total)
    {
        timer.Stage = stage;
        _starts[stage] = timer.Now;
    }

    public void Progress(in TrainingProgress progress)
    {
    }

    public void StageFinished(StageResult result)
    {
        timer.Timeline.Stages.Add(new TimedSpan(result.Stage, string.Empty, _starts[result.Stage], timer.Now - _starts[result.Stage], 0, 0));
        timer.Stage = string.Empty;
    }
}
