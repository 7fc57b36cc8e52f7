using EDA.Engine;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Environments;
using EDA.Engine.Environments.Mazes;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Tests.Environments;

namespace EDA.Tests.Engine;

/// <summary>Evaluation in lockstep: the same numbers whatever the threads, and one episode no matter to another.</summary>
public sealed class PolicyEvaluationTests : IDisposable
{
    private readonly IDevice _device = new CpuDevice(new CpuOptions(SimdLevel.Portable, 1));

    public static TheoryData<string> Mazes => PointMazeTests.Mazes;

    public void Dispose() => _device.Dispose();

    [Fact]
    public void A_point_maze_comes_to_the_same_with_one_thread_and_with_two() => Compare("pointmaze-umaze", 4, 2);

    [OptionalTheory(OptionalNeeds.Mujoco)]
    [InlineData("hopper", 11, 3)]
    [InlineData("antmaze-umaze", 29, 8)]
    public void A_robot_comes_to_the_same_with_one_thread_and_with_two(string name, int stateSize, int actionSize) =>
        Compare(name, stateSize, actionSize);

    [Fact]
    public void An_episode_does_not_depend_on_how_many_others_there_are()
    {
        // Half of these episodes start next to the goal and end early, so that rows move up in the batch.
        var kind = new Corridor();
        using var model = Model(4, 2);
        PolicyScore Run(int episodes)
        {
            using var actor = DiffusionActor.Sampling(model, 5);
            return PolicyEvaluation.Run(kind, actor, new PolicyEvaluationSettings { Episodes = episodes, Seed = 3 });
        }

        var (few, many) = (Run(3), Run(11));
        Assert.Equal(few.Lengths, many.Lengths.Take(3));
        Assert.Equal(few.Returns, many.Returns.Take(3));
        Assert.Contains(many.Lengths, length => length < Corridor.Limit);
        Assert.Contains(many.Lengths, length => length == Corridor.Limit);
    }

    [Fact]
    public void An_actor_plays_what_the_model_samples_for_that_row()
    {
        using var model = Model(4, 2);
        float[] states = [.. Enumerable.Range(0, 20).Select(i => MathF.Sin(i))];
        using var actor = DiffusionActor.Sampling(model, 8);
        var actions = new float[10];
        actor.Act(7, [0, 1, 2, 3, 4], states, actions);
        Assert.Equal(model.Sample(5, 1, new RandomDraw(8, RandomStage.Evaluation, 7), states), actions);

        // Episodes 1 and 4 alone.
        var alone = new float[4];
        actor.Act(7, [1, 4], [.. states[4..8], .. states[16..20]], alone);
        Assert.Equal([.. actions[2..4], .. actions[8..10]], alone);
        Assert.Equal(7, actor.Sampled);
    }

    [Fact]
    public void Rejection_plays_the_candidate_rated_highest()
    {
        const int Candidates = 4;
        using var model = Model(4, 2);
        float[] states = [.. Enumerable.Range(0, 12).Select(i => MathF.Cos(i))];
        int calls = 0;
        using var actor = DiffusionActor.Rejecting(model, 8, Candidates, (deviceStates, deviceActions, rows, candidates, values) =>
        {
            Assert.Equal((3, Candidates), (rows, candidates));
            Assert.Equal(states, deviceStates.ToArray());
            float[] all = deviceActions.ToArray();
            values.CopyFrom([.. Enumerable.Range(0, rows * candidates).Select(i => all[2 * i] - all[(2 * i) + 1])]);
            calls++;
        });
        var actions = new float[6];
        actor.Act(2, [0, 1, 2], states, actions);
        float[] samples = model.Sample(3, Candidates, new RandomDraw(8, RandomStage.Evaluation, 2), states);
        for (int row = 0; row < 3; row++)
        {
            var best = Enumerable.Range(row * Candidates, Candidates).MaxBy(i => samples[2 * i] - samples[(2 * i) + 1]);
            Assert.Equal(samples[(2 * best)..((2 * best) + 2)], actions[(2 * row)..((2 * row) + 2)]);
        }

        Assert.Equal(1, calls);
        Assert.Equal(12, actor.Sampled);
        Assert.Throws<InvalidSettingException>(() => DiffusionActor.Rejecting(model, 8, 1, (_, _, _, _, _) => { }));
    }

