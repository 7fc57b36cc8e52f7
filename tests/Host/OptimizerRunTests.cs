using System.Text.Json;
using EDA.Engine;
using EDA.Engine.Optimizers;
using EDA.Engine.Runs;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Tests.Engine;

namespace EDA.Tests.Host;

/// <summary>Another optimizer than the fused Adam, in every stage that trains.</summary>
[Trait("speed", "slow")]
public sealed class OptimizerRunTests : IDisposable
{
    private static readonly string[] _bandit =
    [
        "--budget", "smoke", "--set", "points=300", "width=32", "blocks=1", "behavior.batch=16", "behavior.steps=8", "behavior.reportEvery=2", "alignment.states=4", "alignment.candidates=4", "alignment.steps=8",
        "heldOut=16", "samples=16", "distancePoints=16", "optimizer.weightDecay=0.1", "behavior.schedule.curve=cosine",
    ];

    private readonly ScratchFolder _folder = new();
    private readonly CpuDevice _device = new();

    public void Dispose()
    {
        _device.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("implicit")]
    [InlineData("softmax")]
    [InlineData("online")]
    public void Adam_beside_the_steps_is_adam_within_them(string critic)
    {
        // The engine's own Adam, one more pass over the arrays: the same numbers as the fused one up to the order of its arithmetic.
        var settings = Tiny(critic);
        var (fused, apart) = (new TestRun(_device, _folder.At("fused"), settings), new TestRun(_device, _folder.At("apart"), settings) { Optimizer = Adam.Factory });
        Assert.True(fused.Run().Completed);
        Assert.True(apart.Run().Completed);
        float[] Critic(TestRun run) => [.. EDA.Engine.Checkpoints.CriticWeights.Load(run.Files().CriticWeights, 4).Twin, .. EDA.Engine.Checkpoints.CriticWeights.Load(run.Files().CriticWeights, 4).Target];
        Close(Critic(fused), Critic(apart));
        Close(fused.Policy(), apart.Policy());
    }

