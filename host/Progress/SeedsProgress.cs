using System.Diagnostics;
using EDA.Engine.Training;

namespace EDA.Host.Progress;

/// <summary>
/// Shows the progress of several seeds as that of one run. Of seeds that report the same step the first is shown; a
/// stage has ended when it has for every seed that began it.
/// </summary>
/// <param name="display">Where it is shown.</param>
/// <param name="seeds">The number of seeds.</param>
public sealed class SeedsProgress(ITrainingObserver display, int seeds)
{
    private readonly Stopwatch _watch = new();
    private string? _stage;
    private long _shownStep;
    private int _trained = seeds;
    private int _open;
    private StageResult? _lastResult;
    private string? _lastNotice;

    /// <summary>What one of the seeds reports to.</summary>
    /// <returns>The observer.</returns>
    public ITrainingObserver CreateObserver() => new Seed(this);

    private void Started(string stage, long step, long total)
    {
        if (stage == _stage)
            return;
        (_stage, _shownStep, _open, _lastResult) = (stage, step, _trained, null);
        _watch.Restart();
        display.StageStarted(stage, step, total);
    }

    private void Show(in TrainingProgress progress)
    {
        if (progress.Step <= _shownStep)
            return;
        _shownStep = progress.Step;
        display.Progress(progress);
    }

    private void Notice(string what)
    {
        if (what == _lastNotice)
            return;
        _lastNotice = what;
        display.Noticed(what);
    }

    private void Ended(StageResult? result)
    {
        _lastResult = result ?? _lastResult;
        if (--_open == 0 && _lastResult is not null)
            display.StageFinished(_lastResult with { Seconds = _watch.Elapsed.TotalSeconds });
    }

    private sealed class Seed(SeedsProgress all) : ITrainingObserver
    {
        public void StageStarted(string stage, long step, long total) => all.Started(stage, step, total);

        public void Progress(in TrainingProgress progress) => all.Show(progress);

        public void StageFinished(StageResult result) => all.Ended(result);

        public void Noticed(string what) => all.Notice(what);

        public void Diverged(TrainingDivergedException divergence)
        {
            all._trained--;
            all.Ended(null);
        }
    }
}
