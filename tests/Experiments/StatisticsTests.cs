using EDA.Engine;
using EDA.Engine.Experiments.Statistics;

namespace EDA.Tests.Experiments;

/// <summary>The statistics of Agarwal et al. 2021 on cases worked by hand.</summary>
public sealed class StatisticsTests
{
    private static readonly StratifiedBootstrap Bootstrap = new(replications: 20_000);

    [Theory]
    // ⌊8/4⌋ = 2 at each end: (3 + 4 + 5 + 6) / 4 = 4.5.
    [InlineData("8 1 7 2 6 3 5 4", 4.5)]
    // ⌊6/4⌋ = 1 at each end, and no half of the second: (2 + 3 + 5 + 9) / 4 = 4.75.
    [InlineData("1 2 3 5 9 100", 4.75)]
    // ⌊5/4⌋ = 1: (2 + 3 + 7) / 3 = 4.
    [InlineData("1 2 3 7 1000", 4)]
    // ⌊3/4⌋ = 0: nothing is left out, 105 / 3 = 35.
    [InlineData("1 4 100", 35)]
    [InlineData("7", 7)]
    public void Interquartile_mean(string scores, double expected) =>
        Assert.Equal(expected, InterquartileMean.Of(RunScores.OfOneTask([.. scores.Split(' ').Select(double.Parse)])), 12);

    [Fact]
    public void Interquartile_mean_is_over_the_runs_of_all_tasks()
    {
        // 1 2 3 4 | 10 20 30 40 → in order 1 2 [3 4 10 20] 30 40, 37 / 4 = 9.25. Of the tasks' own: 2.5 and 25.
        var scores = new RunScores([[1, 2, 3, 4], [40, 30, 20, 10]]);
        Assert.Equal(9.25, InterquartileMean.Of(scores), 12);

        // The order of the runs within a task is left alone.
        Assert.Equal([40, 30, 20, 10], scores.Tasks[1]);
    }

    [Fact]
    public void Mean_and_median_are_of_the_tasks_means()
    {
        // Means 2, 10, 6 and 40 (of one run): their mean is 58 / 4 = 14.5, their median (6 + 10) / 2 = 8.
        var scores = new RunScores([[1, 2, 3], [0, 20], [6, 6, 6, 6], [40]]);
        Assert.Equal(14.5, TaskMeans.Mean(scores), 12);
        Assert.Equal(8, TaskMeans.Median(scores), 12);
    }

    [Fact]
    public void Optimality_gap_does_not_count_what_lies_beyond()
    {
        // Task 1: (100 − 80) and (100 − 100) of 130, mean 10. Task 2: 100 − 40 = 60 twice, and of 100 none: mean 40. (10 + 40) / 2.
        Assert.Equal(25, OptimalityGap.Of(new RunScores([[80, 130], [40, 40, 100]]), 100), 12);
        Assert.Equal(0, OptimalityGap.Of(RunScores.OfOneTask(1, 2, 3), 1), 12);
    }

    [Fact]
    public void Probability_of_improvement_counts_ties_half()
    {
        // X 1 3 3 over Y 2 3: 1 beats none; each 3 beats 2 and ties 3: U = 2 (1 + 1/2) = 3 of 6 pairs.
        var x = RunScores.OfOneTask(1, 3, 3);
        var y = RunScores.OfOneTask(2, 3);
        Assert.Equal(0.5, ProbabilityOfImprovement.Of(x, y), 12);

        // A second task where every run of X is better: (1/2 + 1) / 2; the other way round what is left to 1.
        var both = (new RunScores([[1, 3, 3], [9, 8]]), new RunScores([[2, 3], [1, 2, 3]]));
        Assert.Equal(0.75, ProbabilityOfImprovement.Of(both.Item1, both.Item2), 12);
        Assert.Equal(0.25, ProbabilityOfImprovement.Of(both.Item2, both.Item1), 12);

        Assert.Equal(0.5, ProbabilityOfImprovement.Of(x, x), 12);
        Assert.Throws<ArgumentException>(() => ProbabilityOfImprovement.Of(both.Item1, y));
    }

