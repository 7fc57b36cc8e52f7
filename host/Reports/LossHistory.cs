using EDA.Engine.Stages;
using EDA.Host.Figures;

namespace EDA.Host.Reports;

/// <summary>Keeps the losses of each stage, for the loss figure.</summary>
public sealed class LossHistory : ITrainingObserver
{
    private readonly List<(string Stage, List<double> Steps, List<double> Losses)> _stages = [];

    /// <summary>The losses of the stages seen so far, in order; stages without a loss are left out.</summary>
    public IReadOnlyList<LossCurve> Curves =>
        [.. _stages.Where(stage => stage.Steps.Count > 1).Select(stage => new LossCurve(Title(stage.Stage), [.. stage.Steps], [.. stage.Losses]))];

    /// <inheritdoc/>
    public void StageStarted(string stage, long step, long total) => _stages.Add((stage, [], []));

    /// <inheritdoc/>
    public void Progress(in TrainingProgress progress)
    {
        string stage = progress.Stage;
        foreach (var metric in progress.Metrics)
        {
            if (metric.Name != "loss")
                continue;
            var (_, steps, losses) = _stages.Last(entry => entry.Stage == stage);
            steps.Add(progress.Step);
            losses.Add(metric.Value);
        }
    }

    /// <inheritdoc/>
    public void StageFinished(StageResult result)
    {
    }

    private static string Title(string stage) => stage switch
    {
        BehaviorPretraining.StageName => "behavior pretraining, ‖σ_{t}∇f + ε‖^{2}",
        PolicyAlignment.StageName => "policy alignment loss",
        _ => stage,
    };
}
