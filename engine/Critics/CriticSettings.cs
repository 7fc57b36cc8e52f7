using EDA.Engine.Optimizers;

namespace EDA.Engine.Critics;

/// <summary>Whether implicit Q-learning also trains a policy of its own.</summary>
public enum PolicyExtraction
{
    /// <summary>No policy.</summary>
    None,

    /// <summary>A deterministic one by advantage-weighted regression: the IQL baseline.</summary>
    AdvantageWeighted,
}

/// <summary>How a critic is trained (method: section 4). Defaults are the published ones for locomotion.</summary>
public sealed record CriticSettings
{
    /// <summary>The method. Paper: implicit.</summary>
    public CriticMethod Method { get; init => field = Setting.Given(value); } = CriticMethod.Implicit;

    /// <summary>Transitions per step, at least 1. Paper: 256.</summary>
    public int Batch { get; init => field = Setting.Range(value, 1, 1 << 20); } = 256;

    /// <summary>Steps, at least 0. Published code: 1,500,000; paper: 1,000,000.</summary>
    public long Steps { get; init => field = Setting.Range(value, 0, uint.MaxValue); } = 1_500_000;

    /// <summary>Adam's learning rate, above 0. Paper: 3e-4.</summary>
    public double LearningRate { get; init => field = Setting.Positive(value, 1); } = 3e-4;

    /// <summary>
    /// The course of the learning rate of V and the twins over <see cref="Steps"/>. Paper: constant. The policy beside
    /// them has half a cosine whatever this is.
    /// </summary>
    public LearningRateSchedule Schedule { get; init => field = Setting.Given(value); } = LearningRateSchedule.Constant;

    /// <summary>γ, from 0 to 1. Paper: 0.99.</summary>
    public double Discount { get; init => field = Setting.Share(value, oneAllowed: true); } = 0.99;

    /// <summary>The share of the way that the target twins go towards the twins at each step, from 0 to 1. Paper: 0.005.</summary>
    public double TargetRate { get; init => field = Setting.Share(value, oneAllowed: true); } = 0.005;

    /// <summary>
    /// Whether sampled actions are clipped to the action space, [−1, 1], before they are rated: the environments clip
    /// them before anything else, so that Q cannot tell what lies beyond, and what the critic makes of it is
    /// extrapolation. Published code: no.
    /// </summary>
    public bool ClipsActions { get; init; }

    /// <summary>What only implicit Q-learning looks at.</summary>
    public ImplicitQSettings Implicit { get; init => field = Setting.Given(value); } = new();

    /// <summary>What only softmax Q-learning looks at.</summary>
    public SoftmaxQSettings Softmax { get; init => field = Setting.Given(value); } = new();

    /// <summary>Steps from one report to the next, at least 1.</summary>
    public int ReportEvery { get; init => field = Setting.Range(value, 1); } = 1000;

    /// <summary>The settings that the weights of a given step depend on, the others as they are by default.</summary>
    internal CriticSettings Numerical => Method.Relevant(this with { ReportEvery = 1, Steps = Schedule.Curve != LearningRateCurve.Constant || Method.RateDependsOnSteps(this) ? Steps : 0 });
}

/// <summary>The constants of implicit Q-learning.</summary>
public sealed record ImplicitQSettings
{
    /// <summary>τ, between 0 and 1. Paper: 0.7, and 0.9 on mazes.</summary>
    public double Expectile { get; init => field = Setting.Between(value, 0, 1); } = 0.7;

    /// <summary>Whether a policy is trained beside the critic; its learning rate falls along half a cosine over all steps.</summary>
    public PolicyExtraction Policy { get; init => field = Setting.Known(value); }

    /// <summary>The factor on the advantage in the policy's weights, above 0. Paper: 3, 10 on mazes, 0.5 in the kitchen.</summary>
    public double AdvantageScale { get; init => field = Setting.Positive(value); } = 3;

    /// <summary>The largest weight, above 0. Paper: 100.</summary>
    public double WeightCap { get; init => field = Setting.Positive(value); } = 100;
}

/// <summary>The constants of softmax Q-learning.</summary>
public sealed record SoftmaxQSettings
{
    /// <summary>K, behavior samples of each next state, at least 1. Published code: 16.</summary>
    public int Candidates { get; init => field = Setting.Range(value, 1, 4096); } = 16;

    /// <summary>α, the factor on Q̄ in the softmax, above 0. Published code: 1, and 20 on mazes.</summary>
    public double InverseTemperature { get; init => field = Setting.Positive(value); } = 1;
}
