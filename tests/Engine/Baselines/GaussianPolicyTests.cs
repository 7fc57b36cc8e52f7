using EDA.Engine;
using EDA.Engine.Alignment;
using EDA.Engine.Baselines;
using EDA.Engine.Baselines.Gaussian;
using EDA.Engine.Baselines.Iql;
using EDA.Engine.Checkpoints;
using EDA.Engine.Evaluation;
using EDA.Engine.Training;
using EDA.Kernels;
using EDA.Tests.Host;
using EDA.Tests.Kernels;
using EDA.Tests.Twin;
using static EDA.Tests.Twin.Elementwise;
using static EDA.Tests.Twin.Matrices;

namespace EDA.Tests.Engine.Baselines;

/// <summary>The Gaussian policy of iql and gaussian: what it learns, what it samples, how it acts.</summary>
public sealed class GaussianPolicyTests : IDisposable
{
    private const int StateSize = 3, ActionSize = 2, Width = 32, Pairs = 9;

    private static readonly MlpShape _shape = GaussianPolicy.ShapeOf(StateSize, ActionSize, Width);
    private static readonly float[] _logDeviations = [-0.4f, 0.6f];

    private readonly IDevice _device = TestDevices.Create("Portable, 1 threads");
    private readonly ScratchFolder _folder = new();
    private readonly Random _random = new(4);

    public void Dispose()
    {
        _device.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("Portable, 1 threads", false, -0.4f, 0.6f)]
    [InlineData("Portable, 1 threads", true, 2f, -5f)]
    [InlineData("Portable, 1 threads", true, -5.5f, 2.5f)]
    [InlineData("software", true, 0.3f, -1.5f)]
    public void Loss_and_gradient_are_those_of_the_tape(string name, bool isWeighed, float first, float second)
    {
        using var device = TestDevices.Create(name);
        var settings = new GaussianSettings { Batch = 6, Steps = 10, LearningRate = 1e-3 };
        float[] states = Uniform(Pairs * StateSize), actions = Uniform(Pairs * ActionSize), weights = isWeighed ? [.. Uniform(Pairs).Select(weight => 3 * Math.Abs(weight))] : [];
        using var pairs = new GaussianPairs(device, states, actions, weights, StateSize, ActionSize);
        using var learning = new GaussianLearning(device, settings, settings, pairs, Width, "data", 7);
        learning.Trained[1].Values.CopyFrom([first, second]);
        float[] policy = learning.Trained[0].Values.ToArray(), measured = new float[learning.Measured.Count];
        var draw = new RandomDraw(7, RandomStage.Method, 3);
        double rate = learning.Step(draw, 3, measured);
        Assert.Equal(1e-3 * 0.5 * (1 + Math.Cos(Math.PI * 0.3)), rate, 1e-12);

        // log N(a; μ, σ²) of the rows that are drawn; a log σ beyond its bounds is the bound, and no variable.
        int[] rows = [.. Enumerable.Range(0, settings.Batch).Select(i => Philox.Index(Philox.Word(draw, RandomPurpose.BatchIndex, (ulong)i), Pairs))];
        var twin = new TwinMlp(MethodLearning.LayoutOf("policy", _shape), policy);
        var mean = twin.Forward("policy", Rows(states, StateSize));
        Variable[] log = [Variable.Constant(1, 1, first), Variable.Constant(1, 1, second)];
        var used = RepeatRow(Concatenate([.. log.Select(each => each.Values[0] is >= -5 and <= 2 ? each : Variable.Constant(1, 1, Math.Clamp(each.Values[0], -5, 2)))]), rows.Length);
        var deviation = Exp(used);
        var error = (Rows(actions, ActionSize) - mean) * Power(deviation, -1);
        var likelihood = SumOverColumns(Shift((-0.5 * (error * error)) - used, -0.5 * Math.Log(2 * Math.PI)));
        var loss = (-1.0 / rows.Length) * Sum(Variable.Leaf(rows.Length, 1, [.. rows.Select(row => isWeighed ? (double)weights[row] : 1)]) * likelihood);
        Near([loss.Values[0], deviation.Values.Take(ActionSize).Average()], [measured[0], measured[2]]);
        Near(twin.Gradient(loss), learning.Trained[0].Gradient.ToArray());
        Near([.. Differentiation.Gradient(loss, log).Select(each => each.Values[0])], learning.Trained[1].Gradient.ToArray());

        Variable Rows(float[] values, int width) => Variable.Leaf(rows.Length, width, [.. rows.SelectMany(row => values[(row * width)..((row + 1) * width)])]);
    }