    [Fact]
    public void A_deterministic_policy_plays_its_answer()
    {
        // Force towards a place along the corridor: episodes of which some are over before others.
        static void Towards(DeviceArray<float> states, int rows, DeviceArray<float> actions)
        {
            float[] s = states.ToArray();
            actions.CopyFrom([.. Enumerable.Range(0, rows).SelectMany(row => new[] { 3 - s[4 * row], s[(4 * row) + 2] })]);
        }

        using var actor = new DeterministicActor(_device, 4, 2, Towards);
        var actions = new float[4];
        actor.Act(0, [0, 1], [1, 1, 0.25f, 0, 2, 1, -0.5f, 0], actions);
        Assert.Equal([2, 0.25f, 1, -0.5f], actions);
        actor.Act(1, [1], [2.5f, 1, 0, 0], actions.AsSpan(0, 2));
        Assert.Equal([0.5f, 0], actions[..2]);
        using var broken = new DeterministicActor(_device, 4, 2, (_, rows, output) => output.CopyFrom([.. Enumerable.Repeat(float.NaN, 2 * rows)]));
        Assert.Throws<TrainingDivergedException>(() => broken.Act(0, [0], new float[4], new float[2]));
    }

    [Fact]
    public void Rollouts_are_of_the_evaluations_seed_and_not_of_the_runs()
    {
        using var model = Model(4, 2);
        using var critic = Critic.Create(_device, new CriticShape(4, 2, 32), 1);
        var kind = new Shortened(EnvironmentCatalogue.Find("pointmaze-umaze"), 20);
        var settings = new RunSettings { Environment = "pointmaze-umaze", Evaluation = new() { Episodes = 3, Candidates = 2, SolverEvaluations = 2 } };
        var first = Run(settings);
        Assert.Equal(first, Run(settings with { Seed = 7 }));
        Assert.All(first.Zip(Run(settings with { Evaluation = settings.Evaluation with { Seed = 7 } })), pair => Assert.NotEqual(pair.First, pair.Second));

        // Where the episodes end tells their states and actions apart; no goal is reached in so few steps.
        List<string> Run(RunSettings run)
        {
            var ends = new EndStates(kind);
            var scores = Rollouts.Run(ends, run, new RolloutModels(model, model, critic, null)).Scores;
            Assert.Equal(4, scores.Count);
            return [.. ends.Ends];
        }
    }

