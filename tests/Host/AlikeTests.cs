using System.Text.Json;
using EDA.Bench;
using EDA.Engine.Data;
using EDA.Tests.Bench;
using EDA.Tests.Engine;

namespace EDA.Tests.Host;

/// <summary>Whatever a run is on, the same commands work: several seeds, single stages, resume, profile.</summary>
[Trait("speed", "slow")]
public sealed class AlikeTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("bandit-moons")]
    [InlineData("pointmaze-umaze")]
    public void Commands_work_alike(string recipe) => Check(recipe);

    [OptionalFact(OptionalNeeds.Mujoco)]
    public void Commands_work_alike_on_a_file()
    {
        DatasetFile.Write(RandomDataset.Create(2100, 11, 3), _folder.At("hopper.npz"));
        Check("hopper-medium-replay-v2", "--dataset", _folder.At("hopper.npz"));
    }

    private static string[] Small(string recipe) =>
    [
        "--budget", "smoke", "--set", "width=32", "blocks=1", "behavior.batch=16", "behavior.steps=6", "alignment.states=4", "alignment.candidates=4", "alignment.steps=4",
        .. recipe.StartsWith("bandit", StringComparison.Ordinal)
            ? (string[])["points=300", "heldOut=16", "samples=16", "distancePoints=16"]
            : ["rows=300", "criticWidth=32", "critic.batch=16", "critic.steps=6", "mostStates=12", "labels.evaluations=2", "episodes=1", "evaluation.candidates=2", "solverEvaluations=2"],
    ];

    private void Check(string recipe, params string[] data)
    {
        bool bandit = recipe.StartsWith("bandit", StringComparison.Ordinal);
        string[] options = [.. data, .. Small(recipe)];

        // Three seeds, then the second alone.
        Run(["run", recipe, "--seeds", "0..2", "--out", _folder.At("seeds"), .. options]);
        Run(["run", recipe, "--seed", "1", "--out", _folder.At("whole"), .. options]);
        Same("whole", Path.Combine("seeds", $"{recipe}-seed1"));
        using (var seeds = JsonDocument.Parse(File.ReadAllText(_folder.At(Path.Combine("seeds", "seeds.json")))))
        {
            Assert.Equal(3, seeds.RootElement.GetProperty("finished").GetInt32());
            Assert.True(seeds.RootElement.GetProperty(bandit ? "policy_mean_q" : "policy").GetProperty("deviation").GetDouble() >= 0);
        }

        // Of the seeds the second is not there any more, and made again.
        Directory.Delete(_folder.At(Path.Combine("seeds", $"{recipe}-seed1")), recursive: true);
        Run(["resume", "seeds"]);
        Same("whole", Path.Combine("seeds", $"{recipe}-seed1"));

        // The same stage by stage.
        string pieces = _folder.At("pieces");
        Run(["behavior", pieces, "--recipe", recipe, "--seed", "1", .. options]);
        foreach (string stage in bandit ? (string[])["align", "evaluate"] : ["critic", "weigh", "label", "align", "evaluate"])
            Run([stage, pieces]);
        Same("whole", "pieces");

        // Begun, and the rest of it resumed.
        string resumed = _folder.At("resumed");
        Run(["behavior", resumed, "--recipe", recipe, "--seed", "1", .. options]);
        Run(["resume", resumed]);
        Same("whole", "resumed");

        var profile = BenchProcess.Run(_folder.Path, ["profile", recipe, "--steps", "2", "--out", _folder.At("profile"), .. options]);
        Assert.True(profile.Status == 0, profile.Error);
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder.At("profile"), "profile.json")));
        Assert.Equal(
            bandit ? ["behavior", "alignment", "evaluation"] : ["behavior", "critic", "weighted", "candidates", "label", "alignment", "evaluation"],
            document.RootElement.GetProperty("stages").EnumerateArray().Select(stage => stage.GetProperty("name").GetString()));
        Assert.Contains(document.RootElement.GetProperty("operations").EnumerateArray(), row => row.GetProperty("within").GetString() == "evaluation");
    }

    private void Run(string[] arguments)
    {
        var result = EdaProcess.Run(_folder.Path, arguments);
        Assert.True(result.Status == 0, result.Error);
    }

    // Every checkpoint, and every number of the result.
    private void Same(string one, string other)
    {
        StateFiles.RequireSame(Path.Combine(_folder.At(one), "checkpoints"), Path.Combine(_folder.At(other), "checkpoints"));
        using var first = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder.At(one), "result.json")));
        using var second = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder.At(other), "result.json")));
        Assert.Equal(Numbers(first.RootElement), Numbers(second.RootElement));
    }

    private static string[] Numbers(JsonElement result) =>
    [
        .. result.EnumerateObject().Where(number => number.Name is "policy_mean_q" or "q_slope" or "energy_distance_policy" or "held_out_loss" or "steps" or "total_steps").Select(number => number.Value.ToString()),
        .. result.TryGetProperty("scores", out var scores) ? scores.EnumerateObject().Where(score => score.Value.ValueKind == JsonValueKind.Object).Select(score => score.Value.GetProperty("returns").ToString()) : [],
    ];
}