    [Fact]
    public void It_learns_the_weighed_mean_and_deviation()
    {
        // At one state, −½ once and ½ with three times the weight: a mean of ¼ and a variance of ¼ − 1/16.
        var settings = new IqlSettings { Batch = 64, Steps = 600, LearningRate = 1e-2, ReportEvery = 100 };
        using var pairs = new GaussianPairs(_device, [1, 1], [-0.5f, 0.5f], [1, 3], 1, 1);
        using var learning = new GaussianLearning(_device, settings, settings, pairs, 32, "data", 1);
        using var training = new MethodTraining("policy", learning, 1);
        var heard = new Recorder();
        Assert.True(training.Run(heard).Completed);
        Assert.Equal(["loss", "squared_error", "deviation", "learning_rate"], heard.Metrics);
        Assert.Equal(Math.Sqrt(0.1875), Math.Exp(learning.Trained[1].Values.ToArray()[0]), 0.02);
        using var network = _device.CreateMlp(GaussianPolicy.ShapeOf(1, 1, 32));
        using var state = _device.Upload<float>([1]);
        using var mean = _device.Allocate<float>(1);
        network.Forward(new() { Parameters = learning.Trained[0].Values, Inputs = state, Rows = 1, Outputs = mean });
        Assert.Equal(0.25, mean.ToArray()[0], 0.03);
    }

