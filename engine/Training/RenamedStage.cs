namespace EDA.Engine.Training;

/// <summary>Passes reports on under another stage's name: where one run goes through the same kind of stage twice.</summary>
/// <param name="observer">Is told.</param>
/// <param name="name">The name.</param>
internal sealed class RenamedStage(ITrainingObserver observer, string name) : ITrainingObserver
{
    public void StageStarted(string stage, long step, long total) => observer.StageStarted(name, step, total);

    public void Progress(in TrainingProgress progress) => observer.Progress(progress with { Stage = name });

    public void Noticed(string what) => observer.Noticed(what);

    public void MeasuredAgain(string stage, long step, IReadOnlyList<string> names) => observer.MeasuredAgain(name, step, names);

    public void Saving() => observer.Saving();

    public void StageFinished(StageResult result) => observer.StageFinished(result with { Stage = name });
}
