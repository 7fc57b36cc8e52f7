using System.Text.Json;
using EDA.Engine;
using EDA.Engine.Data.Formats;
using EDA.Engine.Environments;
using EDA.Engine.Environments.Scenes;
using EDA.Engine.Evaluation;
using EDA.Engine.Evaluation.Recordings;
using EDA.Engine.Runs;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Tests.Host;

namespace EDA.Tests.Engine;

/// <summary>Episodes that are kept to be looked at: which, that they are what was rolled out, and that keeping them changes nothing.</summary>
[Trait("speed", "slow")]
public sealed class RecordingTests : IDisposable
{
    private static readonly RunSettings _run = TestRun.Tiny with
    {
        Alignment = new() { States = 4, Candidates = 3, Steps = 7, LearningRate = 1e-2, ReportEvery = 2 },
        Evaluation = new() { Episodes = 6, Candidates = 2, SolverEvaluations = 2 },
    };

    private readonly ScratchFolder _folder = new();
    private readonly CpuDevice _device = new(new CpuOptions(CpuOptions.BestSimd, 1));

    public void Dispose()
    {
        _device.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(4, "3 5 1 2 4", "0 first median; 1 best; 2 worst")]
    [InlineData(4, "1 1 1 1", "0 first best worst; 1 median")]
    [InlineData(4, "2", "0 first best median worst")]
    [InlineData(2, "1 3 2", "0 first; 1 best")]
    [InlineData(4, "1 4 2 3", "0 first worst; 1 best; 2 median")]
    [InlineData(0, "1 2", "")]
    public void The_first_the_best_the_median_and_the_worst_are_kept(int count, string returns, string expected) => Assert.Equal(
        expected,
        string.Join("; ", EpisodeChoice.Of([.. returns.Split(' ').Select(word => double.Parse(word, System.Globalization.CultureInfo.InvariantCulture))], count).Select(each => $"{each.Episode} {string.Join(' ', each.Names)}")));

    [Fact]
    public void What_is_kept_is_what_was_rolled_out()
    {
        var result = Run("run", new Maze());
        string folder = Path.Combine(_folder.At("run"), "episodes");
        var kept = RecordedRollouts.Read(folder)!;
        Assert.Equal(("pointmaze-umaze", 0.1, 1), (kept.Environment, kept.StepSeconds, kept.Scene!.Points));
        Assert.Equal(result.Scores.Keys, kept.Policies.Select(policy => policy.Policy));
        foreach (var policy in kept.Policies)
        {
            var score = result.Scores[policy.Policy];
            Assert.Equal(EpisodeChoice.Names, policy.Episodes.SelectMany(episode => episode.KeptAs).OrderBy(name => EpisodeChoice.Names.ToList().IndexOf(name)));
            Assert.Contains(policy.Episodes, episode => episode.KeptAs.Contains("best") && episode.Return == score.Returns.Max());
            Assert.Contains(policy.Episodes, episode => episode.KeptAs.Contains("worst") && episode.Return == score.Returns.Min());
            foreach (var episode in policy.Episodes)
            {
                Assert.Equal((score.Returns[episode.Episode], score.Lengths[episode.Episode], score.Terminated[episode.Episode]), (episode.Return, episode.Length, episode.Terminated));
                Assert.Equal(new ScenePlace(1, 3), episode.Goal);
                Same(Path.Combine(folder, episode.File), episode);
            }
        }

        Assert.Equal(kept.Policies.SelectMany(policy => policy.Episodes).Select(episode => episode.File).Order(), Directory.GetFiles(folder, "*.npz").Select(Path.GetFileName).Order());

        // Played once more by the actions in the file: the same states, and points where they are.
        void Same(string path, RecordedEpisode episode)
        {
            float[] observations = Read(path, "observations"), actions = Read(path, "actions"), points = Read(path, "points"), q = Read(path, "q");
            Assert.Equal((episode.Length * 4, episode.Length * 2, (episode.Length + 1) * 3, episode.Length), (observations.Length, actions.Length, points.Length, q.Length));
            using var environment = new Maze().Create();
            double[] observation = new double[4];
            environment.Reset(new RandomDraw(0, RandomStage.Evaluation, (uint)episode.Episode), observation);
            for (int step = 0; step < episode.Length; step++)
            {
                Assert.Equal(observation.Select(value => (float)value), observations[(4 * step)..(4 * (step + 1))]);
                Assert.Equal(observations[(4 * step)..((4 * step) + 2)], points[(3 * step)..((3 * step) + 2)]);
                environment.Step([actions[2 * step], actions[(2 * step) + 1]], observation);
            }

            using var critic = SavedCritic("run");
            Assert.Equal(critic.Labels(observations, actions), q);
        }
    }

