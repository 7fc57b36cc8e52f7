using EDA.Engine.Runs;
using EDA.Kernels;
using EDA.Kernels.Gpu;
using EDA.Tests.Engine;
using EDA.Tests.Golden;
using EDA.Tests.Host;
using EDA.Tests.Kernels;
using EDA.Tests.Software;

namespace EDA.Tests.Gpu;

/// <summary>Precision fp16 at the ends of its range.</summary>
public class HalfRangeTests
{
    /// <summary>What does not fit into 16 bits is not cut off: it is infinite, and whatever comes of it shows that.</summary>
    [Fact]
    public void What_is_too_large_shows()
    {
        var inputs = new BdmInputs(new BdmProblem("large", 210, 3, 2, 32, 1, Rows: 5, StateCount: 2, CandidateCount: 3));
        using var device = new GpuDevice(new SoftwareBackend(), GpuPrecision.Fp16);
        using (var run = new BdmRun(device, inputs))
            Assert.All(run.Density(), density => Assert.True(float.IsFinite(density)));
        var bias = inputs.Layout.Blocks[0].ExpandBias;
        inputs.Behavior.AsSpan(bias.Offset, bias.Length).Fill(1e6f);
        using var other = new BdmRun(device, inputs);
        Assert.All(other.Density(), density => Assert.False(float.IsFinite(density)));
        Assert.Contains(other.DenoisingStep(other.GivenDenoising(dropout: false)).Gradient, value => !float.IsFinite(value));
    }

    /// <summary>
    /// A mean's adjoints are small where the batch is large: here a thirtieth of what 16 bits tell apart from 0. They are kept as those of a sum,
    /// and the gradient is that of float32 all the same.
    /// </summary>
    [Fact]
    public void Small_adjoints_are_kept()
    {
        const int rows = 300;
        const float small = 1e-4f;
        var inputs = new BdmInputs(new BdmProblem("small", 211, 3, 2, 32, 1, rows, StateCount: 2, CandidateCount: 3));
        var output = inputs.Layout.OutputWeight;
        foreach (ref float weight in inputs.Behavior.AsSpan(output.Offset, output.Length))
            weight *= small;
        Assert.InRange(Deviation(Gradient(GpuPrecision.Fp32), Gradient(GpuPrecision.Fp16)), 0, 1e-2);

        float[] Gradient(GpuPrecision precision)
        {
            using var device = new GpuDevice(new SoftwareBackend(), precision);
            using var run = new BdmRun(device, inputs);
            return run.DenoisingStep(run.GivenDenoising(dropout: false)).Gradient;
        }
    }

    /// <summary>Both stages, trained: the losses are float32's, step for step.</summary>
    [Fact]
    [Trait("speed", "slow")]
    public void Training_follows_that_in_float32()
    {
        var run = RunBudgets.Get("smoke", BanditTask.Each[0]) with
        {
            Points = 500,
            Width = 32,
            Blocks = 2,
            Behavior = new() { Batch = 100, Steps = 40, LearningRate = 1e-2, ReportEvery = 1 },
            Alignment = new() { States = 5, Candidates = 4, Steps = 20, LearningRate = 1e-3, ReportEvery = 1 },
            Evaluation = new() { HeldOut = 16, Samples = 16, DistancePoints = 16 },
        };
        double[] expected = Losses(GpuPrecision.Fp32), actual = Losses(GpuPrecision.Fp16);
        Assert.True(expected[30..40].Average() < 0.9 * expected[..10].Average());
        Assert.All(expected.Zip(actual), pair => Assert.InRange(pair.Second / pair.First, 0.98, 1.02));

        double[] Losses(GpuPrecision precision)
        {
            var recorder = new EDA.Tests.Engine.Recorder();
            using var folder = new ScratchFolder();
            using var device = new GpuDevice(new SoftwareBackend(), precision);
            new TestRun(device, folder.Path, run).Run(observer: recorder);
            return [.. recorder.Losses];
        }
    }

    private static double Deviation(float[] expected, float[] actual) =>
        Math.Sqrt(expected.Zip(actual).Sum(pair => Math.Pow((double)pair.First - pair.Second, 2)) / expected.Sum(value => (double)value * value));
}
