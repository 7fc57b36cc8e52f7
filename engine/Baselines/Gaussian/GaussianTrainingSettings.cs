using EDA.Engine.Optimizers;

namespace EDA.Engine.Baselines.Gaussian;

/// <summary>
/// How a Gaussian policy is trained (method: section 9): what <c>iql</c> and <c>gaussian</c> have in common. The width of its
/// layers is the critic's, <see cref="Runs.RunSettings.CriticWidth"/>. There is no dropout; implicit Q-learning's paper has
/// 0.1 in the kitchen.
/// </summary>
public abstract record GaussianTrainingSettings : MethodSettings
{
    /// <summary>State-action pairs per step, at least 1. Paper: 256.</summary>
    public int Batch { get; init => field = Setting.Range(value, 1, 1 << 20); } = 256;

    /// <summary>Steps, at least 0. Paper: 1,000,000.</summary>
    public long Steps { get; init => field = Setting.Range(value, 0, uint.MaxValue); } = 1_000_000;

    /// <summary>Adam's full learning rate, above 0. Paper: 3e-4.</summary>
    public double LearningRate { get; init => field = Setting.Positive(value, 1); } = 3e-4;

    /// <summary>The course of the learning rate. Paper: half a cosine.</summary>
    public LearningRateSchedule Schedule { get; init => field = Setting.Given(value); } = LearningRateSchedule.Cosine;

    /// <summary>Steps from one report to the next, at least 1.</summary>
    public int ReportEvery { get; init => field = Setting.Range(value, 1); } = 1000;

    /// <inheritdoc/>
    public override long CountSteps() => Steps;

    /// <inheritdoc/>
    public override MethodSettings WithSteps(long steps) => this with { Steps = steps };

    /// <summary>The steps that the weights of a given step depend on: all of them, unless the rate is constant.</summary>
    internal long StepsOfRate => Schedule.Curve == LearningRateCurve.Constant ? 0 : Steps;
}