    [Fact]
    public void Keeping_changes_no_number_and_not_keeping_leaves_nothing()
    {
        var kept = Run("kept", new Maze());
        var plain = Run("plain", new Maze(), _run with { Evaluation = _run.Evaluation with { Recorded = 0 } });
        Assert.Equal(Numbers(plain), Numbers(kept));
        Assert.False(Directory.Exists(Path.Combine(_folder.At("plain"), "episodes")));
        StateFiles.RequireSame(_folder.At("plain"), _folder.At("kept"), [.. Directory.GetFiles(Path.Combine(_folder.At("kept"), "episodes")).Select(file => Path.GetRelativePath(_folder.At("kept"), file))]);

        static string Numbers(RunResult result) => string.Join('\n', result.Scores.Select(score => $"{score.Key} {JsonSerializer.Serialize(score.Value.Returns)} {JsonSerializer.Serialize(score.Value.Lengths)}"));
    }

    [Fact]
    public void An_evaluation_in_pieces_keeps_the_same_and_shows_nothing_before()
    {
        Run("whole", new Maze());
        foreach (string stage in (string[])[RunStages.Behavior, RunStages.Critic, RunStages.Label, RunStages.Align])
            Run("pieces", new Maze(), only: stage);
        int pieces = 0;
        RunResult piece;
        do
        {
            using var source = new CancellationTokenSource();
            int left = 150 * ++pieces;
            piece = Run("pieces", new Maze(() => CancelAtLast(ref left, source)), only: RunStages.Evaluate, cancellation: source.Token);
            Assert.Equal(piece.Completed, RecordedRollouts.Read(Path.Combine(_folder.At("pieces"), "episodes")) is not null);
        }
        while (pieces < 40 && !piece.Completed);

        Assert.InRange(pieces, 3, 39);
        StateFiles.RequireSame(_folder.At("whole"), _folder.At("pieces"));

        static void CancelAtLast(ref int left, CancellationTokenSource source)
        {
            if (Interlocked.Decrement(ref left) == 0)
                source.Cancel();
        }
    }

    [Fact]
    public void Another_evaluation_keeps_its_own_alone()
    {
        Run("run", new Maze());
        string folder = Path.Combine(_folder.At("run"), "episodes");
        int all = Directory.GetFiles(folder).Length;
        Run("run", new Maze(), _run with { Evaluation = _run.Evaluation with { Recorded = 1 } }, RunStages.Evaluate);
        Assert.All(RecordedRollouts.Read(folder)!.Policies, policy => Assert.Equal(0, Assert.Single(policy.Episodes).Episode));
        Assert.InRange(Directory.GetFiles(folder).Length, 2, all - 1);
        Run("run", new Maze(), _run with { Evaluation = _run.Evaluation with { Recorded = 0 } }, RunStages.Evaluate);
        Assert.Empty(Directory.GetFiles(folder));
    }

