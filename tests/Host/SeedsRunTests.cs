using System.Text.Json;
using System.Text.Json.Nodes;
using EDA.Engine.Optimizers;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using EDA.Host.CommandLine;
using EDA.Host.Progress;
using EDA.Host.Reports;
using EDA.Host.Runs;
using EDA.Host.Setup;
using EDA.Kernels;
using EDA.Tests.Engine;

namespace EDA.Tests.Host;

/// <summary>What a run of several seeds leaves behind.</summary>
[Trait("speed", "slow")]
public sealed class SeedsRunTests : IDisposable
{
    private static readonly string[] _tiny =
    [
        "--budget", "smoke", "--set", "points=500", "width=32", "blocks=1", "behavior.batch=16", "behavior.steps=40", "states=4", "candidates=4", "alignment.steps=20",
        "heldOut=64", "samples=64", "distancePoints=32",
    ];

    private static readonly RunTask _rings = RunTask.Table.Find("bandit-rings");

    private static readonly RunSettings _run = RunBudgets.Get("smoke", _rings) with
    {
        Seed = 5,
        Points = 300,
        Width = 32,
        Blocks = 1,
        Behavior = new() { Batch = 16, Steps = 4, LearningRate = 1e-3, ReportEvery = 2 },
        Alignment = new() { States = 4, Candidates = 4, Steps = 4, LearningRate = 1e-3, ReportEvery = 2 },
        Evaluation = new() { HeldOut = 16, Samples = 16, DistancePoints = 16 },
    };

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Each_seed_leaves_the_folder_of_its_run_alone()
    {
        var together = EdaProcess.Run(_folder.Path, ["run", "bandit-rings", "--seeds", "8..10", .. _tiny]);
        Assert.True(together.Status == 0, together.Error);
        Assert.Contains("mean ± standard deviation of 3 of 3 seeds", together.Output, StringComparison.Ordinal);
        var alone = EdaProcess.Run(_folder.Path, ["run", "bandit-rings", "--seed", "9", .. _tiny]);
        Assert.True(alone.Status == 0, alone.Error);

        string parent = Path.Combine(_folder.Path, "runs", "bandit-rings-seeds8-10"), one = Path.Combine(_folder.Path, "runs", "bandit-rings-seed9");
        string same = Path.Combine(parent, "bandit-rings-seed9");
        Assert.Equal(["bandit-rings-seed10", "bandit-rings-seed8", "bandit-rings-seed9", "seeds.json"], Names(parent));
        Assert.Equal(Files(one), Files(same));
        foreach (string file in Files(one).Where(file => file is not ("result.json" or "index.html")))
        {
            // TensorBoard's records carry the time.
            if (!file.StartsWith("events", StringComparison.Ordinal))
                Assert.Equal(File.ReadAllBytes(Path.Combine(one, file)), File.ReadAllBytes(Path.Combine(same, file)));
        }

        var (expected, result) = (Read(one, "result.json"), Read(same, "result.json"));
        Assert.Equal("8..10", (string?)result["seeds"]);
        result.Remove("seeds");
        foreach (string timed in new[] { "seconds", "started" })
        {
            Assert.Equal(Keys(expected[timed]!), Keys(result[timed]!));
            expected.Remove(timed);
            result.Remove(timed);
        }

        Assert.Equal(expected.ToJsonString(), result.ToJsonString());

        // The summary holds what the results hold.
        var summary = Read(parent, "seeds.json");
        JsonObject[] results = [.. new[] { 8, 9, 10 }.Select(seed => Read(Path.Combine(parent, $"bandit-rings-seed{seed}"), "result.json"))];
        Assert.Equal(3, (int)summary["finished"]!);
        Assert.Equal(["bandit-rings-seed8", "bandit-rings-seed9", "bandit-rings-seed10"], summary["runs"]!.AsArray().Select(run => (string)run!["folder"]!));
        foreach (string key in new[] { "q_correlation", "q_slope", "target_mean_q", "behavior_mean_q", "policy_mean_q", "energy_distance_behavior", "energy_distance_policy" })
        {
            double[] values = [.. results.Select(each => (double)each[key]!)];
            double mean = values.Sum() / 3, deviation = Math.Sqrt(values.Sum(value => Math.Pow(value - mean, 2)) / 2);
            Assert.Equal(mean, (double)summary[key]!["mean"]!, 1e-12);
            Assert.Equal(deviation, (double)summary[key]!["deviation"]!, 1e-12);
        }

        string page = File.ReadAllText(Path.Combine(SourceTree.RequireRoot(), "docs", "run-folder.md"));
        Assert.All(Keys(summary).Concat(Keys(summary["q_slope"]!)).Concat(Keys(summary["runs"]![0]!)), key => Assert.Contains($"`{key}`", page, StringComparison.Ordinal));
        Assert.Contains("`seeds`", page[page.IndexOf("## result.json", StringComparison.Ordinal)..page.IndexOf("## metrics.csv", StringComparison.Ordinal)], StringComparison.Ordinal);

        // Nothing is written over.
        var again = EdaProcess.Run(_folder.Path, ["run", "bandit-rings", "--seeds", "8..10", "--out", parent, .. _tiny]);
        Assert.Equal(2, again.Status);
        Assert.Contains("--out", Assert.Single(again.ErrorLines), StringComparison.Ordinal);
        Assert.Equal(summary.ToJsonString(), Read(parent, "seeds.json").ToJsonString());
    }

