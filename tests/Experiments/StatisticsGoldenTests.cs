using System.Text.Json;
using EDA.Engine.Experiments.Statistics;

namespace EDA.Tests.Experiments;

/// <summary>The statistics against SciPy's and NumPy's, resample by resample: tests/Golden/generate_statistics.py wrote the file.</summary>
public sealed class StatisticsGoldenTests
{
    private const double Tolerance = 1e-9;

    public sealed record Case(
        string Name, ulong Seed, int Replications, double Gamma, double[][] X, double[][] Y, double[] Thresholds, double[] Aggregates,
        double[][] AggregateIntervals, double[] Profile, double[][] ProfileIntervals, double Improvement, double[] ImprovementInterval);

    private static readonly Case[] All = JsonSerializer.Deserialize<Case[]>(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "data", "statistics.json")), JsonSerializerOptions.Web)!;

    public static TheoryData<string> Names => [.. All.Select(one => one.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Everything_is_what_scipy_says(string name)
    {
        var golden = All.Single(one => one.Name == name);
        RunScores x = new(golden.X), y = new(golden.Y);
        var bootstrap = new StratifiedBootstrap(golden.Replications, seed: golden.Seed);

        var aggregates = AggregateScores.Of(x, golden.Gamma, bootstrap);
        Estimate[] estimates = [aggregates.Mean, aggregates.Median, aggregates.InterquartileMean, aggregates.OptimalityGap!.Value];
        Near(golden.Aggregates, [.. estimates.Select(one => one.Value)]);
        Near(golden.AggregateIntervals, [.. estimates.Select(one => one.Interval!.Value)]);

        Near(golden.Profile, PerformanceProfile.Of(x, golden.Thresholds));
        Near(golden.ProfileIntervals, bootstrap.Intervals(x, resample => PerformanceProfile.Of(resample, golden.Thresholds)));

        Near([golden.Improvement], [ProbabilityOfImprovement.Of(x, y)]);
        Near([golden.ImprovementInterval], [bootstrap.Interval(x, y, ProbabilityOfImprovement.Of)]);
    }

    private static void Near(double[][] expected, Interval[] intervals) =>
        Near([.. expected.SelectMany(ends => ends)], [.. intervals.SelectMany(interval => (double[])[interval.Low, interval.High])]);

    private static void Near(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) < Tolerance, $"number {i} is {actual[i]:R} and not {expected[i]:R}");
    }
}
