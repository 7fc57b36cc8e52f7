using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using EDA.Engine.Data.Formats;
using EDA.Engine.Evaluation;
using EDA.Tests.Data;

namespace EDA.Tests.Host;

/// <summary>The tests that look at the one small run on a point maze.</summary>
[CollectionDefinition(nameof(PointMazeRun))]
public sealed class PointMazeRunCollection : ICollectionFixture<PointMazeRun>;

/// <summary>One small run on a point maze by the command line, looked at by many tests.</summary>
public sealed class PointMazeRun : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public PointMazeRun()
    {
        Folder = _scratch.At("run");
        Result = EdaProcess.Run(_scratch.Path, ["run", "pointmaze-umaze", .. Small, "--label-fraction", "0.5", "--out", Folder]);
    }

    /// <summary>The smoke budget, smaller still.</summary>
    internal static string[] Small =>
    [
        "--budget", "smoke", "--seed", "3",
        "--set", "rows=600", "--set", "width=32", "--set", "blocks=1", "--set", "criticWidth=32", "--set", "behavior.steps=60", "--set", "critic.steps=100",
        "--set", "weighted.training.steps=30", "--set", "labels.mostStates=40", "--set", "labels.evaluations=3", "--set", "alignment.steps=20", "--set", "alignment.states=8", "--set", "evaluation.solverEvaluations=3",
    ];

    public string Scratch => _scratch.Path;

    public string Folder { get; }

    internal EdaResult Result { get; }

    public string At(params string[] parts) => Path.Combine([Folder, .. parts]);

    public void Dispose() => _scratch.Dispose();
}