    [Fact]
    public void Taken_folders_are_numbered()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "runs", "bandit-rings-seeds0-0"));
        var result = EdaProcess.Run(_folder.Path, ["run", "bandit-rings", "--seeds", "0..0", .. _tiny]);
        Assert.True(result.Status == 0, result.Error);
        Assert.Equal(["bandit-rings-seed0", "seeds.json"], Names(Path.Combine(_folder.Path, "runs", "bandit-rings-seeds0-0-2")));
        Assert.Equal(JsonValueKind.Null, JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder.Path, "runs", "bandit-rings-seeds0-0-2", "seeds.json"))).RootElement.GetProperty("q_slope").GetProperty("deviation").ValueKind);
    }

    [Fact]
    public void A_diverged_seed_is_reported_and_the_others_finish()
    {
        var (folder, outcome) = Execute("diverged", default, Breaking);
        Assert.Equal([null, "behavior diverged: the loss is NaN after 4 steps; a smaller behavior.learningRate may help, in a run of its own; what was saved before stays", null], outcome.Runs.Select(run => run.Error));
        Assert.False(outcome.Interrupted);
        var summary = Read(folder.FullPath, "seeds.json");
        Assert.Equal(2, (int)summary["finished"]!);
        Assert.Contains("behavior diverged", (string?)summary["runs"]![1]!["error"], StringComparison.Ordinal);
        Assert.Null(summary["runs"]![0]!["error"]);
        string broken = Path.Combine(folder.FullPath, "bandit-rings-seed6");
        Assert.Contains("behavior diverged", (string?)Read(broken, "result.json")["error"], StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(broken, "checkpoints")));
        Assert.True(File.Exists(Path.Combine(broken, "index.html")));
        Assert.Equal(["behavior", "alignment", "evaluation"], outcome.Runs[2].Stages.Select(stage => stage.Stage));
        Assert.True(File.Exists(Path.Combine(folder.FullPath, "bandit-rings-seed7", "checkpoints", "policy.safetensors")));

        // With the numbers that they have among themselves alone.
        var (_, alone) = RunExecution.Begin(Request.Alone(7), _folder.At("alone"), null, new PlainDisplay(), default);
        Assert.Equal(alone.Exact, outcome.Runs[2].Exact);
    }

    [Fact]
    public void An_interrupted_run_leaves_what_there_is_of_every_seed()
    {
        using var source = new CancellationTokenSource();
        var (folder, outcome) = Execute("interrupted", source.Token, Request, new PlainDisplay { OnProgress = progress => { if (progress.Stage == "alignment") source.Cancel(); } });
        Assert.True(outcome.Interrupted);
        var summary = Read(folder.FullPath, "seeds.json");
        Assert.True((bool)summary["interrupted"]!);
        Assert.Equal(0, (int)summary["finished"]!);
        Assert.False(summary.ContainsKey("q_slope"));
        foreach (int seed in new[] { 5, 6, 7 })
        {
            string run = Path.Combine(folder.FullPath, $"bandit-rings-seed{seed}");
            Assert.True((bool)Read(run, "result.json")["interrupted"]!);
            Assert.Equal(["alignment.state.safetensors", "behavior.safetensors", "behavior.state.safetensors", "policy.safetensors"], Names(Path.Combine(run, "checkpoints")));
        }

        // It goes on, also with a seed whose folder was made and never begun, to what it would have come to.
        var (whole, expected) = Execute("whole", default, Request);
        File.WriteAllText(Path.Combine(folder.FullPath, "bandit-rings-seed7", "config.json"), string.Empty);
        var (opened, seeds) = SeedsFolder.Open(folder.FullPath);
        var resumed = RunExecution.ContinueSeeds(opened, seeds, request => request, null, new PlainDisplay(), default);
        Assert.False(resumed.Interrupted);
        Assert.Equal(expected.Numbers, resumed.Numbers);
        Assert.Equal(3, (int)Read(folder.FullPath, "seeds.json")["finished"]!);
        foreach (int seed in new[] { 5, 6, 7 })
        {
            string policy = Path.Combine($"bandit-rings-seed{seed}", "checkpoints", "policy.safetensors");
            Assert.Equal(File.ReadAllBytes(Path.Combine(whole.FullPath, policy)), File.ReadAllBytes(Path.Combine(folder.FullPath, policy)));
        }
    }

    [Fact]
    public void A_failure_is_written_down_for_every_seed()
    {
        var failure = new InvalidOperationException("out of\npaper");
        var display = new PlainDisplay { OnProgress = progress => { if (progress.Stage == "alignment") throw failure; } };
        Assert.Same(failure, Assert.Throws<InvalidOperationException>(() => Execute("failed", default, Request, display)));
        Assert.Equal("out of paper", (string?)Read(_folder.At("failed"), "seeds.json")["error"]);
        foreach (int seed in new[] { 5, 6, 7 })
        {
            string run = Path.Combine(_folder.At("failed"), $"bandit-rings-seed{seed}");
            Assert.Equal("out of paper", (string?)Read(run, "result.json")["error"]);
            Assert.Equal(["alignment.state.safetensors", "behavior.safetensors", "behavior.state.safetensors", "policy.safetensors"], Names(Path.Combine(run, "checkpoints")));
        }
    }

    [Fact]
    public void Progress_is_that_of_one_run()
    {
        var display = new PlainDisplay();
        Execute("shown", default, Breaking, display);
        Assert.Equal(
            ["started behavior 0/4", "2/4", "4/4", "finished behavior 4", "started alignment 0/4", "2/4", "4/4", "finished alignment 4", "started evaluation 0/1", "finished evaluation 1"],
            display.Recorder.Events);
    }

    private static IEnumerable<string> Names(string folder) => Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);

    private static string[] Files(string folder) => [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(folder, path))
        .Select(path => path.StartsWith("events.out.tfevents.", StringComparison.Ordinal) ? "events" : path)
        .Order(StringComparer.Ordinal)];

    private static JsonObject Read(string folder, string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, file)))!.AsObject();

    private static IEnumerable<string> Keys(JsonNode node) => node is JsonObject document ? document.Select(pair => pair.Key) : [];

    private static RunRequest Request => new() { Task = _rings, Budget = "smoke", Device = "cpu", Settings = _run, Options = [], Seeds = new SeedRange(5, 3) };

    private static RunRequest Breaking => Request with
    {
        Settings = _run with { Optimizer = new() { Name = new OptimizerKind("breaking", _ => (device, parameters, _) => new BreakingAdam(device, parameters)) } },
    };

    private (SeedsFolder Folder, SeedsOutcome Outcome) Execute(string name, CancellationToken cancellation, RunRequest request, PlainDisplay? display = null) =>
        RunExecution.BeginSeeds(request, _folder.At(name), display ?? new PlainDisplay(), cancellation);

    // Adam that loses the second model's numbers at its third step, where the first stage is half way.
    private sealed class BreakingAdam(IDevice device, DeviceArray<float> parameters) : ChangedAdam("breaking", device, parameters)
    {
        public override void Step(DeviceArray<float> gradient)
        {
            base.Step(gradient);
            if (StepCount != 3)
                return;
            float[] broken = new float[Parameters.Length / 3];
            Array.Fill(broken, float.NaN);
            Parameters.CopyFrom(broken, broken.Length);
        }
    }

    private sealed class PlainDisplay : IProgressDisplay
    {
        public Action<TrainingProgress>? OnProgress { get; init; }

        public Recorder Recorder { get; private set; } = new();

        public T Show<T>(Func<ITrainingObserver, T> work)
        {
            Recorder = new Recorder { OnProgress = OnProgress };
            return work(Recorder);
        }
    }
}
