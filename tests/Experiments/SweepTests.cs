using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using EDA.Tests.Host;

namespace EDA.Tests.Experiments;

/// <summary>A sweep computes what its runs share once, comes to what each run comes to alone, and to the same whatever is killed on the way.</summary>
[Trait("speed", "slow")]
public sealed class SweepTests : IDisposable
{
    private static readonly string[] _small =
    [
        "--budget", "smoke", "--set", "rows=600", "width=32", "blocks=1", "criticWidth=32", "behavior.steps=60", "critic.steps=100", "labels.mostStates=40",
        "labels.evaluations=3", "alignment.steps=20", "alignment.states=8", "evaluation.solverEvaluations=3",
    ];

    private static readonly string[] _grid = ["--grid", "alignment.temperature=0.3,1,3", "--seeds", "0..2"];

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_runs_share_is_computed_once()
    {
        var plan = Eda("sweep", "pointmaze-umaze", [.. _small, .. _grid, "--dry-run"]);
        Assert.Equal(["behavior 3 9", "critic 3 9", "label 3 9", "align 9 9", "evaluate 9 9"], plan.Output.Split('\n')[2..7].Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));

        Eda("sweep", "pointmaze-umaze", [.. _small, .. _grid, "--jobs", "2", "--out", "sweep"]);
        Assert.Equal(new() { ["behavior"] = 3 * 60, ["critic"] = 3 * 100, ["candidates"] = 3 * 40, ["label"] = 3 * 40, ["alignment"] = 9 * 20 }, Steps("sweep"));
        Assert.Equal(9, Directory.GetFiles(_folder.At("sweep"), "result.json", SearchOption.AllDirectories).Length);
        Assert.All(Directory.GetFiles(_folder.At("sweep/shared"), "*", SearchOption.AllDirectories), file => Assert.NotEqual("result.json", Path.GetFileName(file)));

        // Each run's folder is that of the run alone, and can be gone on with by the ordinary commands.
        Eda("run", "pointmaze-umaze", [.. _small, "--seed", "1", "--set", "alignment.temperature=3", "--out", "alone"]);
        const string Same = "sweep/runs/pointmaze-umaze-temperature=3-seed1";
        foreach (string name in (string[])["behavior", "critic", "iql", "policy"])
            Assert.Equal(File.ReadAllBytes(_folder.At($"alone/checkpoints/{name}.safetensors")), File.ReadAllBytes(_folder.At($"{Same}/checkpoints/{name}.safetensors")));
        Assert.Equal(Scores("alone"), Scores(Same));
        Assert.Equal(Config("alone"), Config(Same));
        Eda("resume", Same);

