using EDA.Engine.Training;

namespace EDA.Host.Reports;

/// <summary>Tells several observers the same.</summary>
/// <param name="observers">Who is told, in this order.</param>
public sealed class ObserverList(params ITrainingObserver[] observers) : ITrainingObserver
{
    /// <inheritdoc/>
    public void StageStarted(string stage, long step, long total)
    {
        foreach (var observer in observers)
            observer.StageStarted(stage, step, total);
    }

    /// <inheritdoc/>
    public void Progress(in TrainingProgress progress)
    {
        foreach (var observer in observers)
            observer.Progress(progress);
    }

    /// <inheritdoc/>
    public void StageFinished(StageResult result)
    {
        foreach (var observer in observers)
            observer.StageFinished(result);
    }

    /// <inheritdoc/>
    public void Noticed(string what)
    {
        foreach (var observer in observers)
            observer.Noticed(what);
    }

    /// <inheritdoc/>
    public void Saving()
    {
        foreach (var observer in observers)
            observer.Saving();
    }

    /// <inheritdoc/>
    public void MeasuredAgain(string stage, long step, IReadOnlyList<string> names)
    {
        foreach (var observer in observers)
            observer.MeasuredAgain(stage, step, names);
    }

    /// <inheritdoc/>
    public void Diverged(TrainingDivergedException divergence)
    {
        foreach (var observer in observers)
            observer.Diverged(divergence);
    }
}
