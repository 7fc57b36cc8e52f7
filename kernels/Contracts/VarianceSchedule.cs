namespace EDA.Kernels;

/// <summary>
/// α_t and σ_t of the variance-preserving SDE with a linear β(t) (method: section 1): what a device must know of the
/// noise schedule. The engine's NoiseSchedule builds on it.
/// </summary>
/// <param name="BetaMin">β₀.</param>
/// <param name="BetaMax">β₁.</param>
/// <param name="TimeMin">The smallest diffusion time, where sampling ends and below which training never draws.</param>
public readonly record struct VarianceSchedule(double BetaMin, double BetaMax, double TimeMin)
{
    /// <summary>The published constants: β₀ = 0.1, β₁ = 20, t in [1e-3, 1].</summary>
    public static VarianceSchedule Published { get; } = new(0.1, 20.0, 1e-3);

    /// <summary>log α_t = −t²(β₁−β₀)/4 − tβ₀/2.</summary>
    /// <param name="t">The diffusion time.</param>
    /// <returns>log α_t, in nats.</returns>
    public double LogAlpha(double t) => (-0.25 * t * t * (BetaMax - BetaMin)) - (0.5 * t * BetaMin);

    /// <summary>α_t.</summary>
    /// <param name="t">The diffusion time.</param>
    /// <returns>The share of the action that is left.</returns>
    public double Alpha(double t) => Math.Exp(LogAlpha(t));

    /// <summary>σ_t = sqrt(1 − α_t²), without cancellation at small t.</summary>
    /// <param name="t">The diffusion time.</param>
    /// <returns>The standard deviation of the noise.</returns>
    public double Sigma(double t)
    {
        // 1 − e^x = −expm1(x); with y = tanh(x/2), expm1(x) = 2y / (1 − y) loses nothing near 0.
        double y = Math.Tanh(LogAlpha(t));
        return Math.Sqrt(-2 * y / (1 - y));
    }

    /// <summary>Maps a uniform number in [0, 1) to a diffusion time in [TimeMin, 1).</summary>
    /// <param name="u">The uniform number.</param>
    /// <returns>The diffusion time.</returns>
    public float Time(float u) => (float)(TimeMin + ((1 - TimeMin) * u));
}
