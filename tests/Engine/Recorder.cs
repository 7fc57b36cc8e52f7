using EDA.Engine.Training;

namespace EDA.Tests.Engine;

/// <summary>Writes down what an observer is told.</summary>
internal sealed class Recorder : ITrainingObserver
{
    public List<string> Events { get; } = [];

    public List<double> Losses { get; } = [];

    public IEnumerable<string> Metrics { get; private set; } = [];

    public Action<TrainingProgress>? OnProgress { get; init; }

    public Action<string>? OnStarted { get; init; }

    public void StageStarted(string stage, long step, long total)
    {
        Events.Add($"started {stage} {step}/{total}");
        OnStarted?.Invoke(stage);
    }

    public void Progress(in TrainingProgress progress)
    {
        Events.Add($"{progress.Step}/{progress.Total}");
        Losses.Add(progress.Metrics.Single(metric => metric.Name == "loss").Value);
        Metrics = progress.Metrics.Select(metric => metric.Name);
        OnProgress?.Invoke(progress);
    }

    public void StageFinished(StageResult result) => Events.Add($"finished {result.Stage} {result.Steps}");

    public void Diverged(TrainingDivergedException divergence) => Events.Add($"diverged {divergence.Stage} {divergence.Step}");
}
