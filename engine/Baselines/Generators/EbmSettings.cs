using EDA.Engine.Optimizers;

namespace EDA.Engine.Baselines.Generators;

/// <summary>
/// An energy-based model and its training by denoising score matching at one noise level. The network is that of the run's
/// diffusion model, of the same width and blocks, at one diffusion time for all.
/// </summary>
public sealed record EbmSettings
{
    /// <summary>The diffusion time t of the one noise level, from 0.001 to below 1: 0.027 is σ_t = 0.0995.</summary>
    public double Time
    {
        get;
        init => field = value is >= 1e-3 and < 1 ? value : throw new InvalidSettingException("time", value, "a number from 0.001 to below 1");
    } = 0.027;

    /// <summary>Steps, at least 0.</summary>
    public long Steps { get; init => field = Setting.Range(value, 0, uint.MaxValue); } = 100_000;

    /// <summary>Points per step, at least 1.</summary>
    public int Batch { get; init => field = Setting.Range(value, 1, 1 << 20); } = 2048;

    /// <summary>The full learning rate, above 0 and at most 1.</summary>
    public double LearningRate { get; init => field = Setting.Positive(value, 1); } = 1e-4;

    /// <summary>The course of the learning rate.</summary>
    public LearningRateSchedule Schedule { get; init => field = Setting.Given(value); } = LearningRateSchedule.Constant;

    /// <summary>Steps from one report to the next, at least 1.</summary>
    public int ReportEvery { get; init => field = Setting.Range(value, 1); } = 1000;

    /// <summary>The settings that the weights of a given step depend on; not the steps at a constant rate, where a run may go on for longer.</summary>
    internal EbmSettings Numerical => this with { ReportEvery = 1, Steps = Schedule.Curve == LearningRateCurve.Constant ? 0 : Steps };
}
