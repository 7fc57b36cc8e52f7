using System.Text.Json.Nodes;
using EDA.Tests.Host;

namespace EDA.Tests.Experiments;

/// <summary>A run that starts from another's finished stages comes to what it would have come to alone, and does again only what the change asks for.</summary>
[Collection(nameof(PointMazeRun))]
[Trait("speed", "slow")]
public sealed class BranchTests(PointMazeRun run) : IDisposable
{
    private const string Beta = "alignment.temperature=0.4";

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_branch_over_beta_aligns_and_rolls_out_and_no_more()
    {
        var before = Directory.EnumerateFiles(run.Folder, "*", SearchOption.AllDirectories).ToDictionary(file => file, File.ReadAllBytes);
        var branch = EdaProcess.Run(_folder.Path, "branch", run.Folder, "--out", "branch", "--set", Beta);
        Assert.True(branch.Status == 0, branch.Error);
        foreach (string stage in (string[])["behavior", "critic", "weigh", "label"])
            Assert.Contains($"{stage,-10} from {run.Folder}", branch.Output, StringComparison.Ordinal);
        foreach (string stage in (string[])["align", "evaluate"])
            Assert.Contains($"{stage,-10} to be done: alignment.temperature", branch.Output, StringComparison.Ordinal);

        var alone = EdaProcess.Run(_folder.Path, ["run", "pointmaze-umaze", .. PointMazeRun.Small, "--label-fraction", "0.5", "--set", Beta, "--out", "alone"]);
        Assert.True(alone.Status == 0, alone.Error);
        foreach (string name in (string[])["behavior", "critic", "iql", "weighted", "policy"])
            Assert.Equal(File.ReadAllBytes(_folder.At($"alone/checkpoints/{name}.safetensors")), File.ReadAllBytes(_folder.At($"branch/checkpoints/{name}.safetensors")));
        Assert.Equal(Numbers("alone"), Numbers("branch"));
        Assert.Equal(Rows("alone"), Rows("branch"));

        // What the branch did itself: no state was saved but those of alignment and rollouts, and the other run is as it was.
        var seconds = JsonNode.Parse(File.ReadAllText(_folder.At("branch/result.json")))!["seconds"]!;
        Assert.True(seconds["behavior"]!.GetValue<double>() < 0.1 && seconds["critic"]!.GetValue<double>() < 0.1, seconds.ToJsonString());
        Assert.Equal(before, Directory.EnumerateFiles(run.Folder, "*", SearchOption.AllDirectories).ToDictionary(file => file, File.ReadAllBytes));

        // A branch's own further training does not reach the run that it came from.
        Assert.Equal(0, EdaProcess.Run(_folder.Path, "resume", "branch").Status);
        Assert.Equal(before, Directory.EnumerateFiles(run.Folder, "*", SearchOption.AllDirectories).ToDictionary(file => file, File.ReadAllBytes));
    }

    [Theory]
    [InlineData("critic.discount=0.9", "behavior", "critic weigh label align evaluate")]
    [InlineData("behavior.dropout=0.2", "critic", "behavior weigh label align evaluate")]
    [InlineData("weighted.advantageScale=2", "behavior critic", "weigh label align evaluate")]
    [InlineData("labels.evaluations=2", "behavior critic weigh", "label align evaluate")]
    [InlineData("evaluation.episodes=3", "behavior critic weigh label align", "evaluate")]
    [InlineData("behavior.reportEvery=7", "behavior critic weigh label align", "evaluate")]
    [InlineData("width=64", "critic", "behavior weigh label align evaluate")]
    [InlineData("rows=700", "", "behavior critic weigh label align evaluate")]
    [InlineData("heldOut=16", "critic", "behavior weigh label align evaluate")]
    public void What_a_change_invalidates_is_done_again(string change, string taken, string again)
    {
        var result = EdaProcess.Run(_folder.Path, "branch", run.Folder, "--dry-run", "--set", change);
        Assert.True(result.Status == 0, result.Error);
        string[] lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(taken, string.Join(' ', lines.Where(line => line.Contains(" from ", StringComparison.Ordinal)).Select(line => line.Split(' ')[0])));
        Assert.Equal(again, string.Join(' ', lines.Where(line => line.Contains("to be done", StringComparison.Ordinal)).Select(line => line.Split(' ')[0])));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void A_branch_that_is_none_is_refused()
    {
        foreach (var (arguments, named) in new (string[] Arguments, string Named)[]
        {
            ([run.Folder], "nothing differs"),
            ([], "RUNFOLDER is missing"),
            ([_folder.Path], "the folder of a run"),
            ([run.Folder, "--set", "alignment.temperature=-1"], "temperature"),
            ([run.Folder, "--set", Beta, "--out", run.Folder], "new or empty"),
        })
        {
            var result = EdaProcess.Run(_folder.Path, ["branch", .. arguments]);
            Assert.Equal(2, result.Status);
            Assert.Contains(named, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
            Assert.Empty(result.Output);
        }
    }

    private JsonNode Result(string name) => JsonNode.Parse(File.ReadAllText(_folder.At(name + "/result.json")))!;

    // The scores but for how long they took.
    private string Numbers(string name)
    {
        var scores = Result(name)["scores"]!.AsObject();
        foreach (var (_, score) in scores)
        {
            foreach (string time in score!.AsObject().Select(entry => entry.Key).Where(key => key.Contains("second", StringComparison.OrdinalIgnoreCase)).ToList())
                score.AsObject().Remove(time);
        }

        return scores.ToJsonString();
    }

    private string[] Rows(string name) =>
        [.. File.ReadAllLines(_folder.At(name + "/metrics.csv")).Where(line => !line.Contains("second", StringComparison.Ordinal) && !line.Contains("_rate", StringComparison.Ordinal))];
}
