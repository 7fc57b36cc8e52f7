using System.Text.Json.Nodes;
using EDA.Kernels.Cpu.Matrix;

namespace EDA.Tests.Host;

/// <summary>--precision on the CPU: what this machine makes of it is written down, and holds from then on.</summary>
public sealed class PrecisionRunTests : IDisposable
{
    private static readonly string[] _tiny =
    [
        "--budget", "smoke", "--set", "points=300", "--set", "width=32", "--set", "blocks=1", "--set", "behavior.batch=16", "--set", "behavior.steps=8", "--set", "alignment.states=4",
        "--set", "alignment.candidates=4", "--set", "alignment.steps=8", "--set", "heldOut=16", "--set", "samples=16", "--set", "distancePoints=16",
    ];

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_says_what_it_computed_in()
    {
        string expected = MatrixChoice.Best(CpuPrecision.Bf16).Name;
        var result = Eda(["run", "bandit-moons", .. _tiny, "--precision", "bf16", "--out", "run"]);
        Assert.Equal(0, result.Status);
        Assert.Equal(expected, Word("run/config.json"));
        Assert.Equal(expected, Word("run/result.json"));
        Assert.Contains($"--precision {expected}", JsonNode.Parse(File.ReadAllText(_folder.At("run/config.json")))!["command"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(MatrixChoice.Best(CpuPrecision.Bf16) == MatrixChoice.Fp32, result.Error.Contains("this goes on in fp32", StringComparison.Ordinal));

        // The command that is written down does the same again, and a resumed run goes on in what it began in.
        Assert.Equal(0, Eda("resume", "run").Status);
        Assert.Equal(expected, Word("run/result.json"));
    }

    [OptionalFact(OptionalNeeds.NoAmxTiles)]
    public void A_run_in_tiles_does_not_go_on_without_them()
    {
        Assert.Equal(0, Eda(["behavior", "run", "--recipe", "bandit-moons", .. _tiny]).Status);
        string config = _folder.At("run/config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"precision\": \"fp32\"", "\"precision\": \"bf16x3-amx\"", StringComparison.Ordinal));
        var refused = Eda("resume", "run");
        Assert.Equal(2, refused.Status);
        string line = Assert.Single(refused.ErrorLines);
        Assert.Contains("bf16x3-amx takes AMX tiles", line, StringComparison.Ordinal);
        Assert.EndsWith("allowed is a machine that has them, or --precision fp32 for what has not begun", line, StringComparison.Ordinal);

        // The other way on: what has not begun in fp32.
        Assert.Equal(0, Eda("resume", "run", "--precision", "fp32").Status);
        Assert.Equal("fp32", Word("run/result.json"));
    }

    [OptionalFact(OptionalNeeds.NoAmxTiles)]
    public void A_sweep_in_tiles_is_left_to_machines_that_have_them()
    {
        var result = Eda(["sweep", "bandit-moons", .. _tiny, "--seeds", "0..1", "--precision", "bf16-amx", "--out", "sweep"]);
        Assert.NotEqual(0, result.Status);
        Assert.Contains("is for another machine: bf16-amx takes AMX tiles", result.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_folder.At("sweep"), "*.safetensors", SearchOption.AllDirectories));
    }

    private string Word(string file) => JsonNode.Parse(File.ReadAllText(_folder.At(file)))!["precision"]!.GetValue<string>();

    private EdaResult Eda(params string[] arguments) => EdaProcess.Run(_folder.Path, arguments);
}