    [Fact]
    public void What_does_not_come_to_the_same_is_not_kept()
    {
        // An environment that keeps a count over its instances: no episode of it is the same again.
        var result = Run("run", new Maze { Drifts = true });
        Assert.True(result.Completed);
        Assert.NotEmpty(result.Scores);
        string folder = Path.Combine(_folder.At("run"), "episodes");
        Assert.Empty(RecordedRollouts.Read(folder)!.Policies);
        Assert.Equal([RecordedRollouts.FileName], Directory.GetFiles(folder).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{\"environment\":\"hopper\"}")]
    [InlineData("{\"environment\":\"hopper\",\"step_seconds\":0.1,\"reference\":{\"random\":0,\"expert\":1},\"scene\":null,\"policies\":[{\"policy\":\"policy\",\"episodes\":[{\"episode\":0,\"kept_as\":[],\"file\":\"../x.npz\",\"length\":1,\"return\":0,\"normalized_score\":0,\"terminated\":false,\"goal\":null}]}]}")]
    [InlineData("{\"environment\":\"hopper\",\"step_seconds\":0.1,\"reference\":{\"random\":0,\"expert\":1},\"scene\":{\"plane\":\"side\",\"points\":1,\"shapes\":[{\"from\":0,\"to\":1,\"radius\":1,\"limb\":0}]},\"policies\":[]}")]
    public void A_broken_list_is_refused(string text)
    {
        _folder.Write(RecordedRollouts.FileName, text);
        Assert.Throws<InvalidFileException>(() => RecordedRollouts.Read(_folder.Path));
    }

    [Fact]
    public void States_and_keys_of_before_stay_good()
    {
        // As version 0.1 wrote them, and every setting but those that change no number.
        var settings = new EvaluationSettings();
        var before = JsonSerializer.SerializeToNode(settings)!.AsObject();
        before.Remove(nameof(EvaluationSettings.Recorded));
        before.Remove(nameof(EvaluationSettings.ShownStates));
        before.Remove(nameof(EvaluationSettings.RollsOut));
        before.Remove(nameof(EvaluationSettings.RatedStates));
        before[nameof(EvaluationSettings.Every)] = 0;
        var stage = Pipeline("keys", new Maze(), _run with { Evaluation = settings with { Recorded = 2, Every = 7 } }).Stages.Single(stage => stage.Name == RunStages.Evaluate);
        var now = JsonSerializer.SerializeToNode(stage.DependsOn(_run with { Evaluation = settings with { Recorded = 2, Every = 7 } }))!["Evaluation"]!;
        Assert.Equal(before.ToJsonString(), now.ToJsonString());
    }

    [OptionalFact(OptionalNeeds.Mujoco)]
    public void Robots_come_to_the_same_when_they_are_played_again()
    {
        foreach (string name in (string[])["hopper", "halfcheetah"])
        {
            var run = _run with { Environment = name, Evaluation = _run.Evaluation with { Episodes = 3 } };
            var kind = EnvironmentCatalogue.Find(name);
            string folder = Directory.CreateDirectory(_folder.At(name)).FullName;
            var method = DatasetTask.AnyFile.In(name);
            using (var model = EDA.Engine.Diffusion.BottleneckDiffusionModel.Create(_device, run.CreateShape(), 3))
                model.ToWeights().Save(new StageFiles(folder).BehaviorWeights);
            var result = new RunPipeline(_device, method, new(new Data.SyntheticTransitions(1, 100, kind.Description.ObservationSize, kind.Description.ActionSize).Dataset(), kind), [new SeedRun(run, new StageFiles(folder))]).Run(RunStages.Evaluate);
            var kept = RecordedRollouts.Read(Path.Combine(folder, "episodes"))!;
            Assert.Equal(result.Scores.Keys, kept.Policies.Select(policy => policy.Policy));
            Assert.All(kept.Policies.SelectMany(policy => policy.Episodes), episode => Assert.Equal(result.Scores["behavior"].Returns[episode.Episode], episode.Return));
        }
    }

    private static float[] Read(string path, string name)
    {
        using var file = NpzFile.Open(path);
        using var array = file.Array(name)!;
        var values = new float[array.Shape.Aggregate(1L, (product, size) => product * size)];
        array.Read(values);
        return values;
    }

    private EDA.Engine.Critics.Critic SavedCritic(string folder) =>
        EDA.Engine.Critics.Critic.FromWeights(_device, EDA.Engine.Checkpoints.CriticWeights.Load(new StageFiles(_folder.At(folder)).CriticWeights, 4));

    private RunPipeline Pipeline(string folder, EnvironmentKind kind, RunSettings run) =>
        new(_device, DatasetTask.Generated[0], new(GeneratedDataset.Create(run), kind), [new SeedRun(run, new StageFiles(Directory.CreateDirectory(_folder.At(folder)).FullName))]);

    private RunResult Run(string folder, EnvironmentKind kind, RunSettings? run = null, string? only = null, CancellationToken cancellation = default) =>
        Pipeline(folder, kind, run ?? _run).Run(only, null, cancellation);

    /// <summary>The U maze with episodes of some dozen steps, as long as the episode's number says, rewarded for going right.</summary>
    private sealed class Maze(Action? stepped = null) : EnvironmentKind
    {
        private readonly EnvironmentKind _inner = EnvironmentCatalogue.Find("pointmaze-umaze");
        private int _steps;

        public bool Drifts { get; init; }

        public override EnvironmentDescription Description => _inner.Description;

        public override bool NeedsMujoco => false;

        public override IEnvironment Create() => new Cut(this, new PointMazeEnvironment(PointMazeTask.UMaze), stepped);

        private sealed class Cut(Maze maze, PointMazeEnvironment inner, Action? stepped) : IGoalEnvironment, IPicturedEnvironment
        {
            private int _left;

            public EnvironmentDescription Description => inner.Description;

            public Scene Scene => inner.Scene;

            public (double X, double Y) Goal { get => inner.Goal; set => inner.Goal = value; }

            public void ReadPoints(Span<double> points) => inner.ReadPoints(points);

            public void Reset(in RandomDraw episode, Span<double> observation)
            {
                _left = 30 - (4 * (int)(episode.Step % 3));
                inner.Reset(episode, observation);
            }

            public void Restore(in RandomDraw episode, ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, Span<double> observation) =>
                inner.Restore(episode, positions, velocities, observation);

            public void ReadState(Span<double> positions, Span<double> velocities) => inner.ReadState(positions, velocities);

            public StepOutcome Step(ReadOnlySpan<double> action, Span<double> observation)
            {
                stepped?.Invoke();
                var outcome = inner.Step(action, observation);
                int steps = Interlocked.Increment(ref maze._steps);
                return outcome with { Reward = observation[0] + (maze.Drifts ? 1e-6 * steps : 0), Truncated = --_left == 0 };
            }

            public void Dispose() => inner.Dispose();
        }
    }
}
