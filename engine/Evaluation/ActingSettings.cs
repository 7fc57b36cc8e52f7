using System.Globalization;

namespace EDA.Engine.Evaluation;

/// <summary>What is made of several samples for a state.</summary>
public enum ActingChoice
{
    /// <summary>Their mean, each clipped to the action space before.</summary>
    Mean,

    /// <summary>The one of the critic's highest min-of-twins Q.</summary>
    Q,

    /// <summary>The one of the policy's own highest density, f_θ(a|s, t) at <see cref="ActingSettings.DensityTime"/>: needs no critic.</summary>
    Density,

    /// <summary>The one of highest Q_θ = β(f_θ − f_φ), the critic that policy and behavior are together, at the same t.</summary>
    Gap,
}

/// <summary>
/// How a diffusion policy acts where it is to act as well as it can. The paper's protocol is one sample for each state,
/// which repeats whatever noise the data's actions had.
/// </summary>
public sealed record ActingSettings
{
    /// <summary>The diffusion time of f in <see cref="ActingChoice.Density"/> and <see cref="ActingChoice.Gap"/>.</summary>
    public const float DensityTime = 0.02f;

    /// <summary>Samples for each state, from 1 to 4096.</summary>
    public int Samples { get; init => field = Setting.Range(value, 1, 4096); } = 1;

    /// <summary>What is made of them.</summary>
    public ActingChoice Choice { get; init => field = Setting.Known(value); }

    /// <summary>The factor on the noise that the solver starts from, from 0 to 1: at 0 it follows the middle of the density, and all samples are one.</summary>
    public double Noise { get; init => field = Setting.Share(value, oneAllowed: true); } = 1;

    /// <summary>Steps uphill on f_θ from where the solver ends, a ← a + η σ_t² ∇f_θ(a|s, t); 0 for none.</summary>
    public int Ascent { get; init => field = Setting.Range(value, 0, 1000); }

    /// <summary>t of the ascent, above 0: the larger, the smoother the density that is climbed.</summary>
    public double AscentTime { get; init => field = Setting.Between(value, 0, 1); } = 0.02;

    /// <summary>η of the ascent, above 0 and at most 1, where a step goes to the mean of the actions that could have been diffused to where it stands.</summary>
    public double AscentRate { get; init => field = Setting.Positive(value, 1); } = 1;

    /// <summary>Whether it is the paper's: one sample, as it comes.</summary>
    internal bool IsOneSample => this == new ActingSettings() with { Choice = Choice, AscentTime = AscentTime, AscentRate = AscentRate };

    /// <summary>Whether nothing is chosen by anything.</summary>
    internal bool NeedsNoRating => Samples == 1 || Choice == ActingChoice.Mean;

    /// <summary>In words, for a reader of results.</summary>
    /// <returns>For instance <c>mean of 8 samples</c>.</returns>
    public override string ToString()
    {
        string what = (Samples, Choice) switch
        {
            (1, _) => "one sample",
            (_, ActingChoice.Mean) => Text($"mean of {Samples} samples"),
            (_, ActingChoice.Q) => Text($"of {Samples} samples the one of highest Q"),
            (_, ActingChoice.Density) => Text($"of {Samples} samples the one of highest density"),
            _ => Text($"of {Samples} samples the one of highest f_θ − f_φ"),
        };
        if (Noise < 1)
            what += Text($", started from {Noise} of the noise");
        return Ascent == 0 ? what : what + Text($", {Ascent} steps uphill at t = {AscentTime}");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
