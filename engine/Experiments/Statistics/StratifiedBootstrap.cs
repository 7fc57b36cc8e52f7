using EDA.Kernels;
using MathNet.Numerics.Statistics;

namespace EDA.Engine.Experiments.Statistics;

/// <summary>
/// Confidence intervals by the stratified bootstrap (Agarwal et al., section 4.1): a replication draws as many runs as
/// there are from each task's own, with replacement, and measures anew; the interval lies between the percentiles of what
/// the replications came to, interpolated between neighbours. It says how the number would change with other seeds on the
/// same tasks. The draws are Philox's: the same scores have the same interval, whatever else is measured.
/// </summary>
public sealed class StratifiedBootstrap
{
    private readonly ulong _seed;

    /// <summary>Chooses how it is done.</summary>
    /// <param name="replications">Replications, 100 to 1,000,000. The paper's code: 50,000 for aggregates, 2,000 for profiles.</param>
    /// <param name="level">The share of replications that the interval holds. Paper: 0.95.</param>
    /// <param name="seed">The seed of the draws.</param>
    /// <exception cref="InvalidSettingException">A value is not allowed.</exception>
    public StratifiedBootstrap(int replications = 50_000, double level = 0.95, ulong seed = 0)
    {
        Replications = Setting.Range(replications, 100, 1_000_000, nameof(replications));
        Level = Setting.Between(level, 0, 1, nameof(level));
        _seed = seed;
    }

    /// <summary>Replications.</summary>
    public int Replications { get; }

    /// <summary>The share of replications that an interval holds.</summary>
    public double Level { get; }

    /// <summary>The interval of a number.</summary>
    /// <param name="scores">The scores; every task with two runs or more.</param>
    /// <param name="measure">Measures the number of a resample; the resample is only lent to it.</param>
    /// <returns>The interval.</returns>
    /// <exception cref="ArgumentException">A task has a single run: an interval of it would have no width, and mean nothing.</exception>
    public Interval Interval(RunScores scores, Func<RunScores, double> measure) => Intervals(scores, resample => [measure(resample)])[0];

    /// <summary>The intervals of several numbers, each for itself, of the same resamples.</summary>
    /// <param name="scores">The scores; every task with two runs or more.</param>
    /// <param name="measure">Measures the numbers of a resample, the same many each time; the resample is only lent to it.</param>
    /// <returns>Their intervals.</returns>
    /// <exception cref="ArgumentException">A task has a single run.</exception>
    public Interval[] Intervals(RunScores scores, Func<RunScores, double[]> measure) => Measure([scores], resamples => measure(resamples[0]));

    /// <summary>The interval of a number that compares two algorithms, whose runs are drawn independently.</summary>
    /// <param name="x">The scores of one; every task with two runs or more.</param>
    /// <param name="y">Those of the other; likewise.</param>
    /// <param name="measure">Measures the number of two resamples; they are only lent to it.</param>
    /// <returns>The interval.</returns>
    /// <exception cref="ArgumentException">A task has a single run.</exception>
    public Interval Interval(RunScores x, RunScores y, Func<RunScores, RunScores, double> measure) =>
        Measure([x, y], resamples => [measure(resamples[0], resamples[1])])[0];

    private Interval[] Measure(RunScores[] algorithms, Func<RunScores[], double[]> measure)
    {
        foreach (var scores in algorithms)
        {
            if (!scores.HasSpread)
                throw new ArgumentException("a task with a single run has no interval", nameof(algorithms));
        }

        RunScores[] resamples = [.. algorithms.Select(scores => new RunScores([.. scores.Tasks.Select(runs => (double[])runs.Clone())]))];
        var outcomes = new double[Replications][];
        for (int replication = 0; replication < Replications; replication++)
        {
            Draw(algorithms, resamples, (uint)replication);
            outcomes[replication] = measure(resamples);
        }

        return [.. Enumerable.Range(0, outcomes[0].Length).Select(i => Percentiles([.. outcomes.Select(outcome => outcome[i])]))];
    }

    // Places are numbered through all tasks, and through both algorithms; a block of words is for four of them.
    private void Draw(RunScores[] algorithms, RunScores[] resamples, uint replication)
    {
        var draw = new RandomDraw(_seed, RandomStage.Evaluation, replication);
        var words = default(Philox.Words);
        int place = 0;
        for (int algorithm = 0; algorithm < algorithms.Length; algorithm++)
        {
            for (int task = 0; task < algorithms[algorithm].Tasks.Count; task++)
            {
                double[] runs = algorithms[algorithm].Tasks[task], resample = resamples[algorithm].Tasks[task];
                for (int n = 0; n < resample.Length; n++, place++)
                {
                    if (place % 4 == 0)
                        words = Philox.Block(draw, RandomPurpose.BootstrapIndex, (ulong)place / 4);
                    resample[n] = runs[Philox.Index(words[place], runs.Length)];
                }
            }
        }
    }

    private Interval Percentiles(double[] outcomes)
    {
        Array.Sort(outcomes);
        double outside = (1 - Level) / 2;
        return new(At(outside), At(1 - outside));

        double At(double share) => SortedArrayStatistics.QuantileCustom(outcomes, share, QuantileDefinition.R7);
    }
}
