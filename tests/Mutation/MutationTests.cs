using System.Globalization;
using Xunit.Abstractions;

namespace EDA.Tests.Mutation;

/// <summary>
/// Changed files of every format, a few hundred each. In the long form <c>EDA_MUTATIONS=10000</c> says how many, and
/// <c>EDA_MUTATION_SEED</c> which.
/// </summary>
[Trait("speed", "slow")]
public sealed class MutationTests(ITestOutputHelper output)
{
    private const int Short = 200;

    public static TheoryData<string> Formats => [.. MutatedFormat.All.Keys.Except(["hdf5", "minari", "faulty"])];

    [OptionalTheory(OptionalNeeds.Hdf5)]
    [InlineData("hdf5")]
    [InlineData("minari")]
    public void Changed_hdf5_files_are_read_or_refused_in_a_line(string format) => Try(format);

    [Theory]
    [MemberData(nameof(Formats))]
    public void Changed_files_are_read_or_refused_in_a_line(string format) => Try(format);

    [OptionalFact(OptionalNeeds.Linux)]
    public void Every_fault_of_a_reader_is_seen()
    {
        using var kept = new Host.ScratchFolder();
        var report = new MutationDriver("faulty", 1) { Limit = TimeSpan.FromSeconds(2), Kept = kept.Path }.Run(30);
        Assert.Equal(FaultyFormat.Faults.Keys, report.Failures.Select(failure => failure.Index).Order());
        Assert.All(report.Failures, failure => Assert.Contains(FaultyFormat.Faults[failure.Index], failure.What, StringComparison.Ordinal));
        Assert.All(report.Failures, failure => Assert.True(File.Exists(Path.Combine(failure.File, "case.faulty")), failure.File));
        Assert.Equal((15, 8), (report.Accepted, report.Refused));
    }

    [Fact]
    public void A_number_is_always_the_same_file()
    {
        foreach (string name in (string[])["npz", "csv", "weights", "config"])
        {
            using MutatedFormat one = MutatedFormat.All[name](), other = MutatedFormat.All[name]();
            Assert.All(Enumerable.Range(0, 50), index => Assert.Equal(one.File(7, index), other.File(7, index)));
        }
    }

    private void Try(string name)
    {
        int seed = Setting("EDA_MUTATION_SEED", 1), cost;
        using (var format = MutatedFormat.All[name]())
            cost = format.Cost;
        int count = Setting("EDA_MUTATIONS", Short) / cost;
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var report = new MutationDriver(name, seed).Run(count);
        string summary = string.Create(
            CultureInfo.InvariantCulture, $"{name}, seed {seed}: {report.Tried} of {count} files, {report.Accepted} read, {report.Refused} refused, {report.Failures.Count} failures, {watch.Elapsed.TotalSeconds:0} s");
        output.WriteLine(summary);
        if (Environment.GetEnvironmentVariable("EDA_MUTATION_REPORT") is { Length: > 0 } file)
            File.AppendAllLines(file, [summary, .. report.Failures.Select(failure => "  " + failure)]);
        Assert.True(report.Failures.Count == 0, summary + "\n" + string.Join('\n', report.Failures));
        Assert.Equal(count, report.Tried);
        Assert.True(report.Accepted > 0 && (report.Refused > 0 || name is "metrics" or "events"), summary);
    }

    private static int Setting(string variable, int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : usual;
}
