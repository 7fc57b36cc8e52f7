using EDA.Engine.Optimizers;

namespace EDA.Engine.Diffusion;

/// <summary>How behavior pretraining is done (method: section 3). Defaults are the paper's for tasks with states.</summary>
public sealed record PretrainingSettings
{
    /// <summary>State-action pairs per step, at least 1. Paper: 2048.</summary>
    public int Batch { get; init => field = Setting.Range(value, 1, 1 << 20); } = 2048;

    /// <summary>Steps, at least 0. Paper: 1,000,000.</summary>
    public long Steps { get; init => field = Setting.Range(value, 0, uint.MaxValue); } = 1_000_000;

    /// <summary>The full learning rate, above 0. Paper: 3e-4, and 1e-4 for bandits.</summary>
    public double LearningRate { get; init => field = Setting.Positive(value, 1); } = 3e-4;

    /// <summary>The course of the learning rate. Paper: constant.</summary>
    public LearningRateSchedule Schedule { get; init => field = Setting.Given(value); } = LearningRateSchedule.Constant;

    /// <summary>The probability that a feature is dropped, from 0 to below 1. Paper: 0.1.</summary>
    public double Dropout { get; init => field = Setting.Share(value, oneAllowed: false); } = 0.1;

    /// <summary>
    /// The rate r of an exponential moving average of the weights, which then is the model; 0 for none. Step n, from 1,
    /// uses max(r, 9/(n + 8)), so that the first weights are forgotten quickly. Paper: none.
    /// </summary>
    public double Averaging { get; init => field = Setting.Share(value, oneAllowed: true); }

    /// <summary>Steps from one report to the next, at least 1.</summary>
    public int ReportEvery { get; init => field = Setting.Range(value, 1); } = 100;

    /// <summary>The settings that the weights of a given step depend on; not the steps at a constant rate, where a run may go on for longer.</summary>
    internal PretrainingSettings Numerical => this with { ReportEvery = 1, Steps = Schedule.Curve == LearningRateCurve.Constant ? 0 : Steps };
}
