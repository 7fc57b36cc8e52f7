using System.Text.Json.Nodes;
using EDA.Tests.Host;

namespace EDA.Tests.Experiments;

/// <summary>A report of a run that was trained: a bandit's, by its exact numbers.</summary>
[Collection(nameof(SmokeRun))]
[Trait("speed", "slow")]
public sealed class BanditReportTests(SmokeRun run) : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_bandits_numbers_are_those_of_its_result()
    {
        var report = EdaProcess.Run(_folder.Path, "report", run.Folder, "--out", "report");
        Assert.True(report.Status == 0, report.Error);
        Assert.Contains("Scores on bandit-8gaussians (smoke)", report.Output, StringComparison.Ordinal);
        Assert.Contains("one seed: no spread", report.Output, StringComparison.Ordinal);
        var result = JsonNode.Parse(File.ReadAllText(run.At("result.json")))!;
        string[] lines = File.ReadAllLines(_folder.At("report/scores.csv"));
        foreach (string name in (string[])["q_correlation", "q_slope", "policy_mean_q", "energy_distance_policy"])
            Assert.EndsWith($",5,{name},{result[name]!.GetValue<double>():R}", Assert.Single(lines, line => line.Contains($",{name},", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.True(File.Exists(_folder.At("report/figures/exact.svg")));
    }
}
