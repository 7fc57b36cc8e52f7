namespace EDA.Engine.Experiments.Statistics;

/// <summary>
/// The interquartile mean (Agarwal et al., section 4.3): the mean of the middle half of all runs of all tasks together. It
/// is as robust as the median and needs fewer runs for the same certainty.
/// </summary>
public static class InterquartileMean
{
    private const double Cut = 0.25;

    /// <summary>
    /// Measures it: of all n scores in order ⌊n/4⌋ are left out at each end, whole ones and no parts of any, and the rest is
    /// averaged. With fewer than four runs nothing is left out.
    /// </summary>
    /// <param name="scores">The scores. A task of more runs than another counts for more.</param>
    /// <returns>The mean of the middle half.</returns>
    public static double Of(RunScores scores)
    {
        var all = new double[scores.Count];
        int filled = 0;
        foreach (double[] runs in scores.Tasks)
        {
            runs.CopyTo(all, filled);
            filled += runs.Length;
        }

        Array.Sort(all);
        int cut = (int)(Cut * all.Length);
        return all[cut..^cut].Average();
    }
}
