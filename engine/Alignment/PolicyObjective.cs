using EDA.Kernels;

namespace EDA.Engine.Alignment;

/// <summary>What the policy is aligned by: a loss on the log-density gaps Δ_k = f_θ(a_t^k | s, t) − f_φ(a_t^k | s, t) (method: section 5).</summary>
public abstract record PolicyObjective
{
    /// <summary>Makes an objective.</summary>
    /// <param name="temperature">β, above 0.</param>
    protected PolicyObjective(double temperature) => Temperature = Setting.Positive(temperature, name: "temperature");

    /// <summary>β, the factor on the gaps.</summary>
    public double Temperature { get; }

    /// <summary>Whether it looks at the labels' size, and not only at which is the highest.</summary>
    public abstract bool NeedsValues { get; }

    /// <summary>
    /// Whether the optimum obeys β(f_θ − f_φ) = q·Q + a constant per state as t → 0, so that a finished run can be
    /// checked against the labels.
    /// </summary>
    public abstract bool RecoversLabels { get; }

    /// <summary>The form that devices take.</summary>
    public abstract AlignmentObjective Kernel { get; }
}
