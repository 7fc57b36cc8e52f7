using EDA.Engine;
using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Environments;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Tests.Host;

namespace EDA.Tests.Engine;

/// <summary>Policies measured on a dataset's states, against what the models themselves say.</summary>
public sealed class DatasetRatingsTests : IDisposable
{
    private const int States = 5, Evaluations = 3;

    private static readonly RunSettings _settings = TestRun.Tiny with
    {
        Weighted = new() { Training = new() { Batch = 16, Steps = 6, LearningRate = 1e-3 } },
        Alignment = new() { States = 4, Candidates = 4, Steps = 30, LearningRate = 3e-2 },
        Evaluation = new() { RollsOut = false, RatedStates = States, Candidates = 2, SolverEvaluations = Evaluations, Seed = 7, Acting = new() { Samples = 2 } },
    };

    private readonly ScratchFolder _folder = new();
    private readonly CpuDevice _device = new(new CpuOptions(CpuOptions.BestSimd, 1));

    public void Dispose()
    {
        _device.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void They_are_what_critic_and_behavior_say()
    {
        var run = new TestRun(_device, _folder.Path, _settings);
        var result = run.Run();
        Assert.True(result.Completed);
        Assert.Empty(result.Scores);
        var ratings = result.Ratings!;
        Assert.Equal((States, DatasetRatings.SamplesPerState), (ratings.States, ratings.Samples));
        Assert.Equal(["behavior", "policy", "policy_best", "weighted", "weighted_best", "policy_rejection", "behavior_rejection"], ratings.Policies.Keys);

        var (dataset, files) = (GeneratedDataset.Create(_settings), run.Files());
        int[] rows = ActionSampling.ChooseRows(dataset.Count, States, 7);
        using var behavior = BottleneckDiffusionModel.FromWeights(_device, BdmWeights.Load(files.BehaviorWeights));
        using var policy = BottleneckDiffusionModel.FromWeights(_device, BdmWeights.Load(files.PolicyWeights));
        using var critic = Critic.FromWeights(_device, CriticWeights.Load(files.CriticWeights, dataset.StateSize));
        var (data, own, aligned) = (new List<double>(), new List<double>(), new List<double>());
        int dataBeyond = 0, alignedBeyond = 0;
        for (int i = 0; i < States; i++)
        {
            float[] state = dataset.States.Slice(rows[i] * dataset.StateSize, dataset.StateSize).ToArray(), action = dataset.Actions.Slice(rows[i] * dataset.ActionSize, dataset.ActionSize).ToArray();

            // 1 % of 257 gaps between 256 samples: 0.57 of the way from the second lowest to the third.
            double[] densities = [.. Density(Sample(behavior, state, i, 256), state).Order()];
            double least = densities[1] + (0.57 * (densities[2] - densities[1]));
            float[] sampled = Sample(policy, state, i, DatasetRatings.SamplesPerState);
            data.Add(critic.Labels(state, action)[0]);
            own.Add(Q(state, Sample(behavior, state, i, DatasetRatings.SamplesPerState)));
            aligned.Add(Q(state, sampled));
            dataBeyond += Density(action, state).Count(density => density < least);
            alignedBeyond += Density(sampled, state).Count(density => density < least);
        }

        AssertRating(data, null, dataBeyond / (double)States, ratings.Data);
        AssertRating(own, data, null, ratings.Policies["behavior"]);
        AssertRating(aligned, data, alignedBeyond / (double)(States * DatasetRatings.SamplesPerState), ratings.Policies["policy"]);
        Assert.InRange(alignedBeyond, 1, States * DatasetRatings.SamplesPerState);

        float[] Sample(BottleneckDiffusionModel model, float[] state, int step, int count) =>
            model.Sample(count, 1, new RandomDraw(7, RandomStage.Evaluation, (uint)step), Repeat(state, count), DpmSolver.Singlestep(model.Schedule, Evaluations, 2));

        IEnumerable<double> Density(float[] actions, float[] state) => behavior.Density(actions, [0.02f], Repeat(state, actions.Length / dataset.ActionSize)).Select(value => (double)value);

        double Q(float[] state, float[] actions) => critic.Labels(Repeat(state, DatasetRatings.SamplesPerState), actions).Average(value => (double)value);
    }

    [Fact]
    public void A_policy_far_from_the_data_is_beyond_it()
    {
        // The aligned model becomes one of four times its weights, whose samples are nowhere near the behavior's.
        var settings = _settings with { Behavior = _settings.Behavior with { Steps = 300 } };
        var run = new TestRun(_device, _folder.Path, settings);
        double before = run.Run().Ratings!.Policies["policy"].Beyond!.Value;
        var weights = BdmWeights.Load(run.Files().PolicyWeights);
        for (int i = 0; i < weights.Parameters.Length; i++)
            weights.Parameters[i] *= 4;
        weights.Save(run.Files().PolicyWeights, overwrite: true);
        double after = run.Run(RunStages.Evaluate).Ratings!.Policies["policy"].Beyond!.Value;
        Assert.True(after > before && after > 0.5, FormattableString.Invariant($"{before} {after}"));
    }

    [Fact]
    public void A_dataset_without_an_environment_is_not_rolled_out()
    {
        var absent = EnvironmentCatalogue.Without(7, 3);
        Assert.Equal(("none:7x3", 7, 3, false), (absent.Name, absent.Description.ObservationSize, absent.Description.ActionSize, absent.CanBeStepped));
        Assert.Equal(absent.Name, EnvironmentCatalogue.Find("none:7x3").Name);
        Assert.False(EnvironmentCatalogue.Knows("none:0x3"));
        var settings = _settings with { Environment = "none:7x3" };
        settings.Check();
        var refused = Assert.Throws<InvalidSettingException>(() => (settings with { Evaluation = new() }).Check());
        Assert.Equal("evaluation.rollsOut is 'true'; allowed is false for a dataset without an environment", refused.Message);
        refused = Assert.Throws<InvalidSettingException>(() => (settings with { Evaluation = settings.Evaluation with { Every = 5 } }).Check());
        Assert.StartsWith("evaluation.every is 5; allowed is 0 where evaluation.rollsOut is false", refused.Message, StringComparison.Ordinal);
    }

    private static float[] Repeat(float[] state, int count) => [.. Enumerable.Repeat(state, count).SelectMany(values => values)];

    private static void AssertRating(List<double> q, List<double>? data, double? beyond, PolicyRating rating)
    {
        double mean = q.Average();
        Assert.Equal(mean, rating.QMean!.Value, 1e-5);
        Assert.Equal(Math.Sqrt(q.Average(value => (value - mean) * (value - mean))), rating.QDeviation!.Value, 1e-5);
        Assert.Equal(beyond, rating.Beyond);
        Assert.Equal(data is null, rating.QGain is null && rating.QGainError is null);
        if (data is null)
            return;
        double gain = mean - data.Average();
        Assert.Equal(gain, rating.QGain!.Value, 1e-5);
        double variance = q.Zip(data).Sum(pair => (pair.First - pair.Second - gain) * (pair.First - pair.Second - gain)) / (q.Count - 1);
        Assert.Equal(Math.Sqrt(variance / q.Count), rating.QGainError!.Value, 1e-5);
    }
}
