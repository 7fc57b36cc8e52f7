using EDA.Engine.Training;

namespace EDA.Bench.Profiling;

/// <summary>Puts stages on an operation timer's timeline, and tells the timer which stage is under way.</summary>
internal sealed class StageSpans(OperationTimer timer) : ITrainingObserver
{
    private double _start;

    public void StageStarted(string stage, long step, long total)
    {
        timer.Stage = stage;
        _start = timer.Now;
    }

    public void Progress(in TrainingProgress progress)
    {
    }

    public void StageFinished(StageResult result)
    {
        timer.Timeline.Stages.Add(new TimedSpan(result.Stage, string.Empty, _start, timer.Now - _start, 0, 0));
        timer.Stage = string.Empty;
    }
}
