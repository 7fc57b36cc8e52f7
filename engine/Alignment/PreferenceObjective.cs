using EDA.Kernels;

namespace EDA.Engine.Alignment;

/// <summary>
/// Preference optimisation (Eq. 15): L = −mean_s log softmax_w(βΔ), where w is the candidate with the highest label.
/// With two candidates it is DPO (Eq. 16). The label's size does not enter, so the gaps do not recover it.
/// </summary>
public sealed record PreferenceObjective : PolicyObjective
{
    /// <summary>Makes the objective.</summary>
    /// <param name="temperature">β, above 0.</param>
    /// <exception cref="InvalidSettingException">β is not above 0.</exception>
    public PreferenceObjective(double temperature)
        : base(temperature)
    {
    }

    /// <inheritdoc/>
    public override bool NeedsValues => false;

    /// <inheritdoc/>
    public override bool RecoversLabels => false;

    /// <inheritdoc/>
    public override AlignmentObjective Kernel => new(AlignmentLoss.Preference, (float)Temperature, 1);
}
