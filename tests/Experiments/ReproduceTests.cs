using System.Security.Cryptography;
using System.Text.Json.Nodes;
using EDA.Engine.Data.Formats;
using EDA.Tests.Host;

namespace EDA.Tests.Experiments;

/// <summary>The paper's tables and figures by name, on what the machine makes itself or is given.</summary>
[Trait("speed", "slow")]
public sealed class ReproduceTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_figure_on_point_mazes_is_a_sweep_and_its_report()
    {
        string[] command = ["reproduce", "fig6", .. SweepFolder.Small, "--seeds", "0..0", "--jobs", "2", "--out", "fig6"];
        var result = EdaProcess.Run(_folder.Path, command);
        Assert.True(result.Status == 0, result.Error);
        Assert.Contains("no --datasets DIR: pointmaze-umaze, whose data is made here, stands for the 9 tasks", result.Output, StringComparison.Ordinal);
        Assert.Contains("8 groups by alignment.candidates, alignment.objective", result.Output, StringComparison.Ordinal);
        foreach (string file in (string[])["index.html", "report.md", "table.tex", "scores.csv", "summary.csv"])
            Assert.True(File.Exists(_folder.At("fig6/report/" + file)), file);

        // K is an axis, and each objective a panel.
        string figure = File.ReadAllText(_folder.At("fig6/report/figures/scores.svg"));
        foreach (string text in (string[])["pointmaze-umaze (smoke), preference", "pointmaze-umaze (smoke), value", ">128<", ">alignment.candidates<"])
            Assert.Contains(text, figure, StringComparison.Ordinal);
        var sweep = new SweepFolder(_folder, "fig6");
        Assert.Equal((60, 100, 8), (sweep.Steps["behavior"], sweep.Steps["critic"], sweep.Results));

        // The same again computes nothing and draws anew; another experiment is not mixed in.
        Assert.Equal(0, EdaProcess.Run(_folder.Path, command).Status);
        Assert.Equal(60, sweep.Steps["behavior"]);
        Assert.True(File.Exists(_folder.At("fig6/report-2/index.html")));
        var other = EdaProcess.Run(_folder.Path, ["reproduce", "fig9", .. command[2..]]);
        Assert.Equal(2, other.Status);
        Assert.Contains("this sweep is another", Assert.Single(other.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void The_bandits_stand_below_each_other()
    {
        var result = EdaProcess.Run(
            _folder.Path, "reproduce", "fig3", "--budget", "smoke", "--set", "points=500", "width=32", "blocks=1", "behavior.batch=16", "behavior.steps=40", "states=4", "candidates=4",
            "alignment.steps=20", "evaluation.heldOut=64", "samples=64", "distancePoints=32", "--out", "fig3");
        Assert.True(result.Status == 0, result.Error);
        string page = File.ReadAllText(_folder.At("fig3/report/index.html"));
        foreach (string objective in (string[])["value", "preference"])
            Assert.Contains($"bandit-8gaussians, {objective} objective, β = ", page, StringComparison.Ordinal);
        string[] names = [.. page.Split("id=\"").Skip(1).Select(rest => rest[..rest.IndexOf('"')])];
        Assert.Equal(names.Length, names.Distinct().Count());
        Assert.Equal(40, new SweepFolder(_folder, "fig3").Steps["behavior"]);
    }

    [Fact]
    public void The_generative_models_of_six_bandits_stand_below_each_other()
    {
        var result = EdaProcess.Run(_folder.Path, ["reproduce", "fig7", .. GeneratorsRunTests.Small, "--out", "fig7"]);
        Assert.True(result.Status == 0, result.Error);
        string page = File.ReadAllText(_folder.At("fig7/report/index.html"));
        foreach (string bandit in (string[])["8gaussians", "swissroll", "rings", "moons", "checkerboard", "2spirals"])
            Assert.Contains($"bandit-{bandit}, seed 0: points of each model", page, StringComparison.Ordinal);
        Assert.Equal(6, page.Split(">ground truth<").Length - 1);
        string[] names = [.. page.Split("id=\"").Skip(1).Select(rest => rest[..rest.IndexOf('"')])];
        Assert.Equal(names.Length, names.Distinct().Count());
        string scores = File.ReadAllText(_folder.At("fig7/report/report.md"));
        foreach (string model in (string[])["gaussian", "vae", "ebm_short", "ebm_long", "bdm", "data"])
            Assert.Contains($"energy_distance_{model}", scores, StringComparison.Ordinal);
        Assert.DoesNotContain("policy_mean_q", scores, StringComparison.Ordinal);
        Assert.Equal(6 * 20, new SweepFolder(_folder, "fig7").Steps["ebm"]);
    }

    [Fact]
    public void Methods_are_drawn_along_their_training()
    {
        var result = EdaProcess.Run(_folder.Path, ["reproduce", "fig11", .. SweepFolder.Small, "--set", "method.steps=40", "--set", "evaluation.every=20", "--out", "fig11", "--seeds", "0..0"]);
        Assert.True(result.Status == 0, result.Error);
        Assert.Contains("3 groups by method", result.Output, StringComparison.Ordinal);
        string figure = File.ReadAllText(_folder.At("fig11/report/figures/curves.svg"));
        foreach (string text in (string[])[">eda<", ">iql<", ">qgpo<", "share of the training"])
            Assert.Contains(text, figure, StringComparison.Ordinal);
        foreach (var (method, stage, steps) in new[] { ("eda", "alignment", (int[])[0, 20]), ("iql", "policy", [0, 20, 40]), ("qgpo", "policy", [0, 20, 40]) })
        {
            string metrics = File.ReadAllText(_folder.At($"fig11/runs/pointmaze-umaze-method={method}-seed0/metrics.csv"));
            Assert.All(steps, step => Assert.Contains($"\n{stage},{step},score,", metrics, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Three_critics_stand_with_three_kinds_of_policy()
    {
        var small = SweepFolder.Small.Where(word => !word.StartsWith("weighted.", StringComparison.Ordinal) && !word.StartsWith("critic.steps", StringComparison.Ordinal));
        var result = EdaProcess.Run(_folder.Path, ["reproduce", "fig4", .. small, "critic.steps=20", "--set", "method.steps=40", "--set", "method.weights=1", "--out", "fig4", "--seeds", "0..0"]);
        Assert.True(result.Status == 0, result.Error);
        Assert.Contains("| critic | Gaussian | diffusion | EDA | EDA, best of 4 |", result.Output, StringComparison.Ordinal);
        foreach (string critic in (string[])["implicit", "softmax", "online"])
            Assert.DoesNotContain("–", Assert.Single(result.Output.Split('\n'), line => line.StartsWith($"| {critic} |", StringComparison.Ordinal)), StringComparison.Ordinal);
        string figure = File.ReadAllText(_folder.At("fig4/report/figures/critics.svg"));
        foreach (string text in (string[])["implicit critic", "softmax critic", "online critic", ">Gaussian<", ">diffusion<"])
            Assert.Contains(text, figure, StringComparison.Ordinal);
    }

    [OptionalFact(OptionalNeeds.Mujoco)]
    public void Table_1_says_what_is_missing_and_does_the_rest()
    {
        Directory.CreateDirectory(_folder.At("data"));
        using (var file = new NpzWriter(_folder.At("data/hopper-medium-v2.npz")))
        {
            const int Rows = 400;
            float[] Numbers(int width) => [.. Enumerable.Range(0, Rows * width).Select(i => MathF.Sin(i * 0.7f))];
            file.Write("observations", [Rows, 11], Numbers(11));
            file.Write("actions", [Rows, 3], Numbers(3));
            file.Write("rewards", [Rows], Numbers(1));
            file.Write("terminals", [Rows], Enumerable.Range(0, Rows).Select(i => i % 100 == 99).ToArray());
            file.Write("timeouts", [Rows], new bool[Rows]);
        }

        string[] small = [.. SweepFolder.Small.Where(word => word is not "rows=600")];
        var result = EdaProcess.Run(_folder.Path, ["reproduce", "table1", .. small, "--datasets", "data", "--seeds", "0..1", "--out", "table1"]);
        Assert.True(result.Status == 0, result.Error);
        string[] lines = result.Output.Split('\n');
        Assert.Equal(15, lines.Count(line => line.StartsWith("left out: ", StringComparison.Ordinal)));
        Assert.Single(lines, line => line.StartsWith("left out: kitchen-mixed-v0, whose file is not in data as ", StringComparison.Ordinal));
        string table = File.ReadAllText(_folder.At("table1/report/report.md"));
        Assert.Matches(@"\| hopper-medium-v2 \| -?\d+\.\d ± \d+\.\d \| 2 \| – \|", table);
        Assert.Contains("| walker2d-medium-v2 | – | – | – |", table, StringComparison.Ordinal);
        Assert.Matches(@"\| mean of locomotion \| -?\d+\.\d \(1 of 9 tasks\) \|  \| – \|", table);

        // Nor is a single run's set beside the paper's, before a record says that its file is the published one.
        string run = _folder.At("table1/runs/hopper-medium-v2-seed0");
        Assert.Null(JsonNode.Parse(File.ReadAllText(Path.Combine(run, "result.json")))!["published"]);
        File.WriteAllText(_folder.At("data/hopper-medium-v2.npz.sha256"), $"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(_folder.At("data/hopper-medium-v2.npz"))))}  hopper-medium-v2.npz\n");
        Assert.Equal(0, EdaProcess.Run(_folder.Path, "evaluate", run).Status);
        Assert.Equal(98.4, JsonNode.Parse(File.ReadAllText(Path.Combine(run, "result.json")))!["published"]!["mean"]!.GetValue<double>());
        File.Delete(_folder.At("data/hopper-medium-v2.npz.sha256"));

        // The paper's score stands beside ours where the user says that the file is the paper's.
        var published = EdaProcess.Run(_folder.Path, ["reproduce", "table1", .. small, "--datasets", "data", "--seeds", "0..1", "--out", "table1", "--published"]);
        Assert.Equal(0, published.Status);
        Assert.Matches(@"(?m)^hopper-medium-v2: 400 rows, and NOT the 999906 that the published file is known to have; 4 episodes score from 0\.\d to 0\.\d, 0\.\d on average, by the reference returns -20\.272305 \(0\) and 3234\.3 \(100\)$", published.Output);
        Assert.DoesNotContain("999906", result.Output, StringComparison.Ordinal);
        Assert.Matches(@"\| hopper-medium-v2 \| -?\d+\.\d ± \d+\.\d \| 2 \| 98.4 ± 3.9 \|", File.ReadAllText(_folder.At("table1/report-2/report.md")));
    }

    [Theory]
    [InlineData("NAME is missing")]
    [InlineData("NAME is 'fig2'", "fig2")]
    [InlineData("a folder that exists", "table1", "--datasets", "nowhere")]
    [InlineData("budget", "fig6", "--budget", "week")]
    [InlineData("--seeds is 'x'", "fig6", "--seeds", "x")]
    public void What_is_no_experiment_is_refused(string named, params string[] arguments)
    {
        var result = EdaProcess.Run(_folder.Path, ["reproduce", .. arguments]);
        Assert.Equal(2, result.Status);
        Assert.Contains(named, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }
}