    [Fact]
    public void Actions_or_ratings_that_are_no_numbers_end_the_evaluation()
    {
        using var model = Model(4, 2);
        using var doubtful = DiffusionActor.Rejecting(model, 0, 2, (_, _, rows, candidates, values) => values.CopyFrom([.. Enumerable.Repeat(float.NaN, rows * candidates)]));
        var kind = EnvironmentCatalogue.Find("pointmaze-umaze");
        var settings = new PolicyEvaluationSettings { Episodes = 2 };
        Assert.Contains("rating", Assert.Throws<TrainingDivergedException>(() => PolicyEvaluation.Run(kind, doubtful, settings)).Message, StringComparison.Ordinal);
        model.SetParameters([.. Enumerable.Repeat(float.NaN, model.Layout.Length)]);
        using var broken = DiffusionActor.Sampling(model, 0);
        Assert.Contains("sampled action is NaN", Assert.Throws<TrainingDivergedException>(() => PolicyEvaluation.Run(kind, broken, settings)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Moments_are_those_of_the_episodes()
    {
        var score = new PolicyScore(new ReferenceReturns(10, 60), [10, 35, 60, 85], [1, 2, 3, 4], [true, false, false, false], 1, 0.5);
        Assert.Equal(47.5, score.ReturnMean, 1e-12);
        Assert.Equal(Math.Sqrt(((37.5 * 37.5) + (12.5 * 12.5)) / 2), score.ReturnStd, 1e-12);
        Assert.Equal(75, score.NormalizedMean, 1e-12);
        Assert.Equal(2 * score.ReturnStd, score.NormalizedStd, 1e-12);
        Assert.Equal(4, score.Episodes);
    }

    [Fact]
    public void Progress_is_told_and_a_cancelled_evaluation_ends()
    {
        var kind = EnvironmentCatalogue.Find("pointmaze-umaze");
        using var source = new CancellationTokenSource();
        var told = new List<PolicyEvaluationProgress>();
        Assert.Throws<OperationCanceledException>(() => PolicyEvaluation.Run(kind, new RandomActor(2, 0), new PolicyEvaluationSettings { Episodes = 3 }, progress =>
        {
            told.Add(progress);
            if (progress.Step == 5)
                source.Cancel();
        }, source.Token));
        Assert.Equal(Enumerable.Range(1, 5).Select(step => new PolicyEvaluationProgress(step, 150, 3, 3)), told);
    }

    [Theory]
    [MemberData(nameof(Mazes))]
    public void A_model_of_the_mazes_sizes_can_be_evaluated(string name)
    {
        using var model = Model(4, 2);
        using var actor = DiffusionActor.Sampling(model, 1, DpmSolver.Singlestep(NoiseSchedule.Published, 3, 1));
        var score = PolicyEvaluation.Run(EnvironmentCatalogue.Find(name), actor, new PolicyEvaluationSettings { Episodes = 2 });
        Assert.Equal(actor.Sampled, score.Lengths.Sum());
        Assert.InRange(score.ActingSeconds, 0, score.Seconds);
    }

    private BottleneckDiffusionModel Model(int stateSize, int actionSize) =>
        BottleneckDiffusionModel.Create(_device, new BdmShape(stateSize, actionSize, 32, 1), 17);

    private void Compare(string name, int stateSize, int actionSize)
    {
        var kind = EnvironmentCatalogue.Find(name);
        using var model = Model(stateSize, actionSize);
        PolicyScore Run(int threads, ulong seed = 2)
        {
            using var actor = DiffusionActor.Rejecting(model, 6, 2, FirstForce, DpmSolver.Singlestep(NoiseSchedule.Published, 5, 2));
            return PolicyEvaluation.Run(new Shortened(kind, 60), actor, new PolicyEvaluationSettings { Episodes = 5, Seed = seed, Threads = threads });
        }

        var (one, two, other) = (Run(1), Run(2), Run(1, 3));
        Assert.Equal(one.Returns, two.Returns);
        Assert.Equal(one.Lengths, two.Lengths);
        Assert.Equal(one.NormalizedMean, two.NormalizedMean);
        if (name == "hopper")
        {
            Assert.Equal(5, one.Returns.Distinct().Count());
            Assert.NotEqual(one.Returns, other.Returns);
        }
    }

    private static void FirstForce(DeviceArray<float> states, DeviceArray<float> actions, int rows, int candidates, DeviceArray<float> values)
    {
        float[] all = actions.ToArray();
        int size = all.Length / (rows * candidates);
        values.CopyFrom([.. Enumerable.Range(0, rows * candidates).Select(i => all[i * size])]);
    }

    /// <summary>An environment with a lower step limit.</summary>
    private sealed class Shortened(EnvironmentKind kind, int limit) : EnvironmentKind
    {
        public override EnvironmentDescription Description => kind.Description;

        public override bool NeedsMujoco => kind.NeedsMujoco;

        public override IEnvironment Create() => new Cut(kind.Create(), limit);

        private sealed class Cut(IEnvironment inner, int limit) : IEnvironment
        {
            private int _steps;

            public EnvironmentDescription Description => inner.Description;

            public void Reset(in RandomDraw episode, Span<double> observation) => inner.Reset(episode, observation);

            public void Restore(in RandomDraw episode, ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, Span<double> observation) =>
                inner.Restore(episode, positions, velocities, observation);

            public void ReadState(Span<double> positions, Span<double> velocities) => inner.ReadState(positions, velocities);

            public StepOutcome Step(ReadOnlySpan<double> action, Span<double> observation) =>
                inner.Step(action, observation) with { Truncated = ++_steps >= limit };

            public void Dispose() => inner.Dispose();
        }
    }

    /// <summary>An environment that writes down where its episodes end, by the order of their making.</summary>
    private sealed class EndStates(EnvironmentKind kind) : EnvironmentKind
    {
        private readonly List<IEnvironment> _made = [];

        public override EnvironmentDescription Description => kind.Description;

        public override bool NeedsMujoco => kind.NeedsMujoco;

        public IEnumerable<string> Ends => _made.Select(environment =>
        {
            var (positions, velocities) = (new double[2], new double[2]);
            environment.ReadState(positions, velocities);
            return string.Join(' ', [.. positions, .. velocities]);
        });

        public override IEnvironment Create()
        {
            _made.Add(kind.Create());
            return _made[^1];
        }
    }

    /// <summary>The U maze where every second episode starts in the cell beside the goal's.</summary>
    private sealed class Corridor : EnvironmentKind
    {
        public const int Limit = 150;

        public override EnvironmentDescription Description => PointMazeTask.UMaze.Description;

        public override bool NeedsMujoco => false;

        public override IEnvironment Create() => new Started();

        private sealed class Started : IEnvironment
        {
            private readonly PointMazeEnvironment _inner = new(PointMazeTask.UMaze);

            public EnvironmentDescription Description => _inner.Description;

            public void Reset(in RandomDraw episode, Span<double> observation)
            {
                _inner.ResetIn(episode.Step % 2 == 0 ? MazeLayout.UMaze.Start : new MazeCell(3, 2), episode, observation);
                _inner.Goal = (1.4, 3);
            }

            public void Restore(in RandomDraw episode, ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, Span<double> observation) =>
                _inner.Restore(episode, positions, velocities, observation);

            public void ReadState(Span<double> positions, Span<double> velocities) => _inner.ReadState(positions, velocities);

            public StepOutcome Step(ReadOnlySpan<double> action, Span<double> observation) => _inner.Step(action, observation);

            public void Dispose() => _inner.Dispose();
        }
    }
}
