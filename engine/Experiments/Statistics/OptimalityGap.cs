namespace EDA.Engine.Experiments.Statistics;

/// <summary>
/// The optimality gap (Agarwal et al., section 4.3): how far the runs fall short of a score γ that is good enough, where
/// what lies beyond γ does not make up for what lies below.
/// </summary>
public static class OptimalityGap
{
    /// <summary>Measures it: γ − 1/M Σ_m 1/N_m Σ_n min(x_{m,n}, γ); 0 is the best there is.</summary>
    /// <param name="scores">The scores.</param>
    /// <param name="target">γ: 100 of D4RL's normalised scores.</param>
    /// <returns>The gap, at least 0.</returns>
    public static double Of(RunScores scores, double target) =>
        scores.Tasks.Average(runs => runs.Average(score => target - Math.Min(score, target)));
}
