using System.Text.Json;
using EDA.Bench.Kernels;
using EDA.Bench.Peaks;
using EDA.Bench.Profiling;
using EDA.Bench.Results;
using EDA.Bench.Steps;
using EDA.Bench.Verification;
using EDA.Kernels;
using EDA.Tests.Host;

namespace EDA.Tests.Bench;

/// <summary>What the parts of a measurement left, as one JSON and one Markdown file.</summary>
[Trait("speed", "slow")]
public sealed class ResultsTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Everything_found_is_in_both_files_with_times_in_proportion()
    {
        string parts = _folder.At("parts");
        Directory.CreateDirectory(parts);
        new VerificationTable("gpu", "tf32", "cpu", [new VerificationRow("bandit", "score", 1e-3, 3e-3), new VerificationRow("bandit", "samples, repeated", 0, 0)]).Save(Path.Combine(parts, "1.json"));
        Steps("eda", "tf32", 0.25e-3, ("behavior_2000", 0.5)).Save(Path.Combine(parts, "2.json"));
        Steps("pytorch", "tf32", 5e-3, ("behavior_500", 2.5)).Save(Path.Combine(parts, "3.json"));
        Steps("jax", "fp32", 1e-3).Save(Path.Combine(parts, "4.json"));
        var peaks = new DevicePeaks(50_000, "multiply-adds", 3000, "copy");
        var kernels = UsageRow.Of([new UsageTotal("pretraining", "product_tf32_store", 3, 30e-6, 3e9, 3e6)], peaks, [new KernelResources("product_tf32_store", 96, 0, 34816)]);
        new KernelDocument("gpu", "tf32", 50_000, peaks, [new KernelRow("pretraining", 0.25e-3, 150_000, 3, 0)], kernels).Save(Path.Combine(parts, "5.json"));

        File.WriteAllText(Path.Combine(parts, "6.json"), """{"part":"jax-tf32","status":"left out","seconds":0.4,"limit":50,"why":"no jax | here"}""");

        var result = Report(parts, "results");
        Assert.Equal(string.Empty, result.Error);
        using var document = JsonDocument.Parse(File.ReadAllText(_folder.At("results.json")));
        Assert.Equal(["date", "commit", "gpu", "system", "verifications", "kernels", "steps", "parts"], document.RootElement.EnumerateObject().Select(property => property.Name));
        Assert.Equal(["eda", "pytorch", "jax"], document.RootElement.GetProperty("steps").EnumerateArray().Select(table => table.GetProperty("program").GetString()));
        Assert.True(document.RootElement.GetProperty("verifications")[0].GetProperty("passed").GetBoolean());

        string page = File.ReadAllText(_folder.At("results.md"));
        Assert.Contains("Commit 1234abcd", page, StringComparison.Ordinal);
        Assert.Contains("| jax-tf32 | **left out** | 0 | 50 | no jax \\| here |", page, StringComparison.Ordinal);
        Assert.Contains("| tf32 | 2 | 0 | bandit, score | 1.0e-03 | 3e-03 |", page, StringComparison.Ordinal);
        Assert.Contains("| pretraining_step | 0.250 | 5.000 / 20.0 × | 1.000 |", page, StringComparison.Ordinal);
        Assert.Contains("| behavior | 0.250 | 5.000 / 20.0 × | – |", page, StringComparison.Ordinal);
        Assert.Contains("| `product_tf32_store` | 3 | 30.0 | 100.0 % | 100000 | 200.0 % | 100 | 3.3 % | 96 | 0 |", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_are_there_are_kept_and_what_is_no_measurement_is_named()
    {
        string parts = _folder.At("parts");
        Directory.CreateDirectory(parts);
        Assert.Equal(2, Report(parts, "results").Status);
        Steps("eda", "fp32", 1).Save(Path.Combine(parts, "1.json"));
        File.WriteAllText(_folder.At("results.md"), "mine");
        Assert.Contains("nothing is overwritten", Assert.Single(Report(parts, "results").ErrorLines), StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(_folder.At("results.md")));
        File.WriteAllText(Path.Combine(parts, "2.json"), "{");
        var refused = Report(parts, "others");
        Assert.Equal(2, refused.Status);
        Assert.Contains("2.json", Assert.Single(refused.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void Steps_and_stages_are_timed_under_the_names_the_peers_use()
    {
        string file = _folder.At("steps.json");
        var result = BenchProcess.RunWithStandIn(_folder.Path, "bench", "steps", "--device", "software", "--small", "--stage-steps", "1", "--stage-states", "2", "--json", file);
        Assert.Equal(string.Empty, result.Error);
        using var document = JsonDocument.Parse(File.ReadAllText(file));
        Assert.Equal("eda", document.RootElement.GetProperty("program").GetString());
        Assert.Equal(
            ["pretraining_step", "alignment_step", "iql_step", "score", "sampling"], document.RootElement.GetProperty("steps").EnumerateObject().Select(step => step.Name));
        Assert.Equal(["behavior_1", "alignment_1", "candidates_2"], document.RootElement.GetProperty("stages").EnumerateObject().Select(stage => stage.Name));
        Assert.All(document.RootElement.GetProperty("steps").EnumerateObject(), step => Assert.True(step.Value.GetDouble() > 0));
    }

    private static StepsDocument Steps(string program, string precision, double seconds, params (string Key, double Seconds)[] stages) =>
        new(program, "1", "some way", "gpu", precision, new Dictionary<string, double> { ["pretraining_step"] = seconds }, stages.ToDictionary(stage => stage.Key, stage => stage.Seconds));

    private EdaResult Report(string parts, string name) =>
        BenchProcess.Run(_folder.Path, "bench", "report", "--in", parts, "--out", _folder.At(name), "--commit", "1234abcd", "--gpu", "A GPU, 580.1");
}
