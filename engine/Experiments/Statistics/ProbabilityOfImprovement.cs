namespace EDA.Engine.Experiments.Statistics;

/// <summary>
/// How likely a run of X is better than one of Y on a task drawn at random (Agarwal et al., section 4.3): of each task the
/// Mann-Whitney U over all pairs of runs, P(X_m &gt; Y_m) = 1/(N K) Σ_i Σ_j S(x_{m,i}, y_{m,j}), where S is 1 for x &gt; y,
/// 1/2 for a tie and 0 otherwise; then the mean over tasks. It says nothing of by how much.
/// </summary>
public static class ProbabilityOfImprovement
{
    /// <summary>Measures it.</summary>
    /// <param name="x">The scores of X.</param>
    /// <param name="y">Those of Y, on the same tasks in the same order.</param>
    /// <returns>From 0 to 1; 1/2 where neither is better.</returns>
    /// <exception cref="ArgumentException">The numbers of tasks differ.</exception>
    public static double Of(RunScores x, RunScores y)
    {
        if (x.Tasks.Count != y.Tasks.Count)
            throw new ArgumentException($"{y.Tasks.Count} tasks against {x.Tasks.Count}", nameof(y));
        return Enumerable.Range(0, x.Tasks.Count).Average(m => OfTask(x.Tasks[m], y.Tasks[m]));
    }

    private static double OfTask(double[] x, double[] y)
    {
        long twice = 0; // 2U is a whole number
        foreach (double one in x)
        {
            foreach (double other in y)
                twice += one > other ? 2 : one == other ? 1 : 0;
        }

        return twice / (2.0 * x.Length * y.Length);
    }
}
