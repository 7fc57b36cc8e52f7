using EDA.Engine.Training;

namespace EDA.Tests.Engine;

/// <summary>Looks at every report of a run.</summary>
/// <param name="onProgress">Is told of each.</param>
internal sealed class Watcher(Action<TrainingProgress> onProgress) : ITrainingObserver
{
    public void StageStarted(string stage, long step, long total)
    {
    }

    public void Progress(in TrainingProgress progress) => onProgress(progress);

    public void StageFinished(StageResult result)
    {
    }
}
