using EDA.Engine.Optimizers;

namespace EDA.Engine.Baselines.Generators;

/// <summary>A variational autoencoder and its training: encoder 2 → width → width → 2·latent, decoder latent → width → width → 2, ReLU.</summary>
public sealed record VaeSettings
{
    /// <summary>The width of both hidden layers of both networks, from 1 to 4096.</summary>
    public int Width { get; init => field = Setting.Range(value, 1, 4096); } = 128;

    /// <summary>The number of latent variables, from 1 to 1024.</summary>
    public int Latent { get; init => field = Setting.Range(value, 1, 1024); } = 4;

    /// <summary>The weight of the Kullback-Leibler divergence, a mean over latent variables, beside the squared error, a mean over coordinates: above 0.</summary>
    public double DivergenceWeight { get; init => field = Setting.Positive(value); } = 0.5;

    /// <summary>Steps, at least 0.</summary>
    public long Steps { get; init => field = Setting.Range(value, 0, uint.MaxValue); } = 100_000;

    /// <summary>Points per step, at least 1.</summary>
    public int Batch { get; init => field = Setting.Range(value, 1, 1 << 20); } = 100;

    /// <summary>The full learning rate, above 0 and at most 1.</summary>
    public double LearningRate { get; init => field = Setting.Positive(value, 1); } = 1e-3;

    /// <summary>The course of the learning rate.</summary>
    public LearningRateSchedule Schedule { get; init => field = Setting.Given(value); } = LearningRateSchedule.Constant;

    /// <summary>Steps from one report to the next, at least 1.</summary>
    public int ReportEvery { get; init => field = Setting.Range(value, 1); } = 1000;

    /// <summary>The settings that the weights of a given step depend on; not the steps at a constant rate, where a run may go on for longer.</summary>
    internal VaeSettings Numerical => this with { ReportEvery = 1, Steps = Schedule.Curve == LearningRateCurve.Constant ? 0 : Steps };
}
