using EDA.Engine;
using EDA.Engine.Baselines;
using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Data.Formats;
using EDA.Engine.Diffusion;
using EDA.Engine.Environments;
using EDA.Engine.Evaluation;
using EDA.Engine.Experiments;
using EDA.Engine.Runs;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Tests.Host;

namespace EDA.Tests.Engine;

/// <summary>Sampled actions that a run keeps to be looked at, against what its models themselves say.</summary>
public sealed class ActionSamplesTests : IDisposable
{
    private const int StateSize = 4, ActionSize = 2;

    private static readonly RunSettings _tiny = TestRun.Tiny with
    {
        Behavior = new() { Batch = 16, Steps = 6, LearningRate = 1e-3 },
        Critic = new() { Batch = 16, Steps = 6, ClipsActions = true },
        Weighted = new() { Training = new() { Batch = 16, Steps = 6, LearningRate = 1e-3 } },
        Alignment = new() { States = 4, Candidates = 4, Steps = 6, LearningRate = 1e-2 },
        Evaluation = new() { Episodes = 1, Candidates = 2, SolverEvaluations = 3, Seed = 7 },
    };

    private readonly ScratchFolder _folder = new();
    private readonly CpuDevice _device = new(new CpuOptions(CpuOptions.BestSimd, 1));

