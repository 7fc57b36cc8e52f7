using EDA.Engine;
using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Environments;
using EDA.Engine.Evaluation;
using EDA.Engine.Experiments;
using EDA.Engine.Runs;
using EDA.Host.Reports;
using EDA.Kernels;
using EDA.Tests.Host;
using EDA.Tests.Kernels;

namespace EDA.Tests.Engine;

/// <summary>Rollouts along alignment: they change no bit of the training, and an interruption changes none of theirs.</summary>
[Trait("speed", "slow")]
public sealed class LearningCurveTests : IDisposable
{
    private static readonly RunSettings _plain = TestRun.Tiny with
    {
        Alignment = new() { States = 4, Candidates = 3, Steps = 7, LearningRate = 1e-2, Averaging = 0.3, ReportEvery = 2 },

        // How long this maze's episodes are depends on the order of their making: none is the same when it is played again.
        Evaluation = new() { Episodes = 3, Recorded = 0, Candidates = 2, SolverEvaluations = 2 },
    };

    private static readonly RunSettings _curve = _plain with { Evaluation = _plain.Evaluation with { Every = 3 }, Checkpoints = new() { Keep = true } };

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("software", "implicit")]
    [InlineData("Portable, 4 threads", "implicit")]
    [InlineData("Portable, 1 threads", "online")]
    public void Training_is_the_same_and_the_last_score_is_the_finished_policys(string name, string method)
    {
        using var device = TestDevices.Create(name);
        Run(device, "plain", _plain.With(CriticMethod.Table.Find(method)), new Maze());
        var run = _curve.With(CriticMethod.Table.Find(method));
        var result = Run(device, "curve", run, new Maze());
        Assert.Equal(Policy("plain", "policy"), Policy("curve", "policy"));
        Assert.Equal(Rows("plain"), Rows("curve").Where(row => !IsScore(row)));

        string[] scores = [.. Rows("curve").Where(row => row[0] == "alignment" && row[2] == "score").Select(row => row[1])];
        Assert.Equal(["0", "3", "6", "7"], scores);
        var policy = result.Scores[Rollouts.Policy];
        Assert.Equal(
            [(Rollouts.Score, policy.NormalizedMean), (Rollouts.ScoreDeviation, policy.NormalizedStd), (Rollouts.Return, policy.ReturnMean)],
            Rows("curve").Where(row => row[1] == "7" && IsScore(row)).Select(row => (row[2], double.Parse(row[3], System.Globalization.CultureInfo.InvariantCulture))));

        // Kept as they were: the first is the behavior, the last the policy, and none the same.
        float[][] kept = [.. scores.Select(step => Policy("curve", "policy-" + step))];
        Assert.Equal(4, kept.Select(weights => string.Join(" ", weights)).Distinct().Count());
        Assert.Equal(Policy("curve", "behavior"), kept[0]);
        Assert.Equal(Policy("curve", "policy"), kept[3]);
        Assert.Equal(4, Directory.GetFiles(_folder.At("curve"), "policy-*").Length);
    }

    [Theory]
    [InlineData("implicit", 0)]
    [InlineData("implicit", 1000)]
    [InlineData("online", 0)]
    public void Interrupted_within_any_rollout_it_comes_to_the_same_numbers(string method, double interval)
    {
        using var device = TestDevices.Create("Portable, 1 threads");
        var run = _curve.With(CriticMethod.Table.Find(method)) with { Checkpoints = _curve.Checkpoints with { Interval = interval } };
        var whole = Run(device, "whole", run, new Maze());
        int pieces = 0;
        foreach (string stage in new[] { RunStages.Behavior, RunStages.Critic, RunStages.Label }.Where(stage => method != "online" || stage != RunStages.Critic))
            Run(device, "pieces", run, new Maze(), stage);
        RunResult piece;
        do
        {
            // A few environment steps each time: the rollouts of a step take several pieces, the last of alignment too.
            using var source = new CancellationTokenSource();
            int left = 13 + (5 * pieces);
            piece = Run(device, "pieces", run, new Maze(() => CancelAtLast(ref left, source)), RunStages.Align, source.Token);
        }
        while (++pieces < 40 && !piece.Completed);

        Assert.InRange(pieces, 5, 39);
        var last = Run(device, "pieces", run, new Maze());
        Assert.Equal(whole.Scores[Rollouts.Policy].Returns, last.Scores[Rollouts.Policy].Returns);
        StateFiles.RequireSame(_folder.At("whole"), _folder.At("pieces"), "metrics.csv");
        Assert.Equal(Rows("whole"), Rows("pieces"));

        static void CancelAtLast(ref int left, CancellationTokenSource source)
        {
            if (Interlocked.Decrement(ref left) == 0)
                source.Cancel();
        }
    }

    [Fact]
    public void What_was_said_before_a_kill_is_said_once()
    {
        // As a kill leaves it: the rows of a step are there, its state too, and nothing that says the rollouts are complete.
        using var device = TestDevices.Create("Portable, 1 threads");
        Run(device, "run", _curve, new Maze());
        var rows = Rows("run");
        foreach (string state in Directory.GetFiles(_folder.At("run"), "learning_curve*"))
            File.Delete(state);
        Assert.False(Pipeline(device, "run", _curve, new Maze()).Stages.Single(stage => stage.Name == RunStages.Align).Progress(Seed("run", _curve)).IsDone);
        Run(device, "run", _curve, new Maze(), RunStages.Align);
        Assert.True(Pipeline(device, "run", _curve, new Maze()).Stages.Single(stage => stage.Name == RunStages.Align).Progress(Seed("run", _curve)).IsDone);
        Assert.Equal(rows.Where(row => row[0] == "alignment"), Rows("run").Where(row => row[0] == "alignment"));

        // A finished one is not rolled out again.
        int steps = 0;
        Run(device, "run", _curve, new Maze(() => Interlocked.Increment(ref steps)), RunStages.Align);
        Assert.Equal(0, steps);
    }

    [Fact]
    public void Rollouts_along_alignment_are_part_of_what_it_leaves_only_where_there_are_some()
    {
        var kind = new Maze();
        var plain = Keys(_plain);
        Assert.Equal(plain["align"], Keys(_plain with { Evaluation = _plain.Evaluation with { Episodes = 9, Seed = 4 } })["align"]);
        Assert.NotEqual(plain["align"], Keys(_curve)["align"]);
        Assert.NotEqual(Keys(_curve)["align"], Keys(_curve with { Evaluation = _curve.Evaluation with { Seed = 4 } })["align"]);
        Assert.Equal(Keys(_curve)["align"], Keys(_curve with { Checkpoints = new() })["align"]);
        Assert.Equal(plain["label"], Keys(_curve)["label"]);

        IReadOnlyDictionary<string, string> Keys(RunSettings run) => StageKeys.Of(DatasetTask.Generated[0].Stages([run], new(Environment: kind)), run, "data");
    }

    [Fact]
    public void Weights_are_kept_only_along_rollouts() => Assert.Equal(
        "checkpoints.keep is 'true'; allowed is false where evaluation.every is 0",
        Assert.Throws<InvalidSettingException>(() => (_plain with { Checkpoints = new() { Keep = true } }).Check()).Message);

    private static bool IsScore(string[] row) => row[0] == "alignment" && row[2] is "score" or "score_std" or "return";

    private RunPipeline Pipeline(IDevice device, string folder, RunSettings run, EnvironmentKind kind) =>
        new(device, DatasetTask.Generated[0], new(GeneratedDataset.Create(run), kind), [Seed(folder, run)]);

    private SeedRun Seed(string folder, RunSettings run) => new(run, new StageFiles(Directory.CreateDirectory(_folder.At(folder)).FullName));

    private RunResult Run(IDevice device, string folder, RunSettings run, EnvironmentKind kind, string? only = null, CancellationToken cancellation = default)
    {
        var pipeline = Pipeline(device, folder, run, kind);
        using var metrics = MetricsFile.Continue(Path.Combine(_folder.At(folder), "metrics.csv"));
        return pipeline.Run(only, metrics, cancellation);
    }

    private float[] Policy(string folder, string name) => BdmWeights.Load(Path.Combine(_folder.At(folder), name + ".safetensors")).Parameters;

    private List<string[]> Rows(string folder) =>
        [.. File.ReadAllLines(Path.Combine(_folder.At(folder), "metrics.csv")).Where(line => !line.Contains("_per_second", StringComparison.Ordinal)).Select(line => line.Split(','))];

    /// <summary>The U maze with episodes of a dozen steps, some a few steps shorter, that says when it is stepped.</summary>
    private sealed class Maze(Action? stepped = null) : EnvironmentKind
    {
        private const int Limit = 12;
        private readonly EnvironmentKind _inner = EnvironmentCatalogue.Find("pointmaze-umaze");
        private int _made;

        public override EnvironmentDescription Description => _inner.Description;

        public override bool NeedsMujoco => false;

        public override IEnvironment Create() => new Cut(_inner.Create(), Limit - (_made++ % 3), stepped);

        private sealed class Cut(IEnvironment inner, int limit, Action? stepped) : IEnvironment
        {
            private int _steps;

            public EnvironmentDescription Description => inner.Description;

            public void Reset(in RandomDraw episode, Span<double> observation) => inner.Reset(episode, observation);

            public void Restore(in RandomDraw episode, ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, Span<double> observation) =>
                inner.Restore(episode, positions, velocities, observation);

            public void ReadState(Span<double> positions, Span<double> velocities) => inner.ReadState(positions, velocities);

            // Rewarded for going right, so that policies differ in what they come to.
            public StepOutcome Step(ReadOnlySpan<double> action, Span<double> observation)
            {
                stepped?.Invoke();
                var outcome = inner.Step(action, observation);
                return outcome with { Reward = observation[0], Truncated = ++_steps >= limit };
            }

            public void Dispose() => inner.Dispose();
        }
    }
}
