using EDA.Kernels;

namespace EDA.Engine.Diffusion;

/// <summary>
/// The variance-preserving noise schedule with a linear β(t) (method: section 1): a_t = α_t a + σ_t ε with
/// log α_t = −t²(β₁−β₀)/4 − tβ₀/2 and σ_t² = 1 − α_t². The formula itself stands in <see cref="VarianceSchedule"/>,
/// which devices see; this adds the half-log-SNR and its inverse.
/// </summary>
public sealed record NoiseSchedule
{
    /// <summary>Makes a schedule.</summary>
    /// <param name="variance">β₀, β₁ and the smallest diffusion time.</param>
    /// <exception cref="InvalidSettingException">The constants do not make a schedule that only adds noise.</exception>
    public NoiseSchedule(VarianceSchedule variance)
    {
        if (!(variance.BetaMin >= 0 && double.IsFinite(variance.BetaMin)))
            throw new InvalidSettingException("betaMin", variance.BetaMin, "a finite number of at least 0");
        if (!(variance.BetaMax >= variance.BetaMin && variance.BetaMax > 0 && double.IsFinite(variance.BetaMax)))
            throw new InvalidSettingException("betaMax", variance.BetaMax, "a finite number above 0 and not below betaMin");
        if (!(variance.TimeMin > 0 && variance.TimeMin < 1))
            throw new InvalidSettingException("timeMin", variance.TimeMin, "a number above 0 and below 1");
        Variance = variance;
    }

    /// <summary>The published constants: β₀ = 0.1, β₁ = 20, t in [1e-3, 1].</summary>
    public static NoiseSchedule Published { get; } = new(VarianceSchedule.Published);

    /// <summary>α_t and σ_t, in the form that devices take.</summary>
    public VarianceSchedule Variance { get; }

    /// <summary>The half-log-SNR λ_t = log α_t − log σ_t; it falls as t grows.</summary>
    /// <param name="t">The diffusion time, above 0.</param>
    /// <returns>λ_t, in nats.</returns>
    public double Lambda(double t) => Variance.LogAlpha(t) - Math.Log(Variance.Sigma(t));

    /// <summary>
    /// The diffusion time at which the half-log-SNR is λ: log α = −½ log(1 + e^{−2λ}), then the positive root of
    /// t²(β₁−β₀)/4 + tβ₀/2 + log α = 0, in the form that does not cancel.
    /// </summary>
    /// <param name="lambda">λ, in nats.</param>
    /// <returns>The diffusion time t(λ).</returns>
    public double Time(double lambda)
    {
        // log(1 + e^x) for large x is x + log(1 + e^−x).
        double x = -2 * lambda;
        double minusLogAlpha = 0.5 * (Math.Max(x, 0) + LogOnePlus(Math.Exp(-Math.Abs(x))));
        double quadratic = 0.25 * (Variance.BetaMax - Variance.BetaMin);
        double linear = 0.5 * Variance.BetaMin;
        return 2 * minusLogAlpha / (linear + Math.Sqrt((linear * linear) + (4 * quadratic * minusLogAlpha)));
    }

    /// <summary>log(1 + y) for y in [0, 1] to full precision (Kahan's correction of the rounding of 1 + y).</summary>
    private static double LogOnePlus(double y)
    {
        double sum = 1 + y;
        return sum == 1 ? y : Math.Log(sum) * (y / (sum - 1));
    }
}
