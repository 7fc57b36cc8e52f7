using System.Text.Json;
using EDA.Engine;
using EDA.Engine.Alignment;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Environments;
using EDA.Engine.Optimizers;
using EDA.Host.CommandLine;
using EDA.Host.Commands;
using EDA.Kernels;
using EDA.Samples;
using EDA.Tests.Host;

namespace EDA.Tests.Engine;

/// <summary>Alone: tables are the process's.</summary>
[CollectionDefinition(nameof(RegistrationTests), DisableParallelization = true)]
public sealed class RegistrationTestsCollection;

/// <summary>A critic, an objective and an environment of one's own: added in one place each, and then there everywhere.</summary>
[Collection(nameof(RegistrationTests))]
public sealed class RegistrationTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_is_added_is_chosen_by_its_name_trained_and_reported()
    {
        using var critic = CriticMethod.Table.Add(new CriticMethod("rewards", parts => new RewardLearning(parts)));
        using var objective = ObjectiveKind.Table.Add(new ObjectiveKind("twice", (temperature, labelScale) => new ValueObjective(temperature, 2 * labelScale)));
        using var environment = EnvironmentCatalogue.Table.Add(new OwnEnvironment.CorridorKind());
        DatasetFile.Write(OwnEnvironment.RandomWalks(1100), _folder.At("corridor.npz"));
        string[] line =
        [
            "run", "d4rl", "--env", "corridor", "--dataset", _folder.At("corridor.npz"), "--critic", "rewards", "--objective", "twice", "--budget", "smoke", "--out", _folder.At("run"),
            "--set", "rewards=asIs", "width=32", "blocks=1", "criticWidth=32", "behavior.batch=16", "behavior.steps=6", "critic.batch=64", "critic.steps=400", "critic.reportEvery=100", "critic.learningRate=0.003",
            "mostStates=12", "labels.evaluations=2", "alignment.states=4", "alignment.candidates=4", "alignment.steps=4", "episodes=1", "evaluation.candidates=2", "solverEvaluations=2",
        ];
        Assert.Equal(0, await EdaCommandLine.InvokeAsync(line));

        using var result = JsonDocument.Parse(File.ReadAllText(_folder.At("run/result.json")));
        Assert.Equal(("rewards", "twice", "corridor"), (Word("critic"), Word("objective"), Word("environment")));
        Assert.Equal(2, result.RootElement.GetProperty("scores").GetProperty("policy").GetProperty("lengths")[0].GetInt32());
        string page = File.ReadAllText(_folder.At("run/index.html"));
        Assert.Contains("twice objective", page, StringComparison.Ordinal);
        Assert.Contains("<td>critic.method</td><td>rewards</td>", page, StringComparison.Ordinal);

        // The twins learn the rewards.
        double[] losses = [.. File.ReadLines(_folder.At("run/metrics.csv")).Select(row => row.Split(',')).Where(row => row[0] == "critic" && row[2] == "loss").Select(row => double.Parse(row[3], System.Globalization.CultureInfo.InvariantCulture))];
        Assert.Equal(4, losses.Length);
        Assert.True(losses[^1] < 0.8 * losses[0], string.Join(", ", losses));

        // And it goes on with them, from what the folder says.
        Assert.Equal(0, await EdaCommandLine.InvokeAsync(["resume", _folder.At("run")]));

        string Word(string key) => result.RootElement.GetProperty(key).GetString()!;
    }

    [Fact]
    public void What_is_added_is_listed_until_it_is_taken_away()
    {
        using (CriticMethod.Table.Add(new CriticMethod("rewards", parts => new RewardLearning(parts))))
        {
            Assert.Equal("rewards", CriticMethod.Table.Names[^1]);
            Assert.Throws<ArgumentException>(() => CriticMethod.Table.Add(new CriticMethod("implicit", parts => new RewardLearning(parts))));
            Assert.Contains(new RunOptions().Own, option => option.Description!.Contains("rewards", StringComparison.Ordinal));
        }

        Assert.DoesNotContain("rewards", CriticMethod.Table.Names);
    }

    [Fact]
    public async Task A_critic_that_takes_no_other_optimizer_is_refused_one()
    {
        using var critic = CriticMethod.Table.Add(new CriticMethod("fused", parts => new RewardLearning(parts with { Optimizer = null })));
        using var optimizer = OptimizerKind.Table.Add(new OptimizerKind("plain", _ => Adam.Factory));
        DatasetFile.Write(OwnEnvironment.RandomWalks(1100), _folder.At("corridor.npz"));
        using var environment = EnvironmentCatalogue.Table.Add(new OwnEnvironment.CorridorKind());
        string[] line =
        [
            "critic", _folder.At("run"), "--recipe", "d4rl", "--env", "corridor", "--dataset", _folder.At("corridor.npz"), "--critic", "fused", "--optimizer", "plain", "--budget", "smoke",
            "--set", "rewards=asIs", "criticWidth=32", "critic.batch=64", "critic.steps=4",
        ];
        var refused = await Assert.ThrowsAsync<InvalidSettingException>(() => EdaCommandLine.InvokeAsync(line));
        Assert.Equal("optimizer.name is plain; allowed is adam with the critic fused, which hands no other to its networks", refused.Message);

        // One that takes it, and forgets to let it move the networks, does not get past its first step.
        using var forgetful = CriticMethod.Table.Add(new CriticMethod("forgetful", parts => new RewardLearning(parts, moves: false)));
        line[Array.IndexOf(line, "fused")] = "forgetful";
        line[1] = _folder.At("second");
        await Assert.ThrowsAsync<InvalidOperationException>(() => EdaCommandLine.InvokeAsync(line));
    }

    // Rewards alone: a backup over no time at all, Q(s, a) = E[r].
    private sealed class RewardLearning(CriticParts parts, bool moves = true) : CriticLearning(parts.Settings.Method, parts.Settings, parts.Critic, parts.Data, parts.Optimizer)
    {
        private readonly DeviceArray<float> _nextActions = parts.Critic.Device.Allocate<float>((long)parts.Settings.Batch * parts.Data.ActionSize);

        public override IReadOnlyList<string> Measured => ["loss", "next_value"];

        public override void Step(in RandomDraw draw, long step, DeviceArray<float> measured)
        {
            Critic.Operations.SampledStep(new()
            {
                Batch = Batch(draw),
                Backup = new(0, 1, _nextActions, 1),
                Twin = Twin,
                Target = Critic.Target,
                Update = Update(step),
                Losses = measured,
            });
            if (moves)
                Move(step);
        }

        protected override void Dispose(bool disposing)
        {
            _nextActions.Dispose();
            base.Dispose(disposing);
        }
    }
}
