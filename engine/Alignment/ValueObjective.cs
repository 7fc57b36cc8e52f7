using EDA.Kernels;

namespace EDA.Engine.Alignment;

/// <summary>
/// Value optimisation (Eq. 14): L = −mean_s Σ_k softmax_k(q·Q(s, a_k)) · log softmax_k(βΔ_k). As t → 0 its optimum is
/// π ∝ μ e^{qQ/β} (Proposition 3.1a), that is β(f_θ − f_φ) = q·Q up to a constant per state.
/// </summary>
public sealed record ValueObjective : PolicyObjective
{
    /// <summary>Makes the objective.</summary>
    /// <param name="temperature">β, above 0.</param>
    /// <param name="labelScale">q, above 0; 3 in the published code.</param>
    /// <exception cref="InvalidSettingException">A number is not allowed.</exception>
    public ValueObjective(double temperature, double labelScale)
        : base(temperature) => LabelScale = Setting.Positive(labelScale, name: "labelScale");

    /// <summary>q, the factor on the labels.</summary>
    public double LabelScale { get; }

    /// <inheritdoc/>
    public override bool NeedsValues => true;

    /// <inheritdoc/>
    public override bool RecoversLabels => true;

    /// <inheritdoc/>
    public override AlignmentObjective Kernel => new(AlignmentLoss.Value, (float)Temperature, (float)LabelScale);
}
