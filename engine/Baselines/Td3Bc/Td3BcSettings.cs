namespace EDA.Engine.Baselines.Td3Bc;

/// <summary>How TD3+BC is trained. Defaults are the paper's (Fujimoto and Gu, arXiv 2106.06860).</summary>
public sealed record Td3BcSettings : MethodSettings
{
    /// <summary>Transitions per step, at least 1. Paper: 256.</summary>
    public int Batch { get; init => field = Setting.Range(value, 1, 1 << 20); } = 256;

    /// <summary>Steps of the twins, at least 0. Paper: 1,000,000.</summary>
    public long Steps { get; init => field = Setting.Range(value, 0, uint.MaxValue); } = 1_000_000;

    /// <summary>Adam's learning rate, above 0. Paper: 3e-4.</summary>
    public double LearningRate { get; init => field = Setting.Positive(value, 1); } = 3e-4;

    /// <summary>γ, from 0 to 1. Paper: 0.99.</summary>
    public double Discount { get; init => field = Setting.Share(value, oneAllowed: true); } = 0.99;

    /// <summary>The share of the way that target twins and target policy go at each step of the policy, from 0 to 1. Paper: 0.005.</summary>
    public double TargetRate { get; init => field = Setting.Share(value, oneAllowed: true); } = 0.005;

    /// <summary>Steps of the twins for one of the policy and the targets, at least 1. Paper: 2.</summary>
    public int PolicyEvery { get; init => field = Setting.Range(value, 1, 1000); } = 2;

    /// <summary>The standard deviation of the noise on the target policy's actions, from 0 to 1. Paper: 0.2.</summary>
    public double Noise { get; init => field = Setting.Share(value, oneAllowed: true); } = 0.2;

    /// <summary>The largest magnitude of that noise, from 0 to 1. Paper: 0.5.</summary>
    public double NoiseBound { get; init => field = Setting.Share(value, oneAllowed: true); } = 0.5;

    /// <summary>α, the weight of Q beside behavior cloning, above 0. Paper: 2.5.</summary>
    public double Alpha { get; init => field = Setting.Positive(value); } = 2.5;

    /// <summary>Steps from one report to the next, at least 1.</summary>
    public int ReportEvery { get; init => field = Setting.Range(value, 1); } = 1000;

    /// <inheritdoc/>
    public override long CountSteps() => Steps;

    /// <inheritdoc/>
    public override MethodSettings WithSteps(long steps) => this with { Steps = steps };
}