    public void Dispose()
    {
        _device.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void They_are_what_the_models_say()
    {
        var run = Of(_tiny, "run");
        var scores = run.Run().Scores;
        var files = run.Files();
        var kept = ActionSamples.Load(files.ActionSamples);
        var dataset = GeneratedDataset.Create(_tiny);
        Assert.Equal(ActionSampling.ChooseRows(dataset.Count, 4, 7), kept.Rows);
        Assert.Equal((StateSize, ActionSize, ActionSampling.Candidates), (kept.StateSize, kept.ActionSize, kept.Candidates));
        Assert.Equal(kept.Rows.SelectMany(row => dataset.States.Slice(row * StateSize, StateSize).ToArray()), kept.States);
        Assert.Equal(kept.Rows.SelectMany(row => dataset.Actions.Slice(row * ActionSize, ActionSize).ToArray()), kept.DataActions);
        Assert.Equal(["behavior", "weighted", "policy"], kept.Policies.Select(policy => policy.Name));

        using var critic = Critic.FromWeights(_device, CriticWeights.Load(files.CriticWeights, StateSize));
        critic.ClipsActions = true;
        Assert.Equal(critic.Labels(kept.States, kept.DataActions), kept.DataQ);
        foreach (var (policy, weights) in kept.Policies.Zip((string[])[files.BehaviorWeights, files.WeightedWeights, files.PolicyWeights]))
        {
            using var model = BottleneckDiffusionModel.FromWeights(_device, BdmWeights.Load(weights));
            var solver = DpmSolver.Singlestep(model.Schedule, 3, 2);
            float[] repeated = [.. Enumerable.Range(0, 4).SelectMany(i => Enumerable.Repeat(kept.States[(i * StateSize)..((i + 1) * StateSize)], kept.Candidates)).SelectMany(state => state)];

            // The i-th state is step i of a rollout with as many episodes as there are samples.
            int width = kept.Candidates * StateSize;
            float[] expected = [.. Enumerable.Range(0, 4).SelectMany(i => model.Sample(kept.Candidates, 1, new RandomDraw(7, RandomStage.Evaluation, (uint)i), repeated.AsSpan(i * width, width), solver))];
            Assert.Equal(expected, policy.Actions);
            Assert.Equal(critic.Labels(repeated, expected), policy.Q);
            Assert.Equal(model.Density(expected, [0.02f], repeated), policy.Density);
        }

        // Asked for by hand they are the same, of these rows and of others, and nothing is written.
        byte[] file = File.ReadAllBytes(files.ActionSamples);
        var again = run.Pipeline.SampleActions(kept.Rows)!;
        Assert.All(again.Policies.Zip(kept.Policies), pair => Assert.Equal(pair.First.Actions, pair.Second.Actions));
        Assert.Equal(again.DataQ, kept.DataQ);
        var other = run.Pipeline.SampleActions([299, 0, 0], 20)!;
        Assert.Equal([299, 0, 0], other.Rows);
        Assert.All(other.Policies, policy => Assert.Equal((3 * 20 * ActionSize, 3 * 20), (policy.Actions.Length, policy.Q!.Length)));
        Assert.Throws<ArgumentException>(() => run.Pipeline.SampleActions([300]));
        Assert.Equal(file, File.ReadAllBytes(files.ActionSamples));

        // Without them the scores are the same, and what is left of them goes.
        var without = _tiny with { Evaluation = _tiny.Evaluation with { ShownStates = 0 } };
        var plain = Of(without, "plain").Run().Scores;
        Assert.Equal(scores.Select(score => (score.Key, score.Value.ReturnMean)), plain.Select(score => (score.Key, score.Value.ReturnMean)));
        StateFiles.RequireSame(_folder.At("plain"), _folder.At("run"), Path.Combine("5", "action_samples.npz"));
        Assert.False(File.Exists(Of(without, "plain").Files().ActionSamples));
        Of(without, "run").Run(RunStages.Evaluate);
        Assert.False(File.Exists(files.ActionSamples));
    }

    [Fact]
    public void How_many_are_shown_makes_no_other_stage()
    {
        Assert.Equal(Keys(_tiny), Keys(_tiny with { Evaluation = _tiny.Evaluation with { ShownStates = 9 } }));
        Assert.NotEqual(Keys(_tiny), Keys(_tiny with { Evaluation = _tiny.Evaluation with { Seed = 8 } }));
        Assert.Throws<InvalidSettingException>(() => new EvaluationSettings { ShownStates = 17 });

        // Rollouts that were written down before there was such a setting are still those of the run: their identity has none.
        Of(_tiny with { Weighted = new() }, "run").Run();
        string evaluation = Safetensors.ReadMetadata(Of(_tiny, "run").Files().EvaluationState)["settings"];
        Assert.Contains("\"solverEvaluations\":3", evaluation, StringComparison.Ordinal);
        Assert.DoesNotContain("shown", evaluation, StringComparison.OrdinalIgnoreCase);

        static IReadOnlyDictionary<string, string> Keys(RunSettings run) =>
            StageKeys.Of(DatasetTask.Generated[0].Stages([run], new(Environment: EnvironmentCatalogue.Find(run.Environment))), run, "data");
    }

    [Fact]
    public void There_are_as_many_as_there_are_models()
    {
        var run = Of(_tiny, "run");
        Assert.Equal(RunStages.Behavior, Assert.Throws<UnfinishedStageException>(() => run.Pipeline.SampleActions([0])).Stage);
        run.Run(RunStages.Behavior);
        run.Run(RunStages.Evaluate);
        var alone = ActionSamples.Load(run.Files().ActionSamples);
        Assert.Equal("behavior", Assert.Single(alone.Policies).Name);
        Assert.Null(alone.Policies[0].Q);
        Assert.Null(alone.DataQ);
        Assert.NotNull(alone.Policies[0].Density);

        // Nor is there anything to look at where there is a critic's deterministic policy alone.
        foreach (string state in Directory.GetFiles(_folder.At("run"), "behavior*", SearchOption.AllDirectories))
            File.Delete(state);
        var critic = Of(_tiny with { Critic = _tiny.Critic with { Implicit = new() { Policy = PolicyExtraction.AdvantageWeighted } } }, "run");
        critic.Run(RunStages.Critic);
        Assert.Equal([Rollouts.Implicit], critic.Run(RunStages.Evaluate).Scores.Keys);
        Assert.False(File.Exists(critic.Files().ActionSamples));
    }

    [Theory]
    [InlineData("gaussian", "behavior policy")]
    [InlineData("idql", "behavior policy")]
    [InlineData("qgpo", "behavior policy_w3")]
    [InlineData("iql", "")]
    public void Methods_whose_behavior_and_policy_are_distributions_have_them(string method, string names)
    {
        var task = DatasetTask.Generated[0];
        var found = Method.Table.Find(method);
        var eda = RunBudgets.Get("smoke", task) with { Width = 32, Blocks = 1, CriticWidth = 32, Rows = 300, HeldOut = 20, Behavior = _tiny.Behavior, Labels = _tiny.Labels, Evaluation = _tiny.Evaluation };
        var settings = found.Budget("smoke", eda.With(found.CriticOf("smoke", task) ?? eda.Critic.Method), task);
        settings = settings with { Critic = settings.Critic with { Batch = 16, Steps = 6 }, Method = settings.Method.WithSteps(6).WithCandidates(4) };
        var run = Of(settings, method);
        Assert.True(run.Run().Completed);
        Assert.Equal(names.Length > 0, File.Exists(run.Files().ActionSamples));
        if (names.Length == 0)
        {
            Assert.Null(run.Pipeline.SampleActions([1]));
            return;
        }

        var samples = ActionSamples.Load(run.Files().ActionSamples);
        Assert.Equal(names.Split(' '), samples.Policies.Select(policy => policy.Name));
        Assert.All(samples.Policies, policy => Assert.NotNull(policy.Q));
        Assert.Equal(method != "gaussian", samples.Policies[0].Density is not null);
        Assert.Null(samples.Policies[1].Density);
        if (method != "qgpo")
            Assert.True(samples.Policies[1].Q!.Average() > samples.Policies[0].Q!.Average(), "the best of several is no better than one");
    }

    [Fact]
    public void States_are_spread_over_the_dataset_and_drawn_by_the_seed()
    {
        int[] rows = ActionSampling.ChooseRows(1000, 4, 3);
        Assert.Equal(rows, ActionSampling.ChooseRows(1000, 4, 3));
        Assert.NotEqual(rows, ActionSampling.ChooseRows(1000, 4, 4));
        Assert.All(rows.Select((row, i) => (row, i)), at => Assert.InRange(at.row, 250 * at.i, (250 * at.i) + 249));
        Assert.Equal([0, 1, 2], ActionSampling.ChooseRows(3, 16, 3));
        Assert.Empty(ActionSampling.ChooseRows(3, 0, 3));
        Assert.All(Enumerable.Range(0, 200), seed => Assert.InRange(ActionSampling.ChooseRows(int.MaxValue, 1, (ulong)seed)[0], 0, int.MaxValue - 1));
    }

    [Fact]
    public void A_file_that_is_none_is_refused()
    {
        string path = _folder.At("samples.npz");
        var samples = new ActionSamples
        {
            Rows = [3, 70_000],
            StateSize = 3,
            ActionSize = 2,
            Candidates = 4,
            States = [1, 2, 3, 4, 5, 6],
            DataActions = [0.1f, 0.2f, 0.3f, 0.4f],
            Policies = [new("behavior", [.. Enumerable.Range(0, 16).Select(i => 0.1f * i)], null, [1, 2, 3, 4, 5, 6, 7, 8])],
        };
        samples.Save(path);
        byte[] bytes = File.ReadAllBytes(path);
        samples.Save(path);
        Assert.Equal(bytes, File.ReadAllBytes(path));
        var again = ActionSamples.Load(path);
        Assert.Equal(samples.Rows, again.Rows);
        Assert.Equal(samples.States, again.States);
        Assert.Equal(samples.Policies[0].Actions, again.Policies[0].Actions);
        Assert.Equal(samples.Policies[0].Density, again.Policies[0].Density);
        Assert.Null(again.Policies[0].Q);

        Refused("there is no array states", "states", "none");
        Refused("there is no array NAME_actions", "behavior_actions", "none");
        Refused("behavior_actions is [16]; allowed is an array of 3 dimensions", "behavior_actions", "flat");
        Refused("data_actions is [1×2]; allowed is [2×2]", "data_actions", "short");
        Refused("behavior_density holds what is no finite number", "behavior_density", "nan");
        Refused("rows holds -1", "rows", "minus");

        void Refused(string reason, string name, string how)
        {
            File.Delete(path);
            using (var file = new NpzWriter(path))
            {
                Write(file, "rows", [2], [3, 4]);
                Write(file, "states", [2, 3], new float[6]);
                Write(file, "data_actions", [2, 2], new float[4]);
                Write(file, "behavior_actions", [2, 4, 2], new float[16]);
                Write(file, "behavior_density", [2, 4], new float[8]);
            }

            Assert.Contains(reason, Assert.Throws<InvalidFileException>(() => ActionSamples.Load(path)).Message, StringComparison.Ordinal);

            void Write(NpzWriter file, string each, int[] shape, float[] values)
            {
                if (each == name && how == "none")
                    return;
                if (each == name && how is "nan" or "minus")
                    values[0] = how == "nan" ? float.NaN : -1;
                if (each == name && how == "flat")
                    shape = [values.Length];
                if (each == name && how == "short")
                    (shape, values) = ([1, shape[1]], values[..shape[1]]);
                file.Write(each, shape, values);
            }
        }
    }

    private TestRun Of(RunSettings run, string folder) => new(_device, _folder.At(folder), run);
}
