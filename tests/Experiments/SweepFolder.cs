using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using EDA.Tests.Host;

namespace EDA.Tests.Experiments;

/// <summary>What a sweep of small point mazes left in its folder.</summary>
internal sealed class SweepFolder(ScratchFolder scratch, string name)
{
    /// <summary>The smoke budget, smaller still.</summary>
    public static IReadOnlyList<string> Small { get; } =
    [
        "--budget", "smoke", "--set", "rows=600", "width=32", "blocks=1", "criticWidth=32", "behavior.steps=60", "critic.steps=100", "weighted.training.steps=30",
        "labels.mostStates=40", "labels.evaluations=3", "alignment.steps=20", "alignment.states=8", "evaluation.solverEvaluations=3",
    ];

    /// <summary>The same with stages that take seconds, saved every few steps.</summary>
    public static IReadOnlyList<string> Longer { get; } = [.. Small, "behavior.steps=1500", "critic.steps=1500", "weighted.training.steps=300", "alignment.steps=300", "checkpoints.interval=0.05"];

    /// <summary>Three β and three seeds.</summary>
    public static IReadOnlyList<string> Grid { get; } = ["--grid", "alignment.temperature=0.3,1,3", "--seeds", "0..2"];

    /// <summary>The names of the runs.</summary>
    public IEnumerable<string> Runs => Directory.GetDirectories(scratch.At(name + "/runs")).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal);

    /// <summary>The results there are.</summary>
    public int Results => Directory.Exists(scratch.At(name + "/runs")) ? Directory.GetFiles(scratch.At(name + "/runs"), "result.json", SearchOption.AllDirectories).Length : 0;

    /// <summary>The steps that all workers took, by what they did; rollouts are as long as they happen to be.</summary>
    public Dictionary<string, long> Steps => Directory.GetFiles(scratch.At(name), "work.csv", SearchOption.AllDirectories)
        .SelectMany(file => File.ReadAllLines(file).Skip(1)).Select(line => line.Split(',')).Where(row => row[0] != "evaluation")
        .GroupBy(row => row[0]).ToDictionary(rows => rows.Key, rows => rows.Sum(row => long.Parse(row[2], CultureInfo.InvariantCulture) - long.Parse(row[1], CultureInfo.InvariantCulture)));

    /// <summary>The processes that work on it, by their locks.</summary>
    public int[] Workers => !Directory.Exists(scratch.At(name)) ? [] : [.. Directory.GetFiles(scratch.At(name), "run.lock", SearchOption.AllDirectories).Select(Holder).OfType<int>()];

    /// <summary>A run's scores, but for how long they took.</summary>
    public string Scores(string run) => ScoresOf(scratch.At($"{name}/runs/{run}"));

    /// <summary>The scores in a run folder, but for how long they took.</summary>
    public static string ScoresOf(string folder)
    {
        var scores = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "result.json")))!["scores"]!.AsObject();
        foreach (var (_, score) in scores)
        {
            score?.AsObject().Remove("seconds");
            score?.AsObject().Remove("acting_seconds");
        }

        return scores.ToJsonString();
    }

    /// <summary>Requires that another sweep came to the same policies and scores.</summary>
    public void AssertSame(SweepFolder other)
    {
        Assert.Equal(Runs, other.Runs);
        foreach (string run in Runs)
        {
            Assert.Equal(Scores(run), other.Scores(run));
            Assert.Equal(Policy(run), other.Policy(run));
        }
    }

    private byte[] Policy(string run) => File.ReadAllBytes(scratch.At($"{name}/runs/{run}/checkpoints/policy.safetensors"));

    private static int? Holder(string file)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(file))!["process"]!.GetValue<int>();
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            return null; // given back meanwhile
        }
    }
}