    [Theory]
    [InlineData("implicit")]
    [InlineData("online")]
    public void Its_state_is_saved_and_gone_on_from(string critic)
    {
        // Training is over long before the last piece, and rollouts need not be.
        var settings = Tiny(critic);
        settings = settings with { Evaluation = settings.Evaluation with { Recorded = 0 } };
        var (whole, pieces) = (new TestRun(_device, _folder.At("whole"), settings) { Optimizer = Adam.Factory }, new TestRun(_device, _folder.At("pieces"), settings) { Optimizer = Adam.Factory });
        whole.Run();
        for (int piece = 0; piece < 30; piece++)
        {
            using var source = new CancellationTokenSource();
            int reports = 0;
            if (pieces.Run(null, new Watcher(_ => { if (++reports == 1) source.Cancel(); }), source.Token).Completed)
                break;
        }

        StateFiles.RequireSame(Path.GetDirectoryName(whole.Files().BehaviorState)!, Path.GetDirectoryName(pieces.Files().BehaviorState)!);

        // Another optimizer does not go on from it.
        var other = new TestRun(_device, _folder.At("whole"), settings) { Optimizer = (device, parameters, _) => new ChangedAdam("renamed", device, parameters) };
        Assert.Contains("optimizer", Assert.Throws<InvalidFileException>(() => other.Run()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run bandit-moons --optimizer lion", "--optimizer is 'lion'", "torch.adamw")]
    [InlineData("run bandit-moons --set optimizer.weightDecay=0.1", "optimizer.weightDecay is 0.1", "torch.adamw")]
    [InlineData("run bandit-moons --optimizer torch.adamw --set optimizer.weightDecay=-1", "optimizer.weightDecay is '-1'", "a number from 0 to 1")]
    public void What_is_not_allowed_is_refused_in_one_line(string line, string names, string allows)
    {
        var result = EdaProcess.Run(_folder.Path, line.Split(' '));
        Assert.Equal(2, result.Status);
        string error = Assert.Single(result.ErrorLines);
        Assert.Contains(names, error, StringComparison.Ordinal);
        Assert.Contains(allows, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.At("runs")));
    }

    [Fact]
    public void Without_libtorch_a_line_says_how_to_get_it()
    {
        var result = EdaProcess.Run(_folder.Path, new Dictionary<string, string> { ["EDA_LIBTORCH"] = _folder.At("none.so") }, "run", "bandit-moons", "--optimizer", "torch.adamw");
        Assert.Equal(2, result.Status);
        Assert.Contains("libtorch", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.At("runs")));
    }

    [OptionalTheory(OptionalNeeds.Libtorch)]
    [InlineData("torch.adam")]
    [InlineData("torch.adamw")]
    [InlineData("torch.sgd")]
    [InlineData("torch.rmsprop")]
    [InlineData("torch.nadam")]
    public void Torchs_optimizers_run_and_resume_by_their_names(string optimizer)
    {
        Run(["run", "bandit-moons", "--optimizer", optimizer, "--out", _folder.At("whole"), .. _bandit]);
        Run(["behavior", _folder.At("pieces"), "--recipe", "bandit-moons", "--optimizer", optimizer, .. _bandit]);
        Run(["resume", _folder.At("pieces")]);
        foreach (string file in (string[])["behavior", "policy"])
            Assert.Equal(File.ReadAllBytes(_folder.At($"whole/checkpoints/{file}.safetensors")), File.ReadAllBytes(_folder.At($"pieces/checkpoints/{file}.safetensors")));
        using var config = JsonDocument.Parse(File.ReadAllText(_folder.At("pieces/config.json")));
        Assert.Equal((optimizer, 0.1), (config.RootElement.GetProperty("optimizer").GetProperty("name").GetString(), config.RootElement.GetProperty("optimizer").GetProperty("weightDecay").GetDouble()));
    }

    private static RunSettings Tiny(string critic) => (DatasetTask.Generated[0].Paper() with
    {
        Seed = 5,
        Width = 32,
        Blocks = 1,
        CriticWidth = 32,
        Rows = 300,
        Behavior = new() { Batch = 16, Steps = 6, LearningRate = 1e-3, ReportEvery = 2 },
        Critic = new() { Batch = 16, Steps = 6, ReportEvery = 2, Softmax = new() { Candidates = 2 }, Implicit = new() { Policy = EDA.Engine.Critics.PolicyExtraction.AdvantageWeighted } },
        Labels = new() { MostStates = 10, Evaluations = 2 },
        Alignment = new() { States = 4, Candidates = 4, Steps = 6, LearningRate = 1e-3, ReportEvery = 2 },
        Evaluation = new() { Episodes = 1, Candidates = 2, SolverEvaluations = 2 },
    }).With(EDA.Engine.Critics.CriticMethod.Table.Find(critic));

    private static void Close(float[] expected, float[] actual)
    {
        double norm = Math.Sqrt(expected.Sum(value => (double)value * value)), off = Math.Sqrt(expected.Zip(actual).Sum(pair => Math.Pow((double)pair.First - pair.Second, 2)));
        Assert.True(off <= 1e-5 * norm, $"{off / norm:0.0e0} of the norm apart");
    }

    private void Run(string[] arguments)
    {
        var result = EdaProcess.Run(_folder.Path, arguments);
        Assert.True(result.Status == 0, result.Error);
    }

    private sealed class Watcher(Action<EDA.Engine.Training.TrainingProgress> onProgress) : EDA.Engine.Training.ITrainingObserver
    {
        public void StageStarted(string stage, long step, long total)
        {
        }

        public void Progress(in EDA.Engine.Training.TrainingProgress progress) => onProgress(progress);

        public void StageFinished(EDA.Engine.Training.StageResult result)
        {
        }
    }
}