    [Fact]
    public void A_profile_is_the_share_of_runs_above()
    {
        // Above 1: of 1 2 3 two thirds, of 1 5 a half, on average 7/12. A score of exactly τ is not above it.
        var scores = new RunScores([[1, 2, 3], [1, 5]]);
        double[] profile = PerformanceProfile.Of(scores, [0, 1, 2, 4.5, 5]);
        double[] expected = [1, 7.0 / 12, (1.0 / 3 + 1.0 / 2) / 2, 1.0 / 4, 0];
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], profile[i], 12);
    }

    [Fact]
    public void Equal_scores_have_an_interval_of_no_width()
    {
        var scores = new RunScores([[0.1, 0.1, 0.1], [0.7, 0.7]]);
        double mean = TaskMeans.Mean(scores);
        Assert.Equal(new Interval(mean, mean), Bootstrap.Interval(scores, TaskMeans.Mean));
        Assert.Equal(new Interval(1, 1), Bootstrap.Interval(scores, RunScoresBelow(scores), ProbabilityOfImprovement.Of));

        static RunScores RunScoresBelow(RunScores scores) => new([.. scores.Tasks.Select(runs => runs.Select(score => score - 1).ToArray())]);
    }

    [Fact]
    public void An_interval_of_two_values_is_that_of_the_binomial()
    {
        // Ten runs, half of them 0 and half 1: ten times a resample's mean is Binomial(10, 1/2). P(≤ 1) = 11/1024 = 0.011 and
        // P(≤ 2) = 56/1024 = 0.055, so the 2.5th percentile is 0.2, and by symmetry the 97.5th 0.8. At 80 %, P(≤ 2) = 0.055
        // and P(≤ 3) = 176/1024 = 0.172: 0.3 and 0.7.
        var scores = RunScores.OfOneTask(0, 1, 0, 1, 0, 1, 0, 1, 0, 1);
        var wide = Bootstrap.Interval(scores, TaskMeans.Mean);
        Assert.Equal((0.2, 0.8), (Math.Round(wide.Low, 12), Math.Round(wide.High, 12)));
        var narrow = new StratifiedBootstrap(20_000, level: 0.8).Interval(scores, TaskMeans.Mean);
        Assert.Equal((0.3, 0.7), (Math.Round(narrow.Low, 12), Math.Round(narrow.High, 12)));
    }

    [Fact]
    public void Runs_stay_with_their_tasks()
    {
        // Tasks of 0 and 100, two runs each: drawn from all four the mean would go from 0 to 100, within each task it is 50.
        var scores = new RunScores([[0, 0], [100, 100]]);
        Assert.Equal(new Interval(50, 50), Bootstrap.Interval(scores, TaskMeans.Mean));
    }

    [Fact]
    public void The_two_of_a_comparison_are_drawn_independently()
    {
        // Runs 0 1 against 0 1: with the same draws for both the probability is always 1/2. Drawn apart it is
        // 1/2 + (x̄ − ȳ) / 2, and x̄ − ȳ is 1 with probability 1/16, more than 2.5 %, and −1 likewise: from 0 to 1.
        var scores = RunScores.OfOneTask(0, 1);
        Assert.Equal(new Interval(0, 1), Bootstrap.Interval(scores, scores, ProbabilityOfImprovement.Of));
    }

    [Fact]
    public void One_run_has_no_interval()
    {
        var single = new RunScores([[1, 2, 3], [4]]);
        Assert.False(single.HasSpread);
        Assert.Throws<ArgumentException>(() => Bootstrap.Interval(single, TaskMeans.Mean));
        Assert.Throws<ArgumentException>(() => Bootstrap.Interval(new RunScores([[1, 2], [1, 2]]), single, ProbabilityOfImprovement.Of));
        var aggregates = AggregateScores.Of(single, 5, Bootstrap);
        Assert.Equal((3, null), (aggregates.Mean.Value, aggregates.Mean.Interval));
        Assert.Equal((2.5, null), (aggregates.InterquartileMean.Value, aggregates.InterquartileMean.Interval));
        Assert.Equal((2, null), (aggregates.OptimalityGap!.Value.Value, aggregates.OptimalityGap.Value.Interval));
        Assert.Null(AggregateScores.Of(single, null, Bootstrap).OptimalityGap);
    }

    [Fact]
    public void The_same_scores_have_the_same_interval_and_another_seed_another()
    {
        var scores = RunScores.OfOneTask(1, 4, 9, 16, 25, 36.5, 47);
        var first = new StratifiedBootstrap(500).Interval(scores, TaskMeans.Mean);
        Assert.Equal(first, new StratifiedBootstrap(500).Interval(scores, TaskMeans.Mean));
        Assert.Equal(first, AggregateScores.Of(scores, null, new StratifiedBootstrap(500)).Mean.Interval);
        Assert.NotEqual(first, new StratifiedBootstrap(500, seed: 1).Interval(scores, TaskMeans.Mean));
    }

    [Fact]
    public void What_is_no_set_of_scores_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new RunScores([]));
        Assert.Throws<ArgumentException>(() => new RunScores([[1], []]));
        Assert.Contains("run 1 of task 0", Assert.Throws<ArgumentException>(() => RunScores.OfOneTask(1, double.NaN)).Message, StringComparison.Ordinal);
        Assert.Equal("a whole number from 100 to 1000000", Assert.Throws<InvalidSettingException>(() => new StratifiedBootstrap(99)).Allowed);
        Assert.Throws<InvalidSettingException>(() => new StratifiedBootstrap(level: 1));
    }
}
