using System.Diagnostics;

namespace EDA.Engine.Stages;

/// <summary>
/// Runs a stage of training so that its state is on disk whatever ends it: every ten minutes, and at the end. Only a
/// divergence is not saved, since there is nothing to go on from; the state of up to ten minutes before stays.
/// </summary>
internal sealed class StateSaving : ITrainingObserver
{
    private static readonly TimeSpan _interval = TimeSpan.FromMinutes(10);

    private readonly ITrainingObserver? _observer;
    private readonly Func<bool> _save;
    private readonly Stopwatch _sinceSaved = Stopwatch.StartNew();

    private StateSaving(ITrainingObserver? observer, Func<bool> save) => (_observer, _save) = (observer, save);

    /// <summary>Runs a stage.</summary>
    /// <param name="observer">Is told how it goes; null for nobody.</param>
    /// <param name="save">Writes the state, or says that it cannot be gone on from at this moment.</param>
    /// <param name="run">Runs the stage under an observer.</param>
    /// <returns>What the stage came to.</returns>
    public static T Run<T>(ITrainingObserver? observer, Func<bool> save, Func<ITrainingObserver, T> run)
    {
        T result;
        try
        {
            result = run(new StateSaving(observer, save));
        }
        catch (Exception failure) when (failure is not TrainingDivergedException)
        {
            try
            {
                save();
            }
            catch (IOException)
            {
                // A full disk, most likely: what ended the stage matters more.
            }

            throw;
        }

        save();
        return result;
    }

    public void StageStarted(string stage, long step, long total) => _observer?.StageStarted(stage, step, total);

    public void Progress(in TrainingProgress progress)
    {
        _observer?.Progress(progress);
        if (_sinceSaved.Elapsed >= _interval && _save())
            _sinceSaved.Restart();
    }

    public void StageFinished(StageResult result) => _observer?.StageFinished(result);
}
