using EDA.Kernels;

namespace EDA.Engine.Alignment;

/// <summary>
/// Preference optimisation (Eq. 15): L = −mean_s log softmax_w(βΔ), where w is the candidate with the highest label.
/// With two candidates it is DPO (Eq. 16). The label's size does not enter, so the gaps do not recover it.
/// </summary>
public sealed record PreferenceObjective : PolicyObjective
{
    private readonly bool _pairs;

    /// <summary>Makes the objective for any number of candidates.</summary>
    /// <param name="temperature">β, above 0.</param>
    /// <exception cref="InvalidSettingException">β is not above 0.</exception>
    public PreferenceObjective(double temperature)
        : this(temperature, false)
    {
    }

    private PreferenceObjective(double temperature, bool pairs)
        : base(temperature) => _pairs = pairs;

    /// <inheritdoc/>
    public override ObjectiveKind Kind => _pairs ? ObjectiveKind.Dpo : ObjectiveKind.Preference;

    /// <inheritdoc/>
    public override bool RecoversLabels => false;

    /// <inheritdoc/>
    public override AlignmentObjective Kernel => new(AlignmentLoss.Preference, (float)Temperature, 1);

    /// <summary>Makes the objective that takes pairs and nothing else.</summary>
    /// <param name="temperature">β, above 0.</param>
    /// <returns>The objective.</returns>
    /// <exception cref="InvalidSettingException">β is not above 0.</exception>
    public static PreferenceObjective Dpo(double temperature) => new(temperature, true);

    /// <inheritdoc/>
    public override void CheckCandidates(int candidates)
    {
        base.CheckCandidates(candidates);
        if (_pairs && candidates != 2)
            throw new InvalidSettingException("candidates", candidates, "2 with the dpo objective");
    }
}
