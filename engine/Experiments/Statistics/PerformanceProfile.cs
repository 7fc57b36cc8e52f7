namespace EDA.Engine.Experiments.Statistics;

/// <summary>
/// The performance profile, or score distribution (Agarwal et al., section 4.2): F(τ) = 1/M Σ_m 1/N_m Σ_n 1[x_{m,n} &gt; τ],
/// the share of runs that score above τ. One that lies above another everywhere is better whatever the aggregate.
/// </summary>
public static class PerformanceProfile
{
    /// <summary>Measures it.</summary>
    /// <param name="scores">The scores.</param>
    /// <param name="thresholds">The scores τ [n].</param>
    /// <returns>F at each [n], from 0 to 1.</returns>
    public static double[] Of(RunScores scores, IReadOnlyList<double> thresholds) =>
        [.. thresholds.Select(threshold => scores.Tasks.Average(runs => (double)runs.Count(score => score > threshold) / runs.Length))];
}
