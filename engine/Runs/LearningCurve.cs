using EDA.Engine.Diffusion;
using EDA.Engine.Evaluation;
using EDA.Engine.Training;

namespace EDA.Engine.Runs;

/// <summary>
/// The learning curve of alignment (the paper's Figures 5b and 11): the policy by itself, one sample for each state, rolled
/// out as it stands at some of the steps, on the same episodes each time. Which of them was best changes nothing.
/// </summary>
/// <remarks>
/// A state of training may be saved while its step is being rolled out. A run that begins at such a step rolls it out, or
/// what is left of it, and says again what may have been said; one that is complete is never reported twice, because it
/// is only written down as such once its report is on disk.
/// </remarks>
/// <param name="plan">At which steps.</param>
/// <param name="work">Whose policy it is, of one seed.</param>
/// <param name="policy">The policy in training.</param>
/// <param name="stage">What trains it.</param>
internal sealed class LearningCurve(LearningCurvePlan plan, StageWork work, BottleneckDiffusionModel policy, TrainingStage stage) : IStepMeasurement
{
    private readonly SeedRun _seed = work.Seeds[0];
    private RolloutLog? _log;
    private bool _hasBegun;

    public bool Measure(Action timed)
    {
        bool begins = !_hasBegun;
        _hasBegun = true;
        if (_seed.Training.Divergence is not null || !plan.IsDue(stage.Step))
            return true;
        var weights = policy.ToWeights();
        if (!Array.TrueForAll(weights.Parameters, float.IsFinite))
            throw new TrainingDivergedException(stage.Name, stage.Step, "a weight is not a number");
        if (plan.Settings.Checkpoints.Keep)
            weights.Save(_seed.Files.PolicyWeightsAt(stage.Step), overwrite: true);
        _log = new RolloutLog(_seed.Files.LearningCurveState, plan.Settings, new RolloutModels(null, policy, null, null), work.Notice, stage.Step);
        if (begins && _log.Complete > 0)
            return true;
        _log.Of(Rollouts.Policy).IsComplete = false; // until it is told
        if (begins)
            _seed.Training.MeasuredAgain(stage.Name, stage.Step, [Rollouts.Score, Rollouts.ScoreDeviation, Rollouts.Return]);
        try
        {
            var score = Rollouts.RunPolicy(plan.Environment, plan.Settings, policy, stage.Step, _log, timed, work.Cancellation);
            Metric[] metrics = [new(Rollouts.Score, score.NormalizedMean), new(Rollouts.ScoreDeviation, score.NormalizedStd), new(Rollouts.Return, score.ReturnMean)];
            _seed.Training.Progress(new TrainingProgress(stage.Name, stage.Step, stage.Steps, stage.Seconds, metrics));
            return true;
        }
        catch (OperationCanceledException) when (work.Cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    public void Save()
    {
        _log?.Save();
        if (_log is { Complete: > 0 })
            _log = null;
    }
}
