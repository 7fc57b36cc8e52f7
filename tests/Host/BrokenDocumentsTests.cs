using EDA.Engine;
using EDA.Engine.Checkpoints;
using EDA.Engine.Runs;
using EDA.Host.CommandLine;
using EDA.Host.Reports;
using EDA.Host.Runs;

namespace EDA.Tests.Host;

/// <summary>What broken files say is shown as a line that a terminal does not obey; what contradicts itself is refused.</summary>
public sealed class BrokenDocumentsTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_key_of_config_json_that_stands_twice()
    {
        var task = RunTask.Table.Find("bandit-moons");
        var request = new RunRequest { Task = task, Budget = "smoke", Device = "cpu", Settings = task.Paper(), Options = [] };
        string text = request.ToConfig(new RunInputs()).ToJsonString(SettingPaths.Json);
        _folder.Write("config.json", text);
        Assert.Equal(256, RunRequest.FromConfig(RunFolder.Open(_folder.Path)).Settings.Width);
        _folder.Write("config.json", text.Replace("\"width\": 256", "\"width\": 256, \"width\": 64", StringComparison.Ordinal));
        Assert.EndsWith("config.json: is not the configuration of a run", Assert.Throws<InvalidFileException>(() => RunRequest.FromConfig(RunFolder.Open(_folder.Path))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Words_of_a_file_are_no_orders_to_a_terminal()
    {
        string points = _folder.Write("points.csv", "t,a0,a1\n0.5,\u001b[31m,0\n");
        string message = Assert.Throws<UserError>(() => EDA.Host.Tables.PointTable.Read(points, ["t", "a0", "a1"]).Values(["a0"])).Message;
        Assert.Equal($"{points}: row 1, column a0 is '\\x1b[31m'; allowed is a finite number", message);

        string weights = _folder.At("weights.safetensors");
        Safetensors.Write(weights, [new("a\u001b]0;b\a", [1], [1])]);
        string shown = EdaProcess.Run(_folder.Path, "weights", "inspect", weights).Output;
        Assert.Contains("a\\x1b]0;b\\x07", shown, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', shown);
    }

    [Fact]
    public void A_long_word_leaves_room_for_what_is_allowed()
    {
        string points = _folder.Write("points.csv", $"t,a0,a1\n0.5,{new string('[', 100_000)},0\n");
        string message = Assert.Throws<UserError>(() => EDA.Host.Tables.PointTable.Read(points, ["t", "a0", "a1"]).Values(["a0"])).Message;
        Assert.InRange(message.Length, 1000, OneLine.Longest + 10);
        Assert.StartsWith($"{points}: row 1, column a0 is '[[[", message, StringComparison.Ordinal);
        Assert.EndsWith("[[['; allowed is a finite number", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"seconds\": {", "\"seconds\": {\"figures\": \"soon\",")]
    [InlineData("\"steps\": {", "\"steps\": {\"behavior\": 4, \"behavior\": 4,")]
    [InlineData("\"steps\": {", "\"steps\": {\"other\": [],")]
    [InlineData("\"target_mean_q\": ", "\"target_mean_q\": 1e999, \"was\": ")]
    [Trait("speed", "slow")]
    public void A_result_that_is_none_is_refused_before_anything_is_done(string found, string broken)
    {
        string run = _folder.At("run");
        string[] settings = ["width=32", "blocks=1", "points=64", "behavior.steps=4", "behavior.batch=8", "alignment.steps=4", "alignment.states=4", "evaluation.heldOut=16", "evaluation.samples=16", "evaluation.distancePoints=16", "solverEvaluations=2"];
        Assert.Equal(0, EdaProcess.Run(_folder.Path, ["run", "bandit-moons", "--budget", "smoke", "--out", run, "--set", .. settings]).Status);
        string result = Path.Combine(run, "result.json"), text = File.ReadAllText(result);
        Assert.Contains(found, text, StringComparison.Ordinal);
        File.WriteAllText(result, text.Replace(found, broken, StringComparison.Ordinal));
        string[] before = [.. Directory.EnumerateFiles(run).Order()];
        var refused = EdaProcess.Run(_folder.Path, "resume", run);
        Assert.Equal((2, $"eda: {result}: is not the result of a run"), (refused.Status, Assert.Single(refused.ErrorLines)));
        Assert.Equal(before, Directory.EnumerateFiles(run).Order());
    }
}