        // Nothing is left to do; another seed is computed, and nothing else.
        Eda("sweep", "resume", ["sweep"]);
        Assert.Equal(3 * 60, Steps("sweep")["behavior"]);
        Eda("sweep", "resume", ["sweep", "--seeds", "3..3"]);
        Assert.Equal((4 * 60, 4 * 100, 12 * 20), (Steps("sweep")["behavior"], Steps("sweep")["critic"], Steps("sweep")["alignment"]));
        Assert.Contains("12 runs, 36 stages where each run alone would have 60", Eda("sweep", "status", ["sweep"]).Output, StringComparison.Ordinal);
    }

    [OptionalFact(OptionalNeeds.Bash)]
    public void Twenty_workers_killed_at_any_moment_change_no_number()
    {
        string[] longer = [.. _small, "behavior.steps=1500", "critic.steps=1500", "alignment.steps=300", "checkpoints.interval=0.05", .. _grid];
        Eda("sweep", "pointmaze-umaze", [.. longer, "--jobs", "2", "--out", "quiet"]);

        using var process = EdaProcess.Start(_folder.Path, ["sweep", "pointmaze-umaze", .. longer, "--jobs", "2", "--out", "killed"]);
        var random = new Random(7);
        int kills = 0;
        var limit = Stopwatch.StartNew();
        while (!process.HasExited && limit.Elapsed < TimeSpan.FromMinutes(3))
        {
            Thread.Sleep(random.Next(300, 900));
            int[] workers = [.. Holders("killed")];
            if (kills < 20 && workers.Length > 0)
            {
                int victim = workers[random.Next(workers.Length)];
                using var kill = Process.Start("kill", ["-9", victim.ToString(CultureInfo.InvariantCulture)]);
                kill.WaitForExit();
                kills += kill.ExitCode == 0 ? 1 : 0;
            }
        }

        Assert.True(process.HasExited);
        Assert.Equal(0, process.ExitCode);
        Assert.True(kills >= 10, $"{kills} kills");
        foreach (string run in Directory.GetDirectories(_folder.At("quiet/runs")).Select(path => Path.GetFileName(path)!))
        {
            Assert.Equal(Scores($"quiet/runs/{run}"), Scores($"killed/runs/{run}"));
            Assert.Equal(File.ReadAllBytes(_folder.At($"quiet/runs/{run}/checkpoints/policy.safetensors")), File.ReadAllBytes(_folder.At($"killed/runs/{run}/checkpoints/policy.safetensors")));
        }

        Assert.False(Directory.Exists(_folder.At("killed/failures")));
    }

    [Fact]
    public void A_stage_that_fails_three_times_is_told_and_does_not_stop_the_rest()
    {
        Eda("sweep", "pointmaze-umaze", [.. _small, .. _grid, "--out", "whole"]);
        string critic = Directory.GetDirectories(_folder.At("whole/shared"), "critic-*").Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal).First();

        // The same sweep where the folder of one critic cannot be made: a file has its name.
        Directory.CreateDirectory(_folder.At("sweep/shared"));
        File.Copy(_folder.At("whole/sweep.json"), _folder.At("sweep/sweep.json"));
        File.WriteAllText(_folder.At("sweep/shared/" + critic), string.Empty);
        var result = EdaProcess.Run(_folder.Path, "sweep", "resume", "sweep", "--jobs", "2");
        Assert.Equal(1, result.Status);
        Assert.Single(result.ErrorLines, line => line.StartsWith($"eda: {critic} failed: ", StringComparison.Ordinal));
        Assert.Equal(1 + (2 * 3), result.ErrorLines.Count(line => line.EndsWith("blocked by " + critic, StringComparison.Ordinal) || line.Contains(" blocked by label-", StringComparison.Ordinal) || line.Contains(" blocked by align-", StringComparison.Ordinal)));
        Assert.Equal(3, Directory.GetFiles(_folder.At("sweep/failures"), critic + ".*").Length);
        Assert.Equal(6, Directory.GetFiles(_folder.At("sweep/runs"), "result.json", SearchOption.AllDirectories).Length);
        Assert.Contains("critic          2        0      0       1", Eda("sweep", "status", ["sweep"]).Output, StringComparison.Ordinal);

        // Whoever has mended it has it tried again.
        File.Delete(_folder.At("sweep/shared/" + critic));
        Eda("sweep", "resume", ["sweep"]);
        Assert.Equal(Steps("whole"), Steps("sweep"));
    }

    [Fact]
    public void Workers_of_their_own_share_one_sweep()
    {
        // An interrupted sweep leaves its definition; two workers, as on two machines, then do the work.
        using (var begun = EdaProcess.Start(_folder.Path, ["sweep", "pointmaze-umaze", .. _small, .. _grid, "--out", "sweep"]))
        {
            while (!File.Exists(_folder.At("sweep/sweep.json")))
                Thread.Sleep(20);
            begun.Kill();
            begun.WaitForExit();
        }

        using var one = EdaProcess.Start(_folder.Path, "sweep", "work", "sweep");
        using var two = EdaProcess.Start(_folder.Path, "sweep", "work", "sweep");
        foreach (var worker in (Process[])[one, two])
        {
            _ = worker.StandardOutput.ReadToEndAsync();
            Assert.True(worker.WaitForExit(TimeSpan.FromMinutes(2)));
            Assert.Equal(0, worker.ExitCode);
        }

        Assert.Contains("27 stages", Eda("sweep", "status", ["sweep"]).Output, StringComparison.Ordinal);
        Assert.Equal(9, Directory.GetFiles(_folder.At("sweep/runs"), "result.json", SearchOption.AllDirectories).Length);
        Assert.Equal(9 * 20, Steps("sweep")["alignment"]);
    }

    [Theory]
    [InlineData("RECIPE is missing")]
    [InlineData("no-such", "recipe", "no-such")]
    [InlineData("--grid is 'alignment.temperature'", "pointmaze-umaze", "--grid", "alignment.temperature")]
    [InlineData("--grid key is 'nothing'", "pointmaze-umaze", "--grid", "nothing=1")]
    [InlineData("temperature is '-1'", "pointmaze-umaze", "--grid", "alignment.temperature=1,-1")]
    [InlineData("these are one run", "pointmaze-umaze", "--grid", "alignment.temperature=1,1.0")]
    [InlineData("--seeds is '3'", "pointmaze-umaze", "--seeds", "3")]
    [InlineData("--jobs is '0'", "pointmaze-umaze", "--jobs", "0")]
    [InlineData("needs a dataset's file", "hopper-medium-v2")]
    [InlineData("a folder that exists", "hopper-medium-v2", "--datasets", "nowhere")]
    [InlineData("the folder of a sweep", "status", "nowhere")]
    public void What_is_no_sweep_is_refused(string named, params string[] arguments)
    {
        var result = EdaProcess.Run(_folder.Path, ["sweep", .. arguments.Length > 1 && arguments[0] == "recipe" ? arguments[1..] : arguments]);
        Assert.Equal(2, result.Status);
        Assert.Contains(named, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    private EdaResult Eda(string command, string argument, params string[] more)
    {
        var result = EdaProcess.Run(_folder.Path, [command, argument, .. more]);
        Assert.True(result.Status == 0, result.Error + result.Output);
        return result;
    }

    // The steps that all workers took, by what they did; rollouts are as long as they happen to be.
    private Dictionary<string, long> Steps(string sweep) => Directory.GetFiles(_folder.At(sweep), "work.csv", SearchOption.AllDirectories)
        .SelectMany(file => File.ReadAllLines(file).Skip(1)).Select(line => line.Split(',')).Where(row => row[0] != "evaluation")
        .GroupBy(row => row[0]).ToDictionary(rows => rows.Key, rows => rows.Sum(row => long.Parse(row[2], CultureInfo.InvariantCulture) - long.Parse(row[1], CultureInfo.InvariantCulture)));

    // The processes that work on a sweep, by their locks.
    private IEnumerable<int> Holders(string sweep) => !Directory.Exists(_folder.At(sweep)) ? [] : Directory.GetFiles(_folder.At(sweep), "run.lock", SearchOption.AllDirectories).Select(Holder).OfType<int>();

    private static int? Holder(string file)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(file))!["process"]!.GetValue<int>();
        }
        catch (Exception error) when (error is IOException or System.Text.Json.JsonException)
        {
            return null; // given back meanwhile
        }
    }

    private string Scores(string run)
    {
        var scores = JsonNode.Parse(File.ReadAllText(_folder.At(run + "/result.json")))!["scores"]!.AsObject();
        foreach (var (_, score) in scores)
        {
            score!.AsObject().Remove("seconds");
            score.AsObject().Remove("acting_seconds");
        }

        return scores.ToJsonString();
    }

    private string Config(string run)
    {
        var config = JsonNode.Parse(File.ReadAllText(_folder.At(run + "/config.json")))!.AsObject();
        foreach (string words in (string[])["command", "options"])
            config.Remove(words);
        return config.ToJsonString();
    }
}
