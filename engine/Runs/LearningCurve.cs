using EDA.Engine.Diffusion;
using EDA.Engine.Evaluation;
using EDA.Engine.Training;

namespace EDA.Engine.Runs;

/// <summary>A policy in training, as a learning curve looks at it.</summary>
internal interface IPolicyInTraining
{
    /// <summary>Whether all of its numbers are some.</summary>
    bool IsFinite { get; }

    /// <summary>Writes its weights as they stand.</summary>
    /// <param name="path">The file, replaced if there.</param>
    void Save(string path);

    /// <summary>The policy as it stands, the first of those that are returned.</summary>
    /// <param name="step">The steps of training that it has had.</param>
    /// <returns>The policy; disposing of it leaves the training as it is.</returns>
    Contenders Contend(long step);
}

/// <summary>A diffusion policy in alignment.</summary>
/// <param name="run">The run's settings.</param>
/// <param name="policy">f_θ.</param>
internal sealed class AlignedPolicy(RunSettings run, BottleneckDiffusionModel policy) : IPolicyInTraining
{
    public bool IsFinite => Array.TrueForAll(policy.CloneParameters(), float.IsFinite);

    public void Save(string path) => policy.ToWeights().Save(path, overwrite: true);

    public Contenders Contend(long step) => Rollouts.OfPolicy(run, policy, step);
}

/// <summary>
/// The learning curve of alignment, or of a method's training (the paper's Figures 5b and 11): the policy by itself, rolled
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
internal sealed class LearningCurve(LearningCurvePlan plan, StageWork work, IPolicyInTraining policy, TrainingStage stage) : IStepMeasurement
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
        if (!policy.IsFinite)
            throw new TrainingDivergedException(stage.Name, stage.Step, "a weight is not a number");
        if (plan.Settings.Checkpoints.Keep)
            policy.Save(_seed.Files.PolicyWeightsAt(stage.Step));
        using var contenders = policy.Contend(stage.Step);
        _log = new RolloutLog(_seed.Files.LearningCurveState, plan.Settings, contenders.Identity, work.Notice, stage.Step);
        if (begins && _log.Complete > 0)
            return true;
        _log.Of(Rollouts.Policy).IsComplete = false; // until it is told
        if (begins)
            _seed.Training.MeasuredAgain(stage.Name, stage.Step, [Rollouts.Score, Rollouts.ScoreDeviation, Rollouts.Return]);
        try
        {
            var score = Rollouts.RunPolicy(plan.Environment, plan.Settings, contenders.All[0], _log, timed, work.Cancellation);
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