    [Fact]
    public void A_sample_is_its_states_and_its_numbers()
    {
        using var policy = Policy();
        float[] states = Uniform(5 * StateSize), means = Means(policy, states);
        var draw = new RandomDraw(9, RandomStage.Critic, 2, 64);
        float[] all = Sample(policy, states, 16, draw, 16);
        for (int i = 0; i < all.Length; i++)
        {
            float noise = Philox.Normal(draw, RandomPurpose.ActionNoise, (ulong)i);
            int entry = i % ActionSize, row = i / (16 * ActionSize);
            Assert.Equal(Math.Clamp(means[(row * ActionSize) + entry] + (MathF.Exp(_logDeviations[entry]) * noise), -1, 1), all[i], 1e-6f);
        }

        // Fewer candidates are the first of more, and some states draw what they draw among all.
        Assert.Equal(all.Chunk(16 * ActionSize).SelectMany(row => row.Take(3 * ActionSize)), Sample(policy, states, 3, draw, 16));
        Assert.Equal(all.Chunk(16 * ActionSize).Where((_, row) => row is 1 or 4).SelectMany(row => row), Sample(policy, [.. states[3..6], .. states[12..15]], 16, draw, 16, [1, 4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Sample(policy, states, 4, draw, 3));
    }

    [Fact]
    public void The_best_sample_is_played_whichever_episodes_still_run()
    {
        using var policy = Policy();
        float[] states = Uniform(3 * StateSize);
        CandidateRating byFirst = (_, actions, stateCount, candidateCount, values) =>
            values.CopyFrom([.. actions.ToArray().Chunk(ActionSize).Select(action => action[0]).Take(stateCount * candidateCount)]);
        using var best = new SamplingActor(policy, 6, 8, byFirst);
        using var one = new SamplingActor(policy, 6);
        var draw = new RandomDraw(6, RandomStage.Evaluation, 11);
        float[] played = Act(best, [0, 1, 2], states);
        Assert.Equal(Sample(policy, states, 8, draw, 8).Chunk(8 * ActionSize).SelectMany(row => row.Chunk(ActionSize).MaxBy(action => action[0])!), played);
        Assert.Equal(Sample(policy, states, 1, draw, 1), Act(one, [0, 1, 2], states));
        Assert.Equal([.. played[..2], .. played[4..]], Act(best, [0, 2], [.. states[..3], .. states[6..]]));
        Assert.Throws<ArgumentException>(() => new SamplingActor(policy, 6, 8));
        Assert.Throws<ArgumentException>(() => new SamplingActor(policy, 6, 1, byFirst));
        using var broken = new SamplingActor(policy, 6, 2, (_, _, _, _, values) => values.CopyFrom([0, float.NaN])) { Stage = "policy", TrainedSteps = 4 };
        Assert.Contains("policy", Assert.Throws<TrainingDivergedException>(() => Act(broken, [0], states[..3])).Message, StringComparison.Ordinal);

        float[] Act(SamplingActor actor, int[] episodes, float[] observations)
        {
            var actions = new float[episodes.Length * ActionSize];
            actor.Act(11, episodes, observations, actions);
            return actions;
        }
    }

    [Fact]
    public void Settings_outside_their_ranges_are_refused_in_a_line()
    {
        Assert.Equal("samples is 1; allowed is a whole number from 2 to 4096", Refused(() => new GaussianSettings { Samples = 1 }));
        Assert.Equal("batch is 0; allowed is a whole number from 1 to 1048576", Refused(() => new GaussianSettings { Batch = 0 }));
        Assert.Equal("advantageScale is 0; allowed is a finite number above 0", Refused(() => new IqlSettings { AdvantageScale = 0 }));
        Assert.Equal("weightCap is -1; allowed is a finite number above 0", Refused(() => new IqlSettings { WeightCap = -1 }));
        Assert.Throws<ArgumentException>(() => new GaussianPairs(_device, new float[6], new float[3], [], StateSize, ActionSize));
        Assert.Throws<ArgumentException>(() => new GaussianPairs(_device, new float[6], new float[4], [1], StateSize, ActionSize));

        static string Refused(Action set) => Assert.Throws<InvalidSettingException>(set).Message;
    }

    private static void Near(double[] expected, float[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        double norm = Math.Sqrt(expected.Sum(value => value * value)), difference = Math.Sqrt(expected.Zip(found, (one, other) => (one - other) * (one - other)).Sum());
        Assert.True(difference <= 1e-5 * norm, $"{difference} of {norm}");
    }

    private float[] Uniform(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)((2 * _random.NextDouble()) - 1))];

    private GaussianPolicy Policy()
    {
        string path = _folder.At("policy.safetensors");
        Safetensors.Write(
            path, [.. MethodLearning.LayoutOf("policy", _shape).Slices.Select(slice => new NamedTensor(slice.Name, slice.Dimensions, Uniform(slice.Length))), new("log_std", [ActionSize], _logDeviations)], null);
        return new GaussianPolicy(_device, _shape, new MethodWeights(path));
    }

    private float[] Means(GaussianPolicy policy, float[] states)
    {
        using var on = _device.Upload<float>(states);
        using var means = _device.Allocate<float>(states.Length / StateSize * ActionSize);
        policy.Mean(on, states.Length / StateSize, means);
        return means.ToArray();
    }

    private float[] Sample(GaussianPolicy policy, float[] states, int candidates, RandomDraw draw, int stride, int[]? numbers = null)
    {
        int count = states.Length / StateSize;
        using var on = _device.Upload<float>(states);
        using var named = numbers is null ? null : _device.Upload<int>(numbers);
        using var actions = _device.Allocate<float>(count * candidates * ActionSize);
        policy.Sample(new() { States = on, StateCount = count, CandidateCount = candidates, Draw = draw, Stride = stride, Numbers = named, Actions = actions });
        return actions.ToArray();
    }
}
