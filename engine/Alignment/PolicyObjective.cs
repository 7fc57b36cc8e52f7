using EDA.Kernels;

namespace EDA.Engine.Alignment;

/// <summary>The alignment objectives a user may choose.</summary>
public enum ObjectiveKind
{
    /// <summary><see cref="ValueObjective"/> (Eq. 14).</summary>
    Value,

    /// <summary><see cref="PreferenceObjective"/> (Eq. 15).</summary>
    Preference,

    /// <summary><see cref="PreferenceObjective"/> with two candidates (Eq. 16).</summary>
    Dpo,
}

/// <summary>What the policy is aligned by: a loss on the log-density gaps Δ_k = f_θ(a_t^k | s, t) − f_φ(a_t^k | s, t) (method: section 5).</summary>
public abstract record PolicyObjective
{
    private protected PolicyObjective(double temperature) => Temperature = Setting.Positive(temperature, name: "temperature");

    /// <summary>β, the factor on the gaps.</summary>
    public double Temperature { get; }

    /// <summary>Which objective it is.</summary>
    public abstract ObjectiveKind Kind { get; }

    /// <summary>
    /// Whether the optimum obeys β(f_θ − f_φ) = q·Q + a constant per state as t → 0, so that a finished run can be
    /// checked against the labels.
    /// </summary>
    public abstract bool RecoversLabels { get; }

    /// <summary>The form that devices take.</summary>
    public abstract AlignmentObjective Kernel { get; }

    /// <summary>Refuses a number of candidates that the objective is not defined for.</summary>
    /// <param name="candidates">K.</param>
    /// <exception cref="InvalidSettingException">K is below 2, or not 2 with <see cref="ObjectiveKind.Dpo"/>.</exception>
    public virtual void CheckCandidates(int candidates) => Setting.Range(candidates, 2, name: "candidates");

    /// <summary>Makes an objective.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="temperature">β, above 0.</param>
    /// <param name="labelScale">q, above 0; only the value objective looks at it.</param>
    /// <returns>The objective.</returns>
    /// <exception cref="InvalidSettingException">A number is not allowed.</exception>
    public static PolicyObjective Create(ObjectiveKind kind, double temperature, double labelScale) => Setting.Known(kind, "objective") switch
    {
        ObjectiveKind.Value => new ValueObjective(temperature, labelScale),
        ObjectiveKind.Preference => new PreferenceObjective(temperature),
        _ => PreferenceObjective.Dpo(temperature),
    };
}
