using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using EDA.Tests.Host;

namespace EDA.Tests.Experiments;

/// <summary>A sweep computes what its runs share once, comes to what each run comes to alone, and to the same whatever is killed on the way.</summary>
[Trait("speed", "slow")]
public sealed class SweepTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_runs_share_is_computed_once()
    {
        var plan = Eda("sweep", "pointmaze-umaze", [.. SweepFolder.Small, .. SweepFolder.Grid, "--dry-run"]);
        Assert.Equal(["behavior 3 9", "critic 3 9", "weigh 3 9", "label 3 9", "align 9 9", "evaluate 9 9"], plan.Output.Split('\n')[2..8].Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[..3])));
        Assert.Matches(@"\ntogether about .*; each run alone, .*\n", plan.Output);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));

        Eda("sweep", "pointmaze-umaze", [.. SweepFolder.Small, .. SweepFolder.Grid, "--jobs", "2", "--out", "sweep"]);
        Assert.Equal(new() { ["behavior"] = 3 * 60, ["critic"] = 3 * 100, ["weighted"] = 3 * 30, ["candidates"] = 3 * 40, ["label"] = 3 * 40, ["alignment"] = 9 * 20 }, new SweepFolder(_folder, "sweep").Steps);
        Assert.Equal(9, Directory.GetFiles(_folder.At("sweep"), "result.json", SearchOption.AllDirectories).Length);
        Assert.All(Directory.GetFiles(_folder.At("sweep/shared"), "*", SearchOption.AllDirectories), file => Assert.NotEqual("result.json", Path.GetFileName(file)));

        // Each run's folder is that of the run alone, and can be gone on with by the ordinary commands.
        Eda("run", "pointmaze-umaze", [.. SweepFolder.Small, "--seed", "1", "--set", "alignment.temperature=3", "--out", "alone"]);
        const string Same = "sweep/runs/pointmaze-umaze-temperature=3-seed1";
        foreach (string name in (string[])["behavior", "critic", "iql", "policy"])
            Assert.Equal(File.ReadAllBytes(_folder.At($"alone/checkpoints/{name}.safetensors")), File.ReadAllBytes(_folder.At($"{Same}/checkpoints/{name}.safetensors")));
        Assert.Equal(SweepFolder.ScoresOf(_folder.At("alone")), SweepFolder.ScoresOf(_folder.At(Same)));
        Assert.Equal(Config("alone"), Config(Same));
        Eda("resume", Same);

        // Nothing is left to do; another seed is computed, and nothing else.
        Eda("sweep", "resume", ["sweep"]);
        Assert.Equal(3 * 60, new SweepFolder(_folder, "sweep").Steps["behavior"]);
        Eda("sweep", "resume", ["sweep", "--seeds", "3..3"]);
        Assert.Equal((4 * 60, 4 * 100, 12 * 20), (new SweepFolder(_folder, "sweep").Steps["behavior"], new SweepFolder(_folder, "sweep").Steps["critic"], new SweepFolder(_folder, "sweep").Steps["alignment"]));
        Assert.Contains("12 runs, 40 stages where each run alone would have 72", Eda("sweep", "status", ["sweep"]).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_sweep_over_ways_of_acting_trains_once()
    {
        var plan = Eda("sweep", "pointmaze-umaze", [.. SweepFolder.Small, "--grid", "evaluation.acting.noise=0,0.5,1", "--grid", "evaluation.acting.samples=1,8", "--dry-run"]);
        Assert.Equal(["behavior 1 6", "critic 1 6", "weigh 1 6", "label 1 6", "align 1 6", "evaluate 6 6"], plan.Output.Split('\n')[2..8].Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[..3])));
    }

    [Fact]
    public void One_labelling_serves_fewer_candidates_and_states()
    {
        string[] settings = [.. SweepFolder.Small, "labels.mostStates=0"];
        Eda("sweep", "pointmaze-umaze", [.. settings, "--grid", "alignment.candidates=4,32", "--grid", "labels.fraction=0.25,1", "--jobs", "2", "--out", "sweep"]);
        var sweep = new SweepFolder(_folder, "sweep");
        Assert.Single(Directory.GetDirectories(_folder.At("sweep/shared"), "label-*"));
        Assert.Equal(4 * 20, sweep.Steps["alignment"]);
        Eda("run", "pointmaze-umaze", [.. settings, "--set", "alignment.candidates=4", "labels.fraction=0.25", "--out", "alone"]);
        const string Least = "sweep/runs/pointmaze-umaze-candidates=4-fraction=0.25-seed0";
        Assert.Equal(File.ReadAllBytes(_folder.At("alone/checkpoints/policy.safetensors")), File.ReadAllBytes(_folder.At(Least + "/checkpoints/policy.safetensors")));
        Assert.Equal(SweepFolder.ScoresOf(_folder.At("alone")), SweepFolder.ScoresOf(_folder.At(Least)));

        // One of more candidates than before is a labelling of its own; what is done stays.
        Eda("sweep", "resume", ["sweep", "--grid", "alignment.candidates=64"]);
        Assert.Equal(6 * 20, sweep.Steps["alignment"]);
        Assert.Equal(2, Directory.GetDirectories(_folder.At("sweep/shared"), "label-*").Length);
    }

    [OptionalFact(OptionalNeeds.Bash)]
    public void Twenty_workers_killed_at_any_moment_change_no_number()
    {
        string[] longer = [.. SweepFolder.Longer, .. SweepFolder.Grid];
        Eda("sweep", "pointmaze-umaze", [.. longer, "--jobs", "2", "--out", "quiet"]);

        // As many sweeps as it takes, each with as many as there is time for.
        var random = new Random(7);
        for (int sweep = 0, kills = 0; kills < 20; sweep++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"killed{sweep}");
            var folder = new SweepFolder(_folder, name);
            using var process = EdaProcess.Start(_folder.Path, ["sweep", "pointmaze-umaze", .. longer, "--jobs", "2", "--out", name]);
            while (!process.HasExited)
            {
                Thread.Sleep(random.Next(200, 700));
                if (kills < 20 && folder.Workers is { Length: > 0 } workers)
                {
                    using var kill = Process.Start("kill", ["-9", workers[random.Next(workers.Length)].ToString(CultureInfo.InvariantCulture)]);
                    kill.WaitForExit();
                    kills += kill.ExitCode == 0 ? 1 : 0;
                }
            }

            Assert.Equal(0, process.ExitCode);
            new SweepFolder(_folder, "quiet").AssertSame(folder);
            Assert.False(Directory.Exists(_folder.At(name + "/failures")));
        }
    }

    [Fact]
    public void A_stage_that_fails_three_times_is_told_and_does_not_stop_the_rest()
    {
        Eda("sweep", "pointmaze-umaze", [.. SweepFolder.Small, .. SweepFolder.Grid, "--out", "whole"]);
        string critic = Directory.GetDirectories(_folder.At("whole/shared"), "critic-*").Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal).First();

        // The same sweep where the folder of one critic cannot be made: a file has its name.
        Directory.CreateDirectory(_folder.At("sweep/shared"));
        File.Copy(_folder.At("whole/sweep.json"), _folder.At("sweep/sweep.json"));
        File.WriteAllText(_folder.At("sweep/shared/" + critic), string.Empty);
        var result = EdaProcess.Run(_folder.Path, "sweep", "resume", "sweep", "--jobs", "2");
        Assert.Equal(1, result.Status);
        Assert.Single(result.ErrorLines, line => line.StartsWith($"eda: {critic} failed: ", StringComparison.Ordinal));
        Assert.Equal(2 + (2 * 3), result.ErrorLines.Count(line => line.EndsWith("blocked by " + critic, StringComparison.Ordinal) || line.Contains(" blocked by weigh-", StringComparison.Ordinal) || line.Contains(" blocked by label-", StringComparison.Ordinal) || line.Contains(" blocked by align-", StringComparison.Ordinal)));
        Assert.Equal(3, Directory.GetFiles(_folder.At("sweep/failures"), critic + ".*").Length);
        Assert.Equal(6, Directory.GetFiles(_folder.At("sweep/runs"), "result.json", SearchOption.AllDirectories).Length);
        Assert.Contains("critic          2        0      0       1", Eda("sweep", "status", ["sweep"]).Output, StringComparison.Ordinal);

        // Whoever has mended it has it tried again.
        File.Delete(_folder.At("sweep/shared/" + critic));
        Eda("sweep", "resume", ["sweep"]);
        Assert.Equal(new SweepFolder(_folder, "whole").Steps, new SweepFolder(_folder, "sweep").Steps);
    }

    [Fact]
    public void Workers_of_their_own_share_one_sweep()
    {
        // An interrupted sweep leaves its definition; two workers, as on two machines, then do the work.
        using (var begun = EdaProcess.Start(_folder.Path, ["sweep", "pointmaze-umaze", .. SweepFolder.Small, .. SweepFolder.Grid, "--out", "sweep"]))
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

        Assert.Contains("30 stages", Eda("sweep", "status", ["sweep"]).Output, StringComparison.Ordinal);
        Assert.Equal(9, Directory.GetFiles(_folder.At("sweep/runs"), "result.json", SearchOption.AllDirectories).Length);
        Assert.Equal(9 * 20, new SweepFolder(_folder, "sweep").Steps["alignment"]);
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

    private string Config(string run)
    {
        var config = JsonNode.Parse(File.ReadAllText(_folder.At(run + "/config.json")))!.AsObject();
        foreach (string words in (string[])["command", "options"])
            config.Remove(words);
        return config.ToJsonString();
    }
}
