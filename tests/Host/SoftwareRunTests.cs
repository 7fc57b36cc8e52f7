using System.Text.Json;
using EDA.Tests.Bench;

namespace EDA.Tests.Host;

/// <summary>A whole run by the GPU's kernels, through the command line, on a machine without a GPU.</summary>
[Trait("speed", "slow")]
public sealed class SoftwareRunTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_bandit_runs_from_end_to_end_and_its_weights_serve_every_command()
    {
        string run = _folder.At("run");
        string[] settings =
        [
            "width=32", "blocks=1", "points=500", "behavior.batch=33", "behavior.steps=4", "behavior.reportEvery=2", "alignment.states=5", "candidates=3", "alignment.steps=4",
            "alignment.reportEvery=2", "samples=33", "heldOut=17", "distancePoints=16",
        ];
        var result = Eda(["run", "bandit-moons", "--budget", "smoke", "--device", "software", "--precision", "fp32", "--out", run, .. settings.SelectMany(setting => new[] { "--set", setting })]);
        Assert.True(result.Status == 0, result.Error);
        using var numbers = Document(run, "result.json");
        Assert.StartsWith("software", numbers.RootElement.GetProperty("device").GetString(), StringComparison.Ordinal);
        Assert.Equal("fp32", numbers.RootElement.GetProperty("precision").GetString());
        Assert.Equal(4, numbers.RootElement.GetProperty("steps").GetProperty("alignment").GetInt32());
        Assert.True(double.IsFinite(numbers.RootElement.GetProperty("q_slope").GetDouble()));
        using var config = Document(run, "config.json");
        Assert.Equal("software", config.RootElement.GetProperty("device").GetString());
        Assert.Equal("fp32", config.RootElement.GetProperty("precision").GetString());
        Assert.Contains("--device software --precision fp32", config.RootElement.GetProperty("command").GetString(), StringComparison.Ordinal);

        // The same weights give the same numbers on both devices, to rounding.
        string weights = Path.Combine(run, "checkpoints", "policy.safetensors");
        File.WriteAllLines(_folder.At("points.csv"), ["a0,a1,t", "0.5,-0.25,0.3", "1.5,0.75,0.9", "-1,0.1,0.01"]);
        Compare("density", ["--in", _folder.At("points.csv")], "f");
        Compare("score", ["--in", _folder.At("points.csv")], "eps0");
        Compare("sample", ["--n", "3", "--seed", "5"], "a1");

        void Compare(string command, string[] arguments, string column)
        {
            var (cpu, software) = (Column("cpu"), Column("software"));
            Assert.Equal(3, cpu.Length);
            for (int i = 0; i < cpu.Length; i++)
                Assert.Equal(cpu[i], software[i], 1e-4 * (1 + Math.Abs(cpu[i])));

            double[] Column(string device)
            {
                string target = _folder.At($"{command}-{device}.csv");
                var done = Eda([command, "--weights", weights, "--out", target, "--device", device, .. arguments]);
                Assert.True(done.Status == 0, done.Error);
                string[][] rows = [.. File.ReadAllLines(target).Select(line => line.Split(','))];
                int at = Array.IndexOf(rows[0], column);
                return [.. rows.Skip(1).Select(row => double.Parse(row[at], System.Globalization.CultureInfo.InvariantCulture))];
            }
        }
    }

    private static JsonDocument Document(string folder, string name) => JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, name)));

    private EdaResult Eda(string[] arguments) => BenchProcess.RunWithStandIn(_folder.Path, arguments);
}
