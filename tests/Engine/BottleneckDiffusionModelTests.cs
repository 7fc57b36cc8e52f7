using EDA.Engine.Diffusion;
using EDA.Kernels;

namespace EDA.Tests.Engine;

public class BottleneckDiffusionModelTests
{
    private static readonly BdmShape _shape = new(3, 2, 64, 2);

    [Fact]
    public void Initial_weights_are_pytorchs()
    {
        using var device = new PlainDevice();
        using var model = BottleneckDiffusionModel.Create(device, new BdmShape(17, 6, 256, 3), 0);
        float[] parameters = model.CloneParameters();
        var layout = model.Layout;
        foreach (var slice in layout.Slices)
        {
            float[] values = parameters[slice.Offset..(slice.Offset + slice.Length)];
            if (slice.Name.Contains("layer_norm", StringComparison.Ordinal))
            {
                Assert.All(values, value => Assert.Equal(slice.Name.EndsWith("weight", StringComparison.Ordinal) ? 1 : 0, value));
            }
            else if (slice == layout.Frequencies)
            {
                Assert.InRange(Math.Sqrt(values.Average(value => value * value)), 15, 45);
            }
            else
            {
                string weight = slice.Name.Replace(".bias", ".weight", StringComparison.Ordinal);
                double bound = 1 / Math.Sqrt(layout.Slices.Single(other => other.Name == weight).Dimensions[1]);
                double tolerance = 4 * bound / Math.Sqrt(3.0 * values.Length);
                Assert.All(values, value => Assert.InRange(value, -bound, bound));
                Assert.Equal(0, values.Average(), tolerance);
                Assert.Equal(bound * bound / 3, values.Average(value => (double)value * value), bound * tolerance);
                Assert.True(values.Length < 100 || values.Max() > 0.9 * bound);
            }
        }
    }

    [Fact]
    public void An_initial_weight_is_the_word_of_its_index()
    {
        using var device = new PlainDevice();
        using var model = BottleneckDiffusionModel.Create(device, _shape, 77);
        var slice = model.Layout.StateWeight!;
        float[] parameters = model.CloneParameters();
        var draw = new RandomDraw(77, RandomStage.Behavior, 0);
        for (int i = slice.Offset; i < slice.Offset + slice.Length; i++)
        {
            float uniform = Philox.Uniform(Philox.Word(draw, RandomPurpose.Initialisation, (ulong)i));
            Assert.Equal(((2 * uniform) - 1) / MathF.Sqrt(3), parameters[i], 1e-7f);
        }

        using var other = BottleneckDiffusionModel.Create(device, _shape, 78);
        Assert.NotEqual(parameters, other.CloneParameters());
    }

    [Fact]
    public void Rows_are_worked_through_in_parts()
    {
        // More rows than go to the device at once; the plain device's answers are known in closed form.
        const int rows = 40_001;
        using var device = new PlainDevice(0.7, 0.4);
        using var model = BottleneckDiffusionModel.Create(device, _shape, 0);
        float[] actions = Numbers(rows * 2), states = Numbers(rows * 3), times = [.. Numbers(rows).Select(t => MathF.Abs(t) + 0.01f)];
        float[] density = model.Density(actions, times, states);
        float[] score = model.Score(actions, times, states);
        var schedule = NoiseSchedule.Published.Variance;
        foreach (int row in new[] { 0, 16383, 16384, 32768, rows - 1 })
        {
            double t = times[row], alpha = schedule.Alpha(t), variance = Math.Pow(0.4 * alpha, 2) + Math.Pow(schedule.Sigma(t), 2);
            double d0 = actions[2 * row] - (alpha * (0.7 + states[3 * row])), d1 = actions[(2 * row) + 1] - (alpha * (0.7 + states[3 * row]));
            Assert.Equal(-((d0 * d0) + (d1 * d1)) / (2 * variance), density[row], 1e-4);
            Assert.Equal(schedule.Sigma(t) * d1 / variance, score[(2 * row) + 1], 1e-4);
        }

        Assert.Equal(model.Density(actions.AsSpan(0, 8), [0.5f], states.AsSpan(0, 12)), model.Density(actions.AsSpan(0, 8), [0.5f, 0.5f, 0.5f, 0.5f], states.AsSpan(0, 12)));
    }

    [Fact]
    public void Samples_do_not_depend_on_the_parts()
    {
        const int rows = 7000;
        const int candidates = 5;
        using var device = new PlainDevice();
        using var model = BottleneckDiffusionModel.Create(device, _shape, 0);
        float[] states = Numbers(rows * 3);
        var draw = new RandomDraw(4, RandomStage.Sampling, 2);
        var table = DpmSolver.Singlestep(NoiseSchedule.Published, 3, 2);
        float[] parts = model.Sample(rows, candidates, draw, states, table);

        using var deviceStates = device.Upload<float>(states);
        using var whole = device.Allocate<float>(rows * candidates * 2);
        model.Operations.Sample(new()
        {
            Parameters = model.Parameters,
            States = deviceStates,
            StateCount = rows,
            CandidateCount = candidates,
            Table = table,
            Draw = draw,
            Actions = whole,
        });
        Assert.Equal(whole.ToArray(), parts);
    }

    [Fact]
    public void Nothing_in_nothing_out()
    {
        using var device = new PlainDevice();
        using var model = BottleneckDiffusionModel.Create(device, new BdmShape(0, 2, 32, 1), 0);
        Assert.Empty(model.Density([], [0.5f]));
        Assert.Empty(model.Sample(0, 4, new RandomDraw(0, RandomStage.Sampling, 0)));
    }

    [Fact]
    public void Shapes_are_checked()
    {
        using var device = new PlainDevice();
        using var model = BottleneckDiffusionModel.Create(device, _shape, 0);
        Assert.Throws<ArgumentException>(() => model.Density(new float[3], [0.5f], new float[3]));
        Assert.Throws<ArgumentException>(() => model.Density(new float[4], [0.5f, 0.5f, 0.5f], new float[6]));
        Assert.Throws<ArgumentException>(() => model.Score(new float[4], [0.5f], new float[5]));
        Assert.Throws<ArgumentException>(() => model.Sample(2, 4, new RandomDraw(0, RandomStage.Sampling, 0), new float[7]));
        Assert.Throws<ArgumentException>(() => model.SetParameters(new float[3]));
    }

    [Fact]
    public void A_copy_stands_on_its_own()
    {
        using var device = new PlainDevice();
        using (var model = BottleneckDiffusionModel.Create(device, _shape, 0))
        {
            using var copy = model.Copy();
            Assert.Equal(model.CloneParameters(), copy.CloneParameters());
            copy.SetParameters(new float[copy.Layout.Length]);
            Assert.NotEqual(model.CloneParameters(), copy.CloneParameters());
            using var loaded = BottleneckDiffusionModel.FromWeights(device, model.ToWeights());
            Assert.Equal(model.CloneParameters(), loaded.CloneParameters());
        }

        Assert.Equal(0, device.LiveArrays);
    }

    private static float[] Numbers(int count) =>
        [.. Enumerable.Range(0, count).Select(i => Philox.Uniform(Philox.Word(new RandomDraw(1, RandomStage.Evaluation, (uint)count), RandomPurpose.Noise, (ulong)i)) - 0.5f)];
}
