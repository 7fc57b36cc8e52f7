namespace EDA.Kernels;

/// <summary>A parameter array and what its training needs beside it, all in the order of one layout.</summary>
/// <param name="Parameters">θ, updated.</param>
/// <param name="Gradient">∂L/∂θ at the parameters before the step, overwritten; null if it is not wanted.</param>
/// <param name="FirstMoment">Adam's m, updated.</param>
/// <param name="SecondMoment">Adam's v, updated.</param>
public readonly record struct TrainedArrays(
    DeviceArray<float> Parameters,
    DeviceArray<float>? Gradient,
    DeviceArray<float> FirstMoment,
    DeviceArray<float> SecondMoment);

/// <summary>How a critic's networks move after a gradient.</summary>
/// <param name="Adam">Adam's constants, the same for V and the twins.</param>
/// <param name="Step">1 for the first step.</param>
/// <param name="TargetRate">The share of the way that the target twins go towards the twins, in [0, 1].</param>
public readonly record struct CriticUpdate(AdamSettings Adam, long Step, float TargetRate)
{
    /// <summary>Refuses a step before the first and a rate outside [0, 1].</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is.</exception>
    public void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Step, 1);
        if (TargetRate is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(TargetRate), TargetRate, "the target rate must be in [0, 1]");
    }
}

/// <summary>The constants of implicit Q-learning's losses.</summary>
/// <param name="Discount">γ.</param>
/// <param name="Expectile">τ, in (0, 1).</param>
public readonly record struct ImplicitBackup(float Discount, float Expectile);

/// <summary>
/// A backup over sampled next actions, V(s') = Σ_k softmax_k(α Q̄(s', a'_k)) Q̄(s', a'_k); with one sample it is
/// Q̄(s', a').
/// </summary>
/// <param name="Discount">γ.</param>
/// <param name="InverseTemperature">α, at least 0.</param>
/// <param name="NextActions">a' [n×K×A], K samples for each row of the batch, in the batch's order.</param>
/// <param name="CandidateCount">K, at least 1.</param>
public readonly record struct SampledBackup(
    float Discount,
    float InverseTemperature,
    DeviceArray<float> NextActions,
    int CandidateCount);

/// <summary>The weights of advantage-weighted regression, min(exp(Temperature · (Q̄(s, a) − V(s))), Cap).</summary>
/// <param name="Temperature">The factor on the advantage.</param>
/// <param name="Cap">The largest weight.</param>
public readonly record struct AdvantageWeighting(float Temperature, float Cap);

/// <summary>What critic steps report, as places in an array on the device.</summary>
public static class CriticLosses
{
    /// <summary>The mean of the twins' two mean squared errors.</summary>
    public const int Q = 0;

    /// <summary>The batch mean of the backup's V(s'), which grows without bound when a critic diverges.</summary>
    public const int NextValue = 1;

    /// <summary>The expectile loss of V.</summary>
    public const int Value = 2;

    /// <summary>The loss of the deterministic policy.</summary>
    public const int Policy = 3;

    /// <summary>How many places there are.</summary>
    public const int Count = 4;
}

/// <summary>Which of the twins counts, row by row.</summary>
public enum TwinChoice
{
    /// <summary>The one whose Q is smaller; the first where they are equal.</summary>
    Smaller,

    /// <summary>Q₁.</summary>
    First,

    /// <summary>Q₂.</summary>
    Second,
}

/// <summary>
/// The fused operations of critics (method: section 4): a step is gather, losses, gradients, Adam and the target's
/// average in one call, so that a device may fuse as it likes. Q̄ is the smaller of the target twins. Parameters are
/// flat arrays in the order of <see cref="Layout"/>. No operation allocates once it has seen its largest batch. Every
/// operation refuses arrays that are too short or live on another device (<see cref="ArgumentException"/>), counts and
/// steps below 1 and indices outside the dataset (<see cref="ArgumentOutOfRangeException"/>).
/// </summary>
public interface ICriticOperations : IDisposable
{
    /// <summary>The sizes of the networks.</summary>
    CriticShape Shape { get; }

    /// <summary>The order of the parameters.</summary>
    CriticLayout Layout { get; }

    /// <summary>
    /// One step of implicit Q-learning, everything evaluated before anything moves: V by expectile regression of
    /// Q̄(s, a), loss mean |τ − 1(u &lt; 0)| u² with u = Q̄ − V; the twins by mean squared error against
    /// r + γ(1 − d)V(s'); then Adam on both and the target's average.
    /// </summary>
    /// <param name="call">The arguments.</param>
    void ImplicitStep(in ImplicitStepCall call);

    /// <summary>
    /// One step of a critic without V: the twins by mean squared error against r + γ(1 − d)V(s') with V(s') from
    /// sampled next actions; then Adam and the target's average.
    /// </summary>
    /// <param name="call">The arguments.</param>
    void SampledStep(in SampledStepCall call);

    /// <summary>
    /// One step of advantage-weighted regression: loss mean_i w_i ‖π(s_i) − a_i‖², w by Q̄(s, a) − V(s) of the networks
    /// as given, which in implicit Q-learning are those that have just moved; then Adam.
    /// </summary>
    /// <param name="call">The arguments.</param>
    void PolicyStep(in PolicyStepCall call);

    /// <summary>The smaller of the twins for K actions of each state.</summary>
    /// <param name="call">The arguments.</param>
    void MinimumQ(in MinimumQCall call);

    /// <summary>V of each state.</summary>
    /// <param name="call">The arguments.</param>
    void Value(in StateEvaluationCall call);

    /// <summary>The deterministic policy's action for each state.</summary>
    /// <param name="call">The arguments.</param>
    void Act(in StateEvaluationCall call);

    /// <summary>
    /// ∂Q(s, a)/∂a of each row, by which an actor is improved. Where one of the twins is no number, neither is the smaller.
    /// </summary>
    /// <param name="call">The arguments.</param>
    void ActionGradient(in ActionGradientCall call);
}
