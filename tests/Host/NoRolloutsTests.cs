using System.Text.Json.Nodes;
using EDA.Engine.Data.Formats;

namespace EDA.Tests.Host;

/// <summary>A dataset without an environment, from file to page.</summary>
public sealed class NoRolloutsTests : IDisposable
{
    private const int Rows = 600, StateSize = 7, ActionSize = 3;

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_log_of_invented_sizes_gets_a_policy_and_a_page()
    {
        WriteLog();
        var result = EdaProcess.Run(_folder.Path, "run", "d4rl", "--dataset", "log.npz", "--no-rollouts", "--budget", "smoke", "--out", "run", "--set", "behavior.steps=40", "critic.steps=40", "weighted.training.steps=20", "alignment.steps=20");
        Assert.Equal((0, string.Empty), (result.Status, result.Error));
        var document = JsonNode.Parse(File.ReadAllText(_folder.At("run/result.json")))!;
        var ratings = document["ratings"]!;
        Assert.Equal((128, 32, $"none:{StateSize}x{ActionSize}"), (ratings["states"]!.GetValue<int>(), ratings["samples"]!.GetValue<int>(), document["environment"]!.GetValue<string>()));
        Assert.All(document["scores"]!.AsObject(), score => Assert.Null(score.Value));
        Assert.True(document["held_out_loss"]!.GetValue<double>() > 0);
        foreach (string name in (string[])["policy", "weighted", "iql"])
        {
            Assert.True(double.IsFinite(ratings["policies"]![name]!["q_mean"]!.GetValue<double>()));
            Assert.InRange(ratings["policies"]![name]!["beyond"]!.GetValue<double>(), 0, 1);
        }

        string page = File.ReadAllText(_folder.At("run/index.html"));
        Assert.Contains("beyond the behavior&#39;s 99 %", page.Replace("behavior's", "behavior&#39;s", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("the dataset's own actions", page.Replace("&#39;", "'", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.At("run/episodes")));
        Assert.Contains("--no-rollouts", page, StringComparison.Ordinal);

        // Measured again by itself it comes to the same; settings say how many states.
        string before = ratings.ToJsonString();
        Assert.Equal(0, EdaProcess.Run(_folder.Path, "evaluate", "run").Status);
        Assert.Equal(before, JsonNode.Parse(File.ReadAllText(_folder.At("run/result.json")))!["ratings"]!.ToJsonString());
        Assert.Equal(0, EdaProcess.Run(_folder.Path, "evaluate", "run", "--set", "evaluation.ratedStates=10").Status);
        Assert.Equal(10, JsonNode.Parse(File.ReadAllText(_folder.At("run/result.json")))!["ratings"]!["states"]!.GetValue<int>());
    }

    [Fact]
    public void What_does_not_go_with_it_is_refused()
    {
        WriteLog();
        Refused("--no-rollouts is 'given'; allowed is nothing, because bandit-moons is not a run on a dataset", "run", "bandit-moons", "--no-rollouts");
        Refused("--no-rollouts is 'given'; allowed is nothing, because --set evaluation.rollsOut=true asks for rollouts", "run", "d4rl", "--env", "pointmaze-umaze", "--dataset", "log.npz", "--no-rollouts", "--set", "evaluation.rollsOut=true");
        Refused("evaluation.every is 10; allowed is 0 where evaluation.rollsOut is false: a learning curve is of rollouts", "run", "d4rl", "--dataset", "log.npz", "--no-rollouts", "--set", "evaluation.every=10");
        Refused("observations has 7 columns; hopper has 11", "run", "d4rl", "--env", "hopper", "--dataset", "log.npz", "--no-rollouts");
        Refused("--env is missing", "run", "d4rl", "--dataset", "log.npz");

        void Refused(string line, params string[] arguments)
        {
            var result = EdaProcess.Run(_folder.Path, arguments);
            Assert.Equal(2, result.Status);
            Assert.Contains(line, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        }
    }

    private void WriteLog()
    {
        var random = new Random(1);
        float[] states = [.. Enumerable.Range(0, Rows * StateSize).Select(_ => (float)((2 * random.NextDouble()) - 1))];
        float[] actions = [.. Enumerable.Range(0, Rows * ActionSize).Select(i => (float)Math.Tanh((0.5 * states[(i / ActionSize * StateSize) + (i % ActionSize)]) + random.NextDouble() - 0.5))];
        using var file = new NpzWriter(_folder.At("log.npz"));
        file.Write("observations", [Rows, StateSize], states);
        file.Write("actions", [Rows, ActionSize], actions);
        file.Write("rewards", [Rows], [.. Enumerable.Range(0, Rows).Select(i => -Math.Abs(actions[i * ActionSize] - 0.5f))]);
        file.Write("terminals", [Rows], new bool[Rows]);
    }
}
