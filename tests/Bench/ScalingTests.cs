using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using EDA.Tests.Host;

namespace EDA.Tests.Bench;

/// <summary>Sweeps over threads, batch size and K, and the list of suites.</summary>
[Trait("speed", "slow")]
public sealed class ScalingTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_sweep_is_timed_written_and_drawn_with_its_floor()
    {
        string json = _folder.At("scaling.json"), csv = _folder.At("scaling.csv"), svg = _folder.At("scaling.svg");
        var result = BenchProcess.Run(_folder.Path, "bench", "scaling", "--small", "--rounds", "1", "--json", json, "--csv", csv, "--chart", svg);
        Assert.Equal((0, string.Empty), (result.Status, result.Error));
        using var document = JsonDocument.Parse(File.ReadAllText(json));
        var rows = document.RootElement.GetProperty("sweeps").EnumerateArray().ToArray();
        Assert.Equal(["threads", "batch", "candidates"], rows.Select(row => row.GetProperty("sweep").GetString()).Distinct());
        Assert.All(rows, row => Assert.Equal(row.GetProperty("floor_seconds").GetDouble() / row.GetProperty("seconds").GetDouble(), row.GetProperty("peak_share").GetDouble(), 1e-9));
        // Nominal work: 6 units of 2·32·128·2 a row of one block of width 32.
        var pretraining = rows.Where(row => row.GetProperty("sweep").GetString() == "batch" && row.GetProperty("step").GetString() == "pretraining").ToArray();
        Assert.Equal([16, 32], pretraining.Select(row => row.GetProperty("value").GetInt32()));
        Assert.All(pretraining, row => Assert.Equal(6.0 * 2 * 32 * 128 * 2 * row.GetProperty("value").GetInt32(), row.GetProperty("flop").GetDouble()));
        string[] lines = File.ReadAllLines(csv);
        Assert.Equal(rows[0].EnumerateObject().Select(property => property.Name), lines[0].Split(','));
        Assert.Equal(rows.Length + 1, lines.Length);
        Assert.Equal(rows.Select(row => row.GetProperty("seconds").GetDouble()), lines[1..].Select(line => double.Parse(line.Split(',')[4], CultureInfo.InvariantCulture)));
        var words = XDocument.Load(svg).Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value).ToArray();
        Assert.All((string[])["threads", "rows of a batch", "pretraining", "sampling"], word => Assert.Contains(word, words));
        Assert.Contains(words, text => text.Contains("floor", StringComparison.Ordinal));
    }

    [Fact]
    public void Suites_are_listed_and_a_choice_of_none_is_refused()
    {
        var list = BenchProcess.Run(_folder.Path, "bench", "suite", "--list");
        Assert.Equal(0, list.Status);
        string[] operations = ["Density", "Score", "Gaps", "Objective", "DenoisingStep", "AlignmentStep", "Sample", "ImplicitStep", "SampledStep", "PolicyStep", "MinimumQ", "Value", "Act", "Adam", "PolyakAverage", "Gather", "FillNormal", "FillIndices", "Load"];
        Assert.All(operations, operation => Assert.Contains(list.Output.Split('\n'), line => line.TrimEnd().EndsWith($"Benchmarks.{operation}", StringComparison.Ordinal)));
        var none = BenchProcess.Run(_folder.Path, "bench", "suite", "--filter", "*Nothing*");
        Assert.Equal(2, none.Status);
        Assert.Contains("--list", none.ErrorLines[^1], StringComparison.Ordinal);
    }
}
