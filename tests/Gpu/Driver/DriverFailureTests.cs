using System.Text.Json;
using EDA.Tests.Host;

namespace EDA.Tests.Gpu.Driver;

/// <summary>What the user reads when an NVIDIA driver fails: one line, with the GPU, what was being done, and the driver's words.</summary>
[Trait("speed", "slow")]
public sealed class DriverFailureTests(FakeDriver driver) : IClassFixture<FakeDriver>, IDisposable
{
    private const string Address = "an illegal memory access was encountered";

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Attribute 13 is the clock rate, 36 the memory's. ILGPU reads both.
    [OptionalFact(OptionalNeeds.FakeDriver)]
    public void A_gpu_that_cannot_be_read_is_named_with_what_the_driver_does_not_tell()
    {
        var doctor = driver.Eda(_folder.Path, [("GPUS", "2"), ("ATTRIBUTE", "0:36")], "doctor");
        Assert.Equal(0, doctor.Status);
        string[] lines = doctor.Output.Split('\n');
        Assert.Contains(lines, line => line.StartsWith("cuda:0 ", StringComparison.Ordinal) && line.EndsWith(" Fake GPU 0, cannot be used: the NVIDIA driver does not tell its MEMORY_CLOCK_RATE: invalid argument", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("cuda:1 ", StringComparison.Ordinal) && line.Contains(" Fake GPU 1, compute capability 9.0", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("devices ", StringComparison.Ordinal) && line.EndsWith(" cpu, cuda:1", StringComparison.Ordinal));

        var refused = driver.Bench(_folder.Path, [("ATTRIBUTE", "0:13")], "verify", "--device", "cuda");
        Assert.Equal((2, "eda: cuda:0 (Fake GPU 0) cannot be used: the NVIDIA driver does not tell its CLOCK_RATE: invalid argument\n"), (refused.Status, refused.Error));
    }

    [OptionalFact(OptionalNeeds.FakeDriver)]
    public void A_gpu_beside_one_that_cannot_be_read_is_used()
    {
        var result = Train([("GPUS", "2"), ("ATTRIBUTE", "0:13")], "cuda:1");
        Assert.Equal((0, string.Empty), (result.Status, result.Error));
    }

    // Every later call fails too: copies, waits, freeing, and so what is done on the way out.
    [OptionalTheory(OptionalNeeds.FakeDriver)]
    [InlineData("LAUNCH", "1", "launching set_draw")]
    [InlineData("LAUNCH", "20", "launching ")]
    [InlineData("REPLAY", "3:700", "recording or replaying DenoisingStep")]
    public void The_first_failure_is_the_one_line_that_the_user_reads(string what, string which, string doing)
    {
        var result = Train([(what, which)], "cuda");
        Assert.Equal(1, result.Status);
        string line = Assert.Single(result.ErrorLines);
        Assert.StartsWith($"eda: cuda:0 (Fake GPU 0): {doing}", line, StringComparison.Ordinal);
        Assert.EndsWith($" failed: {Address}", line, StringComparison.Ordinal);
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder.At("run"), "result.json")));
        Assert.Equal(line["eda: ".Length..], document.RootElement.GetProperty("error").GetString());

        var measured = driver.Bench(_folder.Path, [(what, which)], "verify", "--small", "--device", "cuda");
        Assert.Equal(1, measured.Status);
        Assert.EndsWith($" failed: {Address}", Assert.Single(measured.ErrorLines), StringComparison.Ordinal);
    }

    [OptionalFact(OptionalNeeds.FakeDriver)]
    public void Memory_that_runs_out_is_said_in_one_line()
    {
        var result = Train([("ALLOCATE", "12")], "cuda");
        Assert.Equal(2, result.Status);
        Assert.StartsWith("eda: cuda:0 has 8.0 GiB of its 8.0 GiB of memory free", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [OptionalTheory(OptionalNeeds.FakeDriver)]
    [InlineData("CAPTURE", "1", 0)]
    [InlineData("REPLAY", "1", 2)]
    [InlineData("REPLAY", "2", 3)]
    public void Without_a_graph_that_works_kernels_are_launched_and_that_is_said_once(string what, string which, int replays)
    {
        var result = Train([(what, which), ("LOG", _folder.At("log"))], "cuda");
        Assert.Equal((0, "eda: cuda:0 cannot record its launches as a CUDA graph, or cannot run one; it goes on without, and slower\n"), (result.Status, result.Error));

        // Each operation is tried once: the steps of both stages; a model samples once.
        string[] calls = File.ReadAllLines(_folder.At("log"));
        Assert.Equal((2, replays), (calls.Count(call => call == "capture"), calls.Count(call => call == "replay")));
    }

    [OptionalFact(OptionalNeeds.FakeDriver)]
    public void Nothing_is_recorded_where_graphs_are_not_wanted()
    {
        Assert.Equal(0, Train([("LOG", _folder.At("log"))], "cuda").Status);
        Assert.Contains("replay", File.ReadAllLines(_folder.At("log")));
        File.Delete(_folder.At("log"));
        Directory.Delete(_folder.At("run"), recursive: true);
        Assert.Equal(0, Train([("LOG", _folder.At("log"))], "cuda", "--no-graphs").Status);
        Assert.False(File.Exists(_folder.At("log")));
        using var config = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder.At("run"), "config.json")));
        Assert.Contains(" --device cuda --no-graphs", config.RootElement.GetProperty("command").GetString(), StringComparison.Ordinal);

        // What comes of kernels that do nothing is wrong; that they ran is all there is to see.
        Assert.Equal(1, driver.Bench(_folder.Path, [("LOG", _folder.At("log"))], "verify", "--small", "--device", "cuda", "--no-graphs").Status);
        Assert.False(File.Exists(_folder.At("log")));
    }

    private EdaResult Train((string Name, string Value)[] failures, string device, params string[] more)
    {
        string[] settings = ["width=32", "blocks=1", "points=500", "behavior.batch=33", "behavior.steps=6", "behavior.reportEvery=2", "alignment.states=5", "candidates=3", "alignment.steps=6", "samples=33", "heldOut=17", "distancePoints=16"];
        return driver.Eda(_folder.Path, failures, ["run", "bandit-moons", "--budget", "smoke", "--device", device, "--out", _folder.At("run"), .. more, .. settings.SelectMany(setting => new[] { "--set", setting })]);
    }
}
