using System.Globalization;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using EDA.Tests.Host;

namespace EDA.Tests.Experiments;

/// <summary>What eda report says of finished runs, and what it refuses to say.</summary>
[Trait("speed", "slow")]
public sealed class ReportTests : IDisposable
{
    private const string Temperature = "alignment.temperature";

    private readonly SyntheticRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void Numbers_are_those_of_the_runs()
    {
        double[] low = [10, 20, 30, 44, 100], high = [50, 60, 70];
        for (int seed = 0; seed < low.Length; seed++)
            _runs.Add($"sweep/runs/low{seed}", SyntheticRuns.Hopper, seed, 0.1, low[seed]);
        for (int seed = 0; seed < high.Length; seed++)
            _runs.Add($"sweep/runs/deeper/high{seed}", SyntheticRuns.Hopper, seed, 2, high[seed]);
        var before = _runs.Files("sweep");

        var result = _runs.Report("sweep");
        Assert.True(result.Status == 0, result.Error);
        Assert.Equal(before, _runs.Files("sweep"));
        Assert.Equal(16, _runs.Rows("report/scores.csv").Count);
        Assert.Contains(_runs.Rows("report/scores.csv"), row => row["folder"] == "sweep/runs/low4" && row[Temperature] == "0.1" && row["seed"] == "4" && row["series"] == "policy_rejection" && row["score"] == "101");

        // 10 20 30 44 100: mean 204 / 5 = 40.8; deviations −30.8 −20.8 −10.8 3.2 59.2, squares 5012.8 / 4, root 35.4; of five one is
        // cut off at each end: (20 + 30 + 44) / 3 = 31.33; to 100 are missing 90 + 80 + 70 + 56 + 0 = 296, over 5.
        var summary = _runs.Rows("report/summary.csv");
        Assert.Equal(4, summary.Count);
        var policy = summary.Single(row => row["series"] == "policy" && row[Temperature] == "0.1");
        AssertNear(40.8, policy["mean"]);
        AssertNear(Math.Sqrt(5012.8 / 4), policy["deviation"]);
        AssertNear(30, policy["median"]);
        AssertNear(94.0 / 3, policy["iqm"]);
        AssertNear(59.2, policy["optimality_gap"]);

        // Three runs of 50 60 70: of the 27 resamples one is 50 50 50, with probability 0.037, more than the 2.5 % below the
        // interval; so the mean's goes from 50 to 70.
        var other = summary.Single(row => row["series"] == "policy" && row[Temperature] == "2");
        AssertNear(50, other["mean_low"]);
        AssertNear(70, other["mean_high"]);

        // Of the 15 pairs the low ones win those of 100: 3.
        Assert.Matches(@"\| policy \| alignment\.temperature 0\.1 \| alignment\.temperature 2 \| 0\.20 \[0\.00, 0\.\d\d\] \|", result.Output);
        Assert.Contains("| 0.1 | 5 | 40.8 ± 35.4 | 41.8 ± 35.4 |", result.Output, StringComparison.Ordinal);
        Assert.Contains("8 runs of 1 task, 2 groups by alignment.temperature", result.Output, StringComparison.Ordinal);
        Assert.Equal(result.Output.Split("\n\nopen ")[0].TrimEnd(), File.ReadAllText(_runs.At("report/report.md")).TrimEnd());
        Assert.Contains(@"0.1 & 5 & 40.8 $\pm$ 35.4 & 41.8 $\pm$ 35.4 \\", File.ReadAllText(_runs.At("report/table.tex")), StringComparison.Ordinal);
        Assert.Contains(@"policy\_rejection", File.ReadAllText(_runs.At("report/table.tex")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_holds_its_figures_and_needs_no_network()
    {
        AddTwoGroups();
        Assert.Equal(0, _runs.Report("runs").Status);
        Assert.Equal(["profiles.svg", "scores.svg"], Directory.EnumerateFiles(_runs.At("report/figures")).Select(Path.GetFileName).Order());
        Assert.All(Directory.EnumerateFiles(_runs.At("report/figures")), file => Assert.Equal("svg", XDocument.Load(file).Root!.Name.LocalName));
        string page = File.ReadAllText(_runs.At("report/index.html"));
        Assert.DoesNotContain("http", page, StringComparison.Ordinal);
        Assert.Equal(2, page.Split("<figure>").Length - 1);
        Assert.Contains("./eda report runs", page, StringComparison.Ordinal);

        // The setting is a true axis: its values are labels, as they were given.
        Assert.All((string[])["0.1", "0.2"], value => Assert.Contains($">{value}</text>", File.ReadAllText(_runs.At("report/figures/scores.svg")), StringComparison.Ordinal));
    }

    [Fact]
    public void Scores_along_training_are_drawn_where_runs_have_them()
    {
        AddTwoGroups();
        foreach (string name in (string[])["a0", "a1"])
            _runs.Write($"runs/{name}/metrics.csv", "stage,step,name,value\nalignment,10,loss,0.5\nalignment,10,score,20\nalignment,20,score,30\n");
        Assert.Equal(0, _runs.Report("runs").Status);
        Assert.True(File.Exists(_runs.At("report/figures/curves.svg")));
    }

    [Fact]
    public void The_same_runs_give_the_same_report_and_nothing_is_overwritten()
    {
        AddTwoGroups();
        Assert.Equal(0, _runs.Report("runs", "--out", "one").Status);
        Assert.Equal(0, _runs.Report("runs", "--out", "two").Status);
        Assert.Equal(_runs.Files("one"), _runs.Files("two"));
        Assert.Equal(0, _runs.Report("runs").Status);
        Assert.Equal(0, _runs.Report("runs/", "runs/a0").Status); // the same run once, however often it is named
        Assert.Equal(_runs.Files("one")["summary.csv"], _runs.Files("report")["summary.csv"]);
        Assert.Equal(_runs.Files("one")["summary.csv"], _runs.Files("runs/report")["summary.csv"]);
        Assert.Equal(0, _runs.Report("runs").Status);
        Assert.True(File.Exists(_runs.At("report-2/report.md")));
    }

    [Fact]
    public void Of_one_seed_there_is_no_spread()
    {
        _runs.Add("run", SyntheticRuns.Hopper, 3, 0.2, 42);
        var result = _runs.Report("run");
        Assert.True(result.Status == 0, result.Error);
        Assert.Contains("one seed: no spread", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("42.0 [", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("42.0 ±", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("replications", result.Output, StringComparison.Ordinal);
        var row = _runs.Rows("report/summary.csv").Single(row => row["series"] == "policy");
        Assert.Equal("42", row["iqm"]);
        Assert.All(row.Keys.Where(key => key is "deviation" || key.EndsWith("_low", StringComparison.Ordinal) || key.EndsWith("_high", StringComparison.Ordinal)), key => Assert.Empty(row[key]));
    }

    [Fact]
    public void Few_seeds_and_what_the_groups_do_not_reach_are_named()
    {
        foreach (int seed in (int[])[0, 1])
        {
            foreach (double temperature in (double[])[0.1, 0.2])
                _runs.Add($"runs/{temperature}-{seed}", SyntheticRuns.Hopper, seed, temperature, (100 * temperature) + seed, result: result => result["scores"]!["behavior"] = SyntheticRuns.Score(5 + seed));
        }

        string output = _runs.Report("runs").Output;
        Assert.Contains("intervals of fewer than 5 seeds are mostly too narrow, for the bootstrap knows no other seeds than these\n", output, StringComparison.Ordinal);
        Assert.Contains("equal, seed by seed, in all groups that have them, and so without a probability of improvement: behavior", output, StringComparison.Ordinal);
        Assert.Contains("| policy | alignment.temperature 0.1 |", output, StringComparison.Ordinal);
        Assert.DoesNotContain("| behavior | alignment.temperature 0.1 |", output, StringComparison.Ordinal);
        foreach (int seed in (int[])[2, 3, 4])
            _runs.Add($"enough/{seed}", SyntheticRuns.Hopper, seed, 0.1, seed);
        foreach (int seed in (int[])[0, 1])
            _runs.Add($"enough/{seed}", SyntheticRuns.Hopper, seed, 0.1, seed);
        Assert.DoesNotContain("mostly too narrow", _runs.Report("enough").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_trial_says_that_it_is_one()
    {
        _runs.Add("run", SyntheticRuns.Hopper, 0, 0.1, 10, config => config["budget"] = "smoke");
        Assert.Contains("hopper-medium-v2 (smoke): the smoke budget shows that every part runs", _runs.Report("run").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_that_differ_beside_the_groups_are_not_averaged_over()
    {
        // Steps differ within β = 0.1: that is no spread over seeds.
        _runs.Add("runs/a0", SyntheticRuns.Hopper, 0, 0.1, 10);
        _runs.Add("runs/a1", SyntheticRuns.Hopper, 1, 0.1, 20, config => config["alignment"]!["steps"] = 777);
        _runs.Add("runs/b0", SyntheticRuns.Hopper, 0, 0.2, 30);
        Refused(_runs.Report("runs", "--by", Temperature), "alignment.steps differs among the runs of hopper-medium-v2 (quick), alignment.temperature 0.1", "--by alignment.steps makes groups of it");
        Assert.Equal(["runs"], Directory.EnumerateFileSystemEntries(_runs.Folder).Select(Path.GetFileName));

        // Left to itself the report makes groups of all that differs, and so it does when it is told to.
        Assert.Equal(0, _runs.Report("runs", "--out", "all").Status);
        Assert.Equal(0, _runs.Report("runs", "--out", "told", "--by", "alignment.steps", "--by", "temperature").Status);
        Assert.Equal(3, _runs.Rows("all/summary.csv").Count(row => row["series"] == "policy"));
        Assert.Equal(3, _runs.Rows("told/summary.csv").Count(row => row["series"] == "policy"));
    }

    [Fact]
    public void A_setting_that_goes_along_with_the_groups_is_named()
    {
        _runs.Add("runs/a0", SyntheticRuns.Hopper, 0, 0.1, 10);
        _runs.Add("runs/b0", SyntheticRuns.Hopper, 0, 0.2, 30, config => config["alignment"]!["labelScale"] = 2);
        var result = _runs.Report("runs", "--by", Temperature);
        Assert.True(result.Status == 0, result.Error);
        Assert.Contains("alignment.labelScale differs between the groups, too (hopper-medium-v2 (quick))", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_no_number_depends_on_makes_no_group()
    {
        _runs.Add("runs/a0", SyntheticRuns.Hopper, 0, 0.1, 10);
        _runs.Add("runs/a1", SyntheticRuns.Hopper, 1, 0.1, 20, config => (config["checkpoints"], config["version"]) = (new JsonObject { ["interval"] = 7 }, "0.2.0"));
        var result = _runs.Report("runs");
        Assert.Contains("| 2 | 15.0 ± 7.1 |", result.Output, StringComparison.Ordinal);
        Assert.Contains("several versions of EDA.Engine, which are taken together: 0.1.0, 0.2.0", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Runs_without_a_result_are_left_out_and_said_so()
    {
        AddTwoGroups();
        _runs.Add("runs/broken", SyntheticRuns.Hopper, 5, 0.1, 10);
        _runs.Write("runs/broken/result.json", "{");
        _runs.Add("runs/failed", SyntheticRuns.Hopper, 6, 0.1, 10, result: result => result["error"] = "alignment diverged");
        _runs.Add("runs/interrupted", SyntheticRuns.Hopper, 7, 0.1, 10, result: result => result["interrupted"] = true);
        _runs.Add("runs/unevaluated", SyntheticRuns.Hopper, 8, 0.1, 10, result: result => result["scores"] = new JsonObject());
        _runs.Add("runs/rated", SyntheticRuns.Hopper, 8, 0.1, 10, result: result => (result["scores"], result["ratings"]) = (new JsonObject(), new JsonObject()));
        _runs.Add("runs/unfinished", SyntheticRuns.Hopper, 9, 0.1, 10);
        File.Delete(_runs.At("runs/unfinished/result.json"));
        _runs.Add("runs/unknown", "hopper-large", 9, 0.1, 10);
        var result = _runs.Report("runs");
        Assert.True(result.Status == 0, result.Error);
        Assert.Contains("4 runs of 1 task", result.Output, StringComparison.Ordinal);
        string[] lines = [.. result.Output.Split('\n').Where(line => line.StartsWith("- left out: ", StringComparison.Ordinal))];
        Assert.Equal(7, lines.Length);
        foreach (var (line, why) in lines.Zip((string[])["result.json is not the result of a run", "failed, alignment diverged", "it was interrupted", "measured without rollouts, it has no scores", "not been evaluated", "has no result.json", "hopper-large"]))
            Assert.Contains(why, line, StringComparison.Ordinal);
        Refused(_runs.Report("runs/failed", "--out", "none"), "there is no finished run in runs/failed", "alignment diverged");
    }

    [Fact]
    public void Several_seeds_are_one_folder()
    {
        _runs.Add("several/hopper-medium-v2-seed0", SyntheticRuns.Hopper, 0, 0.1, 10);
        _runs.Add("several/hopper-medium-v2-seed1", SyntheticRuns.Hopper, 1, 0.1, 30);
        _runs.Write("several/seeds.json", """{"recipe": "hopper-medium-v2", "seeds": "0..2"}""");
        var result = _runs.Report("several");
        Assert.True(result.Status == 0, result.Error);
        Assert.Contains("| 2 | 20.0 ± 14.1 |", result.Output, StringComparison.Ordinal);
        Assert.Contains("left out: several: seed 2 was not begun", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Over_several_tasks_groups_count_that_have_all_of_them()
    {
        foreach (int seed in (int[])[0, 1])
        {
            _runs.Add($"runs/h1-{seed}", SyntheticRuns.Hopper, seed, 0.1, 10 + seed);
            _runs.Add($"runs/w1-{seed}", SyntheticRuns.Walker, seed, 0.1, 50 + seed);
            _runs.Add($"runs/h2-{seed}", SyntheticRuns.Hopper, seed, 0.2, 20 + seed);
        }

        var result = _runs.Report("runs");
        Assert.True(result.Status == 0, result.Error);
        Assert.Contains("alignment.temperature 0.2 is left out of all that is over several tasks: it has no runs of walker2d-medium-v2 (quick)", result.Output, StringComparison.Ordinal);
        var all = Assert.Single(_runs.Rows("report/summary.csv"), row => row["recipe"] == "all" && row["series"] == "policy");

        // Means 10.5 and 50.5, of which mean and median are 30.5; 10 [11 50] 51 has the interquartile mean 30.5, too; the
        // resampled mean is from (10 + 50) / 2 to (11 + 51) / 2, each with probability 1/16.
        Assert.Equal(("0.1", "2", "4"), (all[Temperature], all["tasks"], all["runs"]));
        Assert.All((string[])["mean", "median", "iqm"], key => AssertNear(30.5, all[key]));
        AssertNear(30, all["mean_low"]);
        AssertNear(31, all["mean_high"]);
    }

    [Fact]
    public void Scores_are_read_under_their_earlier_names()
    {
        _runs.Add("runs/a0", SyntheticRuns.Hopper, 0, 0.1, 10, result: result => result["scores"] = new JsonObject { ["policy_rs4"] = SyntheticRuns.Score(12), ["behavior_rs4"] = SyntheticRuns.Score(3) });
        Assert.Equal(0, _runs.Report("runs").Status);
        Assert.Equal(["policy_rejection 12", "behavior_rejection 3"], _runs.Rows("report/scores.csv").Select(row => $"{row["series"]} {row["score"]}"));
    }

    [Fact]
    public void The_papers_score_stands_beside_runs_on_the_published_file()
    {
        _runs.Add("runs/a0", SyntheticRuns.Hopper, 0, 0.1, 10);
        var without = _runs.Report("runs", "--out", "without");
        Assert.DoesNotContain("| paper |", without.Output, StringComparison.Ordinal);
        Assert.Contains("the paper's score of hopper-medium-v2 (quick) is left out: no record of a download", without.Output, StringComparison.Ordinal);

        var said = _runs.Report("runs", "--published", "--out", "said");
        Assert.Contains("| 98.4 ± 3.9 |", said.Output, StringComparison.Ordinal); // Table 1
        Assert.Equal("98.4", _runs.Rows("said/summary.csv").Single(row => row["series"] == "policy_rejection")["published_mean"]);
        Assert.Empty(_runs.Rows("said/summary.csv").Single(row => row["series"] == "policy")["published_mean"]);

        _runs.Write("hopper-medium-v2.hdf5.sha256", new string('0', 64) + "  hopper-medium-v2.hdf5\n");
        Assert.DoesNotContain("| paper |", _runs.Report("runs", "--out", "another").Output, StringComparison.Ordinal);
        _runs.Write("hopper-medium-v2.hdf5.sha256", SyntheticRuns.Digits(SyntheticRuns.Hopper) + "  hopper-medium-v2.hdf5\n");
        var recorded = _runs.Report("runs", "--out", "recorded");
        Assert.Contains("| paper |", recorded.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("is left out", recorded.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_data_is_another_task()
    {
        _runs.Add("runs/a0", SyntheticRuns.Hopper, 0, 0.1, 10);
        _runs.Add("runs/a1", SyntheticRuns.Hopper, 1, 0.1, 10, config => config["dataset"]!["sha256"] = new string('b', 64));
        Assert.Contains("hopper-medium-v2 (quick), data bbbbbbbb", _runs.Report("runs").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_report_is_refused()
    {
        AddTwoGroups();
        _runs.Add("twice/a0", SyntheticRuns.Hopper, 0, 0.1, 10);
        Directory.CreateDirectory(_runs.At("empty"));
        Refused(_runs.Report(), "FOLDER is missing");
        Refused(_runs.Report("nowhere"), "FOLDER is 'nowhere'", "a folder of a run");
        Refused(_runs.Report("empty"), "there is no finished run in empty");
        Refused(_runs.Report("runs", "--by", "temprature"), "--by is 'temprature'", Temperature);
        Refused(_runs.Report("runs", "--by", "steps"), "--by is 'steps'", "behavior.steps, critic.steps, weighted.training.steps, alignment.steps");
        Refused(_runs.Report("runs", "--by", "seed"), "--by is 'seed'");
        Refused(_runs.Report("runs", "--replications", "1999"), "--replications is '1999'", "2000 to 50000");
        Refused(_runs.Report("runs", "--out", "runs"), "--out is 'runs'", "new or empty");
        Refused(_runs.Report("runs", "twice"), "runs/a0 and twice/a0 are both seed 0 of hopper-medium-v2 (quick), alignment.temperature 0.1");
        Assert.Equal(["empty", "runs", "twice"], Directory.EnumerateFileSystemEntries(_runs.Folder).Select(Path.GetFileName).Order());
    }

    private static void Refused(EdaResult result, params string[] parts)
    {
        Assert.Equal(2, result.Status);
        string line = Assert.Single(result.ErrorLines);
        Assert.All(parts, part => Assert.Contains(part, line, StringComparison.Ordinal));
        Assert.Empty(result.Output);
    }

    private static void AssertNear(double expected, string actual) => Assert.Equal(expected, double.Parse(actual, CultureInfo.InvariantCulture), 9);

    private void AddTwoGroups()
    {
        foreach (int seed in (int[])[0, 1])
        {
            _runs.Add($"runs/a{seed}", SyntheticRuns.Hopper, seed, 0.1, 10 + (3 * seed));
            _runs.Add($"runs/b{seed}", SyntheticRuns.Hopper, seed, 0.2, 11 + seed);
        }
    }
}
