namespace EDA.Engine.Experiments.Statistics;

/// <summary>A number with its confidence interval.</summary>
/// <param name="Value">The number.</param>
/// <param name="Interval">Its interval; null where a task has a single run.</param>
public readonly record struct Estimate(double Value, Interval? Interval);

/// <summary>The four aggregates of one algorithm's scores, with intervals from the same resamples (Agarwal et al., section 4).</summary>
/// <param name="Mean">The mean of the tasks' means.</param>
/// <param name="Median">The median of the tasks' means.</param>
/// <param name="InterquartileMean">The mean of the middle half of all runs.</param>
/// <param name="OptimalityGap">How far the runs fall short of γ; null where there is no γ.</param>
public sealed record AggregateScores(Estimate Mean, Estimate Median, Estimate InterquartileMean, Estimate? OptimalityGap)
{
    /// <summary>Measures them.</summary>
    /// <param name="scores">The scores.</param>
    /// <param name="target">γ of the optimality gap; null for none.</param>
    /// <param name="bootstrap">How the intervals are found.</param>
    /// <returns>The aggregates.</returns>
    public static AggregateScores Of(RunScores scores, double? target, StratifiedBootstrap bootstrap)
    {
        double[] values = Measure(scores);
        var intervals = scores.HasSpread ? bootstrap.Intervals(scores, Measure) : null;
        return new AggregateScores(At(0), At(1), At(2), target is null ? null : At(3));

        double[] Measure(RunScores sample)
        {
            double[] measured = [TaskMeans.Mean(sample), TaskMeans.Median(sample), Statistics.InterquartileMean.Of(sample)];
            return target is { } gamma ? [.. measured, Statistics.OptimalityGap.Of(sample, gamma)] : measured;
        }

        Estimate At(int index) => new(values[index], intervals?[index]);
    }
}
