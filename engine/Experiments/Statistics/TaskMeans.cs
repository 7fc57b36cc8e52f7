using MathNet.Numerics.Statistics;

namespace EDA.Engine.Experiments.Statistics;

/// <summary>The two usual aggregates, of the tasks' mean scores x̄_m = 1/N_m Σ_n x_{m,n} (Agarwal et al., section 2).</summary>
public static class TaskMeans
{
    /// <summary>The mean of the tasks' means: 1/M Σ_m x̄_m.</summary>
    /// <param name="scores">The scores.</param>
    /// <returns>The mean.</returns>
    public static double Mean(RunScores scores) => ArrayStatistics.Mean(Of(scores));

    /// <summary>The median of the tasks' means; of an even number of tasks the middle between the two in the middle.</summary>
    /// <param name="scores">The scores.</param>
    /// <returns>The median.</returns>
    public static double Median(RunScores scores) => ArrayStatistics.MedianInplace(Of(scores));

    private static double[] Of(RunScores scores) => [.. scores.Tasks.Select(ArrayStatistics.Mean)];
}
