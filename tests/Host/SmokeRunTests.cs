using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using EDA.Engine.Checkpoints;

namespace EDA.Tests.Host;

[Collection(nameof(SmokeRun))]
[Trait("speed", "slow")]
public sealed partial class SmokeRunTests(SmokeRun run)
{
    [Fact]
    public void It_succeeds_and_points_to_its_page()
    {
        Assert.True(run.Result.Status == 0, run.Result.Error);
        Assert.Contains("index.html", run.Result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', run.Result.Output);
    }

    [Fact]
    public void Config_holds_every_setting_resolved()
    {
        using var config = JsonDocument.Parse(File.ReadAllText(run.At("config.json")));
        var root = config.RootElement;
        Assert.Equal("bandit-8gaussians", root.GetProperty("recipe").GetString());
        Assert.Equal("smoke", root.GetProperty("budget").GetString());
        Assert.Equal("cpu", root.GetProperty("device").GetString());
        Assert.Equal(5, root.GetProperty("seed").GetInt32());
        Assert.Contains("--set labelScale=2", root.GetProperty("command").GetString(), StringComparison.Ordinal);
        Assert.Equal(2, root.GetProperty("alignment").GetProperty("labelScale").GetDouble());
        foreach (string path in EDA.Host.Runs.SettingPaths.Of(EDA.Engine.Runs.RunKind.Bandit).Keys)
        {
            var element = root;
            foreach (string name in path.Split('.'))
                element = element.GetProperty(name);
        }
    }

    [Fact]
    public void Result_holds_the_documented_keys()
    {
        using var result = JsonDocument.Parse(File.ReadAllText(run.At("result.json")));
        var root = result.RootElement;
        string[] numbers = ["q_correlation", "q_slope", "target_mean_q", "behavior_mean_q", "policy_mean_q", "energy_distance_behavior", "energy_distance_policy"];
        Assert.All(numbers, name => Assert.True(double.IsFinite(root.GetProperty(name).GetDouble())));
        Assert.All(new[] { "behavior", "alignment", "evaluation", "figures", "total" }, stage => Assert.True(root.GetProperty("seconds").GetProperty(stage).GetDouble() >= 0));
        Assert.Equal(300, root.GetProperty("steps").GetProperty("behavior").GetInt32());
        Assert.False(root.GetProperty("interrupted").GetBoolean());
        Assert.StartsWith("cpu", root.GetProperty("device").GetString(), StringComparison.Ordinal);
        Assert.All(new[] { "recipe", "budget", "objective", "version", "runtime", "system", "started" }, name => Assert.NotEqual(string.Empty, root.GetProperty(name).GetString()));
    }

    [Fact]
    public void Every_key_is_documented() => RunFolderDocument.AssertHasEveryKey(run.At("config.json"), run.At("result.json"));

    [Fact]
    public void Metrics_are_long_form()
    {
        string[] lines = File.ReadAllLines(run.At("metrics.csv"));
        Assert.Equal("stage,step,name,value", lines[0]);
        var rows = lines.Skip(1).Select(line => line.Split(',')).ToList();
        Assert.Contains(rows, row => row is ["behavior", "300", "loss", _]);
        Assert.Contains(rows, row => row is ["alignment", "150", "loss", _]);
        Assert.All(rows, row => Assert.True(double.TryParse(row[3], NumberStyles.Float, CultureInfo.InvariantCulture, out _)));
    }

    [Fact]
    public void Tensorboard_holds_the_same_numbers()
    {
        string file = Assert.Single(Directory.EnumerateFiles(run.Folder, "events.out.tfevents.*"));
        var events = TensorBoardReader.Read(file);
        Assert.Equal("brain.Event:2", events[0].FileVersion);
        foreach (string[] row in File.ReadAllLines(run.At("metrics.csv")).Skip(1).Select(line => line.Split(',')))
        {
            float value = (float)double.Parse(row[3], CultureInfo.InvariantCulture);
            Assert.Contains(events, e => e.Tag == $"{row[0]}/{row[2]}" && e.Step == long.Parse(row[1], CultureInfo.InvariantCulture) && e.Value == value);
        }
    }

    [Fact]
    public void The_page_needs_no_network()
    {
        string page = File.ReadAllText(run.At("index.html"));
        Assert.DoesNotContain("http:", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("https:", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<link", page, StringComparison.OrdinalIgnoreCase);
        Assert.All(Reference().Matches(page), match => Assert.StartsWith("data:image/png;base64,", match.Groups[1].Value, StringComparison.Ordinal));
        Assert.Equal(3, Figure().Count(page));
        Assert.Contains("./eda run bandit-8gaussians --seed 5 --budget smoke", page, StringComparison.Ordinal);
        Assert.Contains("policy_mean_q", page, StringComparison.Ordinal);
        Assert.Contains("its numbers say nothing of a method", page, StringComparison.Ordinal);
        var ids = Identifier().Matches(page).Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.True(page.Length < 2_000_000);
    }

    [Fact]
    public void Figures_are_well_formed() =>
        Assert.All(new[] { "overview", "samples", "losses" }, name => Assert.Equal("svg", XDocument.Load(run.At("figures", name + ".svg")).Root!.Name.LocalName));

    [Fact]
    public void Checkpoints_are_models_that_differ()
    {
        var behavior = BdmWeights.Load(run.At("checkpoints", "behavior.safetensors"));
        var policy = BdmWeights.Load(run.At("checkpoints", "policy.safetensors"));
        Assert.Equal(0, behavior.Layout.Shape.StateSize);
        Assert.Equal(2, behavior.Layout.Shape.ActionSize);
        Assert.NotEqual(behavior.Parameters, policy.Parameters);
    }

    [Fact]
    public void A_folder_that_is_there_is_not_written_to()
    {
        var again = EdaProcess.Run(run.Scratch, "run", "bandit-8gaussians", "--budget", "smoke", "--out", run.Folder);
        Assert.Equal(2, again.Status);
        Assert.Contains("--out", Assert.Single(again.ErrorLines), StringComparison.Ordinal);
    }

    [OptionalFact(OptionalNeeds.Bash)]
    public void A_terminated_run_saves_what_there_is()
    {
        string folder = Path.Combine(run.Scratch, "interrupted");
        using var process = EdaProcess.Start(run.Scratch, "run", "bandit-moons", "--budget", "smoke", "--set", "behavior.steps=1000000", "--out", folder);
        var deadline = DateTime.UtcNow.AddMinutes(2);
        while (!(File.Exists(Path.Combine(folder, "metrics.csv")) && File.ReadLines(Path.Combine(folder, "metrics.csv")).Count() > 4) && DateTime.UtcNow < deadline)
            Thread.Sleep(100);
        // Without a shell's job control a process can count on SIGTERM only; it is handled as Ctrl-C is.
        using (var kill = System.Diagnostics.Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]))
            kill.WaitForExit();
        var result = EdaProcess.Finish(process);
        Assert.Equal(130, result.Status);
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "result.json")));
        Assert.True(document.RootElement.GetProperty("interrupted").GetBoolean());
        Assert.Equal(JsonValueKind.Null, document.RootElement.GetProperty("policy_mean_q").ValueKind);
        Assert.True(File.Exists(Path.Combine(folder, "checkpoints", "behavior.safetensors")));
        Assert.False(File.Exists(Path.Combine(folder, "checkpoints", "policy.safetensors")));
        Assert.True(File.Exists(Path.Combine(folder, "index.html")));
    }

    [GeneratedRegex("(?:src|href)=\"([^\"]*)\"")]
    private static partial Regex Reference();

    [GeneratedRegex("<figure>")]
    private static partial Regex Figure();

    [GeneratedRegex("\\sid=\"([^\"]*)\"")]
    private static partial Regex Identifier();
}
