using EDA.Engine.Optimizers;
using EDA.Engine.Stages;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Kernels.Gpu;
using EDA.Kernels.Gpu.Software;

namespace EDA.Tests.Engine;

/// <summary>The bandits' two stages by the GPU's kernels and by the CPU's, step for step, at sizes that fill no tile.</summary>
public sealed class SoftwareAgreementTests
{
    private const double Tolerance = 1e-4;

    [Theory]
    [InlineData("8gaussians", 32, 2)]
    [InlineData("moons", 96, 1)]
    public void TwentyStepsOfEachStageComeToTheSameParameters(string bandit, int width, int blocks)
    {
        var run = new BanditRun
        {
            Bandit = bandit,
            Seed = 11,
            Points = 1003,
            Width = width,
            Blocks = blocks,
            Behavior = new() { Batch = 67, Steps = 20, LearningRate = 1e-3, Schedule = LearningRateSchedule.Cosine, ReportEvery = 7 },
            Alignment = new() { States = 9, Candidates = 5, Steps = 20, LearningRate = 1e-3, Averaging = 0.2, ReportEvery = 7 },
            Evaluation = new() { HeldOut = 17, Samples = 19, DistancePoints = 16 },
        };
        var cpu = Train(new CpuDevice(), run);
        var software = Train(new GpuDevice(new SoftwareBackend()), run);
        AssertClose(cpu.Behavior, software.Behavior, "behavior");
        AssertClose(cpu.Policy, software.Policy, "policy");
        for (int i = 0; i < cpu.Losses.Count; i++)
            Assert.Equal(cpu.Losses[i], software.Losses[i], Tolerance * Math.Abs(cpu.Losses[i]));
    }

    private static (float[] Behavior, float[] Policy, IReadOnlyList<double> Losses) Train(IDevice opened, BanditRun run)
    {
        using var device = opened;
        using var pipeline = new BanditPipeline(device, run);
        var recorder = new Recorder();
        Assert.True(pipeline.Run(recorder).Completed);

        // The frequencies stay as they were drawn, and are so large that they would hide all else.
        var frequencies = pipeline.Behavior.Layout.Frequencies;
        return (Others(pipeline.Behavior.CloneParameters()), Others(pipeline.Policy.CloneParameters()), recorder.Losses);

        float[] Others(float[] parameters) => [.. parameters.Where((_, i) => i < frequencies.Offset || i >= frequencies.Offset + frequencies.Length)];
    }

    private static void AssertClose(float[] expected, float[] actual, string what)
    {
        double off = Math.Sqrt(expected.Zip(actual).Sum(pair => Math.Pow(pair.First - pair.Second, 2)) / expected.Sum(value => (double)value * value));
        Assert.True(off <= Tolerance, $"{what}: parameters are off by {off:0.0e0} of their norm, allowed {Tolerance:0.0e0}");
    }
}
