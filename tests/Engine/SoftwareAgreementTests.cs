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
        AssertClose(cpu.Start, cpu.Behavior, software.Behavior, "behavior");
        AssertClose(cpu.Behavior, cpu.Policy, software.Policy, "policy");
        for (int i = 0; i < cpu.Losses.Count; i++)
            Assert.Equal(cpu.Losses[i], software.Losses[i], Tolerance * Math.Abs(cpu.Losses[i]));
    }

    private static (float[] Start, float[] Behavior, float[] Policy, IReadOnlyList<double> Losses) Train(IDevice opened, BanditRun run)
    {
        using var device = opened;
        using var pipeline = new BanditPipeline(device, run);
        var recorder = new Recorder();
        float[] start = pipeline.Behavior.CloneParameters();
        Assert.True(pipeline.Run(recorder).Completed);
        return (start, pipeline.Behavior.CloneParameters(), pipeline.Policy.CloneParameters(), recorder.Losses);
    }

    // Of the way they went, which is a small part of their norm.
    private static void AssertClose(float[] start, float[] expected, float[] actual, string what)
    {
        double off = Distance(expected, actual) / Distance(start, expected);
        Assert.True(off <= Tolerance, $"{what}: parameters are off by {off:0.0e0} of the way they went, allowed {Tolerance:0.0e0}");
    }

    private static double Distance(float[] from, float[] to) => Math.Sqrt(from.Zip(to).Sum(pair => Math.Pow((double)pair.First - pair.Second, 2)));
}