/// <summary>Runs on datasets by the command line: what they leave behind, one stage at a time, interrupted, refused.</summary>
[Collection(nameof(PointMazeRun))]
[Trait("speed", "slow")]
public sealed partial class DatasetRunTests(PointMazeRun run) : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_succeeds_and_says_what_came_out()
    {
        Assert.True(run.Result.Status == 0, run.Result.Error);
        Assert.All(Rollouts.Names, name => Assert.Contains(run.Result.Output.Split('\n'), line => line.StartsWith(name + " ", StringComparison.Ordinal) && line.Contains("score", StringComparison.Ordinal)));
        Assert.Matches(@"candidates 100 %  40/40 steps  \d+ actions/s", run.Result.Output);
        Assert.Contains("held-out loss", run.Result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Result_holds_the_scores()
    {
        using var result = JsonDocument.Parse(File.ReadAllText(run.At("result.json")));
        var root = result.RootElement;
        foreach (string name in Rollouts.Names)
        {
            var score = root.GetProperty("scores").GetProperty(name);
            Assert.Equal(2, score.GetProperty("episodes").GetInt32());
            Assert.Equal(2, score.GetProperty("returns").GetArrayLength());
            Assert.InRange(score.GetProperty("normalized_mean").GetDouble(), 0, 100);
            Assert.True(score.GetProperty("normalized_std").GetDouble() >= 0);
            Assert.Equal(score.GetProperty("normalized_mean").GetDouble(), 100 * score.GetProperty("return_mean").GetDouble(), 9);
        }

        // The names of before, for one version.
        Assert.Equal(root.GetProperty("scores").GetProperty("policy_rejection").ToString(), root.GetProperty("scores").GetProperty("policy_rs4").ToString());
        Assert.Equal(root.GetProperty("scores").GetProperty("behavior_rejection").ToString(), root.GetProperty("scores").GetProperty("behavior_rs4").ToString());

        Assert.Equal((60, 100, 30, 40, 40, 20), (Steps("behavior"), Steps("critic"), Steps("weighted"), Steps("candidates"), Steps("label"), Steps("alignment")));
        Assert.All(new[] { "behavior", "critic", "candidates", "label", "alignment", "evaluation", "figures", "total" }, stage => Assert.True(root.GetProperty("seconds").GetProperty(stage).GetDouble() >= 0));
        Assert.True(root.GetProperty("held_out_loss").GetDouble() > 0);
        Assert.True(root.GetProperty("candidates_per_second").GetDouble() > 0);
        Assert.Equal(("pointmaze-umaze", "implicit"), (root.GetProperty("environment").GetString(), root.GetProperty("critic").GetString()));
        Assert.False(root.GetProperty("interrupted").GetBoolean());
        Assert.Equal(JsonValueKind.Null, root.GetProperty("published").ValueKind);

        int Steps(string stage) => root.GetProperty("steps").GetProperty(stage).GetInt32();
    }

    [Fact]
    public void Every_key_is_documented() => RunFolderDocument.AssertHasEveryKey(run.At("config.json"), run.At("result.json"));

    [Fact]
    public void Config_holds_every_setting_resolved()
    {
        using var config = JsonDocument.Parse(File.ReadAllText(run.At("config.json")));
        foreach (string path in EDA.Host.Runs.SettingPaths.Of(EDA.Engine.Runs.RunKind.Dataset).Keys)
        {
            var element = config.RootElement;
            foreach (string name in path.Split('.'))
                element = element.GetProperty(name);
        }

        Assert.Equal(0.5, config.RootElement.GetProperty("labels").GetProperty("fraction").GetDouble());
        Assert.Contains("--label-fraction 0.5", config.RootElement.GetProperty("command").GetString(), StringComparison.Ordinal);
        Assert.Equal(600, config.RootElement.GetProperty("dataset").GetProperty("count").GetInt32());
    }

    [Fact]
    public void The_page_has_curves_and_scores_and_needs_no_network()
    {
        string page = File.ReadAllText(run.At("index.html"));
        Assert.DoesNotContain("http:", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("https:", page, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(3, Figure().Count(page));
        Assert.All(Rollouts.Names, name => Assert.Contains($"<code>{name}</code>", page, StringComparison.Ordinal));
        Assert.All(new[] { "scores", "actions", "losses" }, name => Assert.Equal("svg", XDocument.Load(run.At("figures", name + ".svg")).Root!.Name.LocalName));
        Assert.Contains("policy alignment loss", page, StringComparison.Ordinal);

        // The paper has nothing to do with another file.
        Assert.Contains("<thead><tr><th></th><th>normalised score</th><th>return</th><th>episodes</th><th></th></tr></thead>", page, StringComparison.Ordinal);
        Assert.Contains("mean of V(s", page, StringComparison.Ordinal);
        var ids = Identifier().Matches(page).Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    [Fact]
    public void Actions_are_sampled_in_states_that_are_named()
    {
        Assert.Contains("What the tilt from behavior to policy did in 4 states", File.ReadAllText(run.At("index.html")), StringComparison.Ordinal);
        Assert.Equal(4, ActionSamples.Load(run.At("checkpoints", "action_samples.npz")).Rows.Count);
        string[] command = ["actions", run.Folder, "--rows", "5,599", "--samples", "32"];
        Assert.StartsWith("some.svg: behavior, weighted, policy in 2 states, 32 samples each", Run([.. command, "--out", "some.svg"]).Output, StringComparison.Ordinal);
        Assert.Contains("State of the dataset's row 599", File.ReadAllText(_folder.At("some.svg")), StringComparison.Ordinal);
        Run([.. command, "--out", "some.npz"]);
        var samples = ActionSamples.Load(_folder.At("some.npz"));
        Assert.Equal([5, 599], samples.Rows);
        Assert.Equal(32, samples.Candidates);
        Refused([.. command, "--out", "some.svg"], "--out is 'some.svg'", "nothing is overwritten");
        Refused([.. command, "--out", "some.png"], "--out is 'some.png'", ".svg or .npz");
        Refused(["actions", run.Folder, "--rows", "5,600", "--out", "other.svg"], "--rows is '5,600'", "from 0 to 599");
        Refused(["actions", run.Folder, "--rows", "5", "--samples", "3", "--out", "other.svg"], "--samples is '3'", "from 16 to 4096");
        Refused(["actions", run.Folder, "--out", "other.svg"], "--rows is missing", "rows of the dataset");
        Refused(["actions", "nowhere", "--rows", "1", "--out", "other.svg"], "RUNFOLDER is 'nowhere'", "config.json");
    }

    [Fact]
    public void Metrics_hold_the_curves_of_all_stages()
    {
        var rows = File.ReadAllLines(run.At("metrics.csv")).Skip(1).Select(line => line.Split(',')).ToList();
        Assert.All(new[] { ("behavior", "60", "loss"), ("behavior", "60", "held_out_loss"), ("critic", "100", "loss"), ("critic", "100", "next_value"), ("alignment", "20", "loss") }, wanted =>
            Assert.Contains(rows, row => (row[0], row[1], row[2]) == wanted));
        string file = Assert.Single(Directory.EnumerateFiles(run.Folder, "events.out.tfevents.*"));
        Assert.Contains(TensorBoardReader.Read(file), entry => entry.Tag == "critic/next_value" && entry.Step == 100);
    }

    [Fact]
    public void Stage_by_stage_and_interrupted_it_is_the_same()
    {
        // Stopped in the middle of pretraining, resumed one stage at a time: the very weights of the run in one piece.
        string folder = _folder.At("pieces");
        string[] slow = [.. PointMazeRun.Small, "--label-fraction", "0.5", "--set", "behavior.reportEvery=1"];
        if (!OperatingSystem.IsWindows())
        {
            using var process = EdaProcess.Start(_folder.Path, ["behavior", folder, "--recipe", "pointmaze-umaze", .. slow]);
            var deadline = DateTime.UtcNow.AddMinutes(2);
            while (!(File.Exists(Path.Combine(folder, "metrics.csv")) && Lines(folder) > 2) && !process.HasExited && DateTime.UtcNow < deadline)
                Thread.Sleep(5);
            using (var kill = System.Diagnostics.Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]))
                kill.WaitForExit();
            var stopped = EdaProcess.Finish(process);
            Assert.True(stopped.Status is 130 or 0 or 143, stopped.Error);
        }
        else
        {
            Run(["behavior", folder, "--recipe", "pointmaze-umaze", .. slow]);
        }

        Run("behavior", folder);
        var early = EdaProcess.Run(_folder.Path, "align", folder);
        Assert.Equal(2, early.Status);
        Assert.Contains("./eda weigh", Assert.Single(early.ErrorLines), StringComparison.Ordinal);
        foreach (string stage in new[] { "critic", "weigh", "label" })
            Run(stage, folder);
        Refused(["resume", folder, "--set", "alignment.steps=24"], "--set is 'alignment.steps=24'", "checkpoints.* and memory.*");
        Run("align", folder, "--set", "memory.resident=0");
        Run("evaluate", folder);
        Run("resume", folder, "--set", "memory.resident=2");
        Assert.All(new[] { "behavior", "critic", "iql", "weighted", "policy" }, name =>
            Assert.Equal(File.ReadAllBytes(run.At("checkpoints", name + ".safetensors")), File.ReadAllBytes(Path.Combine(folder, "checkpoints", name + ".safetensors"))));
        using var whole = JsonDocument.Parse(File.ReadAllText(run.At("result.json")));
        using var pieces = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "result.json")));
        Assert.All(Rollouts.Names, name => Assert.Equal(Returns(whole, name), Returns(pieces, name)));
        Assert.Equal(whole.RootElement.GetProperty("steps").ToString(), pieces.RootElement.GetProperty("steps").ToString());
        Assert.False(pieces.RootElement.GetProperty("interrupted").GetBoolean());

        // What is trained on has no scores until it is rolled out again.
        Run("align", folder, "--set", "alignment.steps=24");
        using var longer = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "result.json")));
        Assert.All(Rollouts.Names, name => Assert.Equal(JsonValueKind.Null, longer.RootElement.GetProperty("scores").GetProperty(name).ValueKind));
        Assert.Equal(24, longer.RootElement.GetProperty("steps").GetProperty("alignment").GetInt32());

        // What is refused leaves the settings as they were.
        string settings = File.ReadAllText(Path.Combine(folder, "config.json"));
        Refused(["align", folder, "--set", "alignment.temperature=5"], "alignment.state.safetensors", "its temperature is 1 and not 5");
        Refused(["behavior", folder, "--set", "alignment.temperature=5"], "alignment.state.safetensors", "its temperature is 1 and not 5");
        Refused(["evaluate", folder, "--model", Path.Combine(folder, "config.json")], "model is", "brings its own");
        Assert.Equal(settings, File.ReadAllText(Path.Combine(folder, "config.json")));

        // A policy that was trained again has no scores either, in as many steps as before.
        Run("evaluate", folder);
        foreach (string state in new[] { "alignment.state.safetensors", "alignment.state.previous.safetensors" })
            File.Delete(Path.Combine(folder, "checkpoints", state));
        Run("align", folder, "--set", "alignment.temperature=5");
        using var again = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "result.json")));
        Assert.All(Rollouts.Names, name => Assert.Equal(JsonValueKind.Null, again.RootElement.GetProperty("scores").GetProperty(name).ValueKind));
        Assert.Contains("\"temperature\": 5", File.ReadAllText(Path.Combine(folder, "config.json")), StringComparison.Ordinal);

        // Nothing is said twice, whatever was said before the break.
        var rows = File.ReadAllLines(Path.Combine(folder, "metrics.csv")).Select(line => string.Join(',', line.Split(',')[..3])).ToList();
        Assert.Equal(rows.Count, rows.Distinct().Count());

        static int Lines(string folder)
        {
            using var reader = new StreamReader(new FileStream(Path.Combine(folder, "metrics.csv"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return reader.ReadToEnd().Split('\n').Length;
        }

        static string Returns(JsonDocument document, string name) => document.RootElement.GetProperty("scores").GetProperty(name).GetProperty("returns").ToString();
    }

    [Fact]
    public void Any_file_of_an_environment_is_trained_on()
    {
        // Stages that do not roll out need no physics.
        string path = TestFiles.Npz(_folder.At("some.npz"), TestFiles.Fields(new SyntheticTransitions(1, 400, 11, 3, terminals: 0.05, timeouts: 0.02)));
        string folder = _folder.At("own");
        Run(["behavior", folder, "--recipe", "d4rl", "--env", "hopper", "--dataset", path, .. PointMazeRun.Small]);
        foreach (string stage in new[] { "critic", "weigh", "label", "align" })
            Run(stage, folder);
        Assert.True(File.Exists(Path.Combine(folder, "checkpoints", "policy.safetensors")));

        // A run knows its file again.
        File.Delete(path);
        var other = TestFiles.Npz(path, TestFiles.Fields(new SyntheticTransitions(2, 400, 11, 3, terminals: 0.05, timeouts: 0.02)));
        Refused(["critic", folder], other, "SHA-256");
        Refused(["critic", folder, "--set", "behavior.steps=3"], "behavior.steps", "critic.*");
        Refused(["align", folder, "--seed", "4"], "--seed is '4'", "has it already");
    }

    [Fact]
    public void Rows_that_do_not_follow_each_other_are_trained_on_only_where_they_are_trusted()
    {
        var fields = TestFiles.Fields(new SyntheticTransitions(1, 400, 17, 6, terminals: 0.05, timeouts: 0.02));
        fields["next_observations"] = ([400, 17], fields["observations"].Values);
        string path = TestFiles.Npz(_folder.At("halfcheetah.npz"), fields), folder = _folder.At("trusted");
        string[] begin = ["behavior", folder, "--recipe", "d4rl", "--env", "walker2d", "--dataset", path, .. PointMazeRun.Small];
        Refused(begin, "next_observations is not the row below", "--trust-order takes them as they stand");
        Assert.False(Directory.Exists(folder));
        var result = Run([.. begin, "--trust-order"]);
        // Both have 17 and 6 variables.
        Assert.Equal($"eda: warning: {path}: the file's name says that it is from halfcheetah, and it is taken for one from walker2d", Assert.Single(result.ErrorLines));
        Run("critic", folder);
        using var config = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "config.json")));
        Assert.Contains("--trust-order", config.RootElement.GetProperty("options").EnumerateArray().Select(word => word.GetString()));
        Assert.Contains(" --trust-order ", config.RootElement.GetProperty("command").GetString(), StringComparison.Ordinal);

        Refused(["data", "convert", path, _folder.At("copy.csv")], "next_observations is not the row below", "--trust-order");
        Assert.False(File.Exists(_folder.At("copy.csv")));
        Run("data", "convert", path, _folder.At("copy.csv"), "--trust-order");
    }

    [Fact]
    public void A_labels_file_is_aligned_on()
    {
        const int Count = 10;
        string path = _folder.At("own.npz");
        using (var file = new NpzWriter(path))
        {
            file.Write("states", [Count, 4], Enumerable.Range(0, Count * 4).Select(i => 1 + (0.1f * (i % 5))).ToArray());
            file.Write("candidates", [Count, 3, 2], Enumerable.Range(0, Count * 6).Select(i => -0.9f + (0.3f * (i % 7))).ToArray());
            file.Write("q", [Count, 3], Enumerable.Range(0, Count * 3).Select(i => (float)(i % 4)).ToArray());
        }

        string folder = _folder.At("labelled");
        Run(["behavior", folder, "--recipe", "pointmaze-umaze", .. PointMazeRun.Small]);
        Refused(["align", folder, "--labels", _folder.At("none.npz")], "--labels", "exists");
        Run("align", folder, "--labels", path);

        // Labels that the run was not aligned on do not take the place of those that it was.
        string other = _folder.At("other.npz");
        using (var file = new NpzWriter(other))
        {
            file.Write("states", [Count, 4], new float[Count * 4]);
            file.Write("candidates", [Count, 3, 2], new float[Count * 6]);
            file.Write("q", [Count, 3], new float[Count * 3]);
        }

        Refused(["align", folder, "--labels", other], "alignment.state.safetensors", "belongs to another run");
        using var config = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "config.json")));
        Assert.Equal(path, config.RootElement.GetProperty("labelsFile").GetString());
        Assert.NotEqual(File.ReadAllBytes(run.At("checkpoints", "policy.safetensors")), File.ReadAllBytes(Path.Combine(folder, "checkpoints", "policy.safetensors")));
        Run("evaluate", folder);
        using var result = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "result.json")));
        Assert.Equal(JsonValueKind.Null, result.RootElement.GetProperty("scores").GetProperty("policy_rs4").ValueKind);
        Assert.Equal(JsonValueKind.Object, result.RootElement.GetProperty("scores").GetProperty("policy").ValueKind);
    }

    [Theory]
    [InlineData("run hopper-medium-replay-v2", "--dataset is missing", "./eda data download hopper-medium-replay-v2")]
    [InlineData("run d4rl --dataset some.npz", "--env is missing", "hopper")]
    [InlineData("run d4rl --env snake --dataset some.npz", "--env is 'snake'", "walker2d")]
    [InlineData("run d4rl --env walker2d --dataset some.npz --budget smoke", "observations has 3 columns", "walker2d has 17")]
    [InlineData("run hopper-medium-v2 --env hopper --dataset some.npz", "--env is 'hopper'", "hopper-medium-v2 is of hopper")]
    [InlineData("run pointmaze-medium --dataset some.npz", "--dataset is 'some.npz'", "makes its own data")]
    [InlineData("run hopper-medium-v2 --dataset none.hdf5", "none.hdf5", "exists")]
    [InlineData("run kitchen-mixed-v0 --dataset some.npz", "--model is missing", "franka")]
    [InlineData("run kitchen-mixed-v0 --dataset some.npz --model some.npz", "some.npz", "model")]
    [InlineData("run pointmaze-umaze --critic best", "--critic is 'best'", "implicit, softmax, online")]
    [InlineData("run pointmaze-umaze --label-fraction 0", "--label-fraction is '0'", "0.01 to 1")]
    [InlineData("run pointmaze-umaze --budget lavish", "--budget is 'lavish'", "smoke, quick, hour, day, paper")]
    [InlineData("run pointmaze-umaze --critic online --set critic.steps=7", "critic.steps is 7", "alignment's")]
    [InlineData("run pointmaze-umaze --set criticWidth=33", "criticWidth is '33'", "multiple of 32")]
    [InlineData("run pointmaze-umaze --set memory.resident=-1", "memory.resident is '-1'", "from 0 to 1048576")]
    [InlineData("run pointmaze-umaze --trust-order", "--trust-order is 'given'", "has no dataset of a file")]
    [InlineData("run bandit-rings --critic implicit", "--critic is 'implicit'", "not a run on a dataset")]
    [InlineData("run bandit-rings --budget hour", "--budget is 'hour'", "smoke, quick, paper")]
    [InlineData("align nowhere", "RUNFOLDER is 'nowhere'", "config.json")]
    [InlineData("align", "RUNFOLDER is missing", "run folder")]
    [InlineData("resume nowhere --labels x", "--labels", "--device")]
    public void Mistakes_get_one_line_and_leave_nothing(string line, string names, string allows)
    {
        TestFiles.Npz(_folder.At("some.npz"), TestFiles.Fields(new SyntheticTransitions(1, 40)));
        // A library that is not there is refused before what is wrong with the model file.
        if (line.Contains("kitchen", StringComparison.Ordinal) && OptionalNeeds.ReasonToSkip(OptionalNeeds.Mujoco) is not null)
            (names, allows) = ("MuJoCo", "libmujoco");
        if (line.Contains("walker2d", StringComparison.Ordinal) && OptionalNeeds.ReasonToSkip(OptionalNeeds.Mujoco) is not null)
            (names, allows) = ("MuJoCo", "libmujoco");
        Refused(line.Split(' '), names, allows, status: names == "MuJoCo" ? 1 : 2);
        Assert.Equal([_folder.At("some.npz")], Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    private void Refused(string[] words, string names, string allows, int status = 2)
    {
        var result = EdaProcess.Run(_folder.Path, words);
        Assert.Equal(status, result.Status);
        string message = Assert.Single(result.ErrorLines);
        Assert.Contains(names, message, StringComparison.Ordinal);
        Assert.Contains(allows, message, StringComparison.Ordinal);
    }

    private EdaResult Run(params string[] words)
    {
        var result = EdaProcess.Run(_folder.Path, words);
        Assert.True(result.Status == 0, $"eda {string.Join(' ', words)}: {result.Error}");
        return result;
    }

    [GeneratedRegex("<figure>")]
    private static partial Regex Figure();

    [GeneratedRegex("\\sid=\"([^\"]*)\"")]
    private static partial Regex Identifier();
}
