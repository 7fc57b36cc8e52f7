namespace EDA.Engine.Baselines.Generators;

/// <summary>Langevin dynamics x ← x + (η/2) ∇f(x) + √η ξ, and when its points are looked at.</summary>
public sealed record LangevinSettings
{
    /// <summary>η, above 0 and at most 1.</summary>
    public double Rate { get; init => field = Setting.Positive(value, 1); } = 0.005;

    /// <summary>The steps of the short chain, at least 1.</summary>
    public int ShortSteps { get; init => field = Setting.Range(value, 1, 1 << 20); } = 100;

    /// <summary>The steps of the long chain, of which the short one is the beginning: more than <see cref="ShortSteps"/>.</summary>
    public int LongSteps { get; init => field = Setting.Range(value, 1, 1 << 20); } = 1000;

    /// <summary>The standard deviation of the normal points that chains start from, above 0: 1 is where the diffusion model starts, too.</summary>
    public double StartScale { get; init => field = Setting.Positive(value); } = 1;
}
