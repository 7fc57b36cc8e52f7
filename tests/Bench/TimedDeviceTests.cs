using EDA.Bench.Profiling;
using EDA.Engine.Runs;
using EDA.Kernels;
using EDA.Tests.Engine;
using EDA.Tests.Host;
using EDA.Tests.Kernels;

namespace EDA.Tests.Bench;

/// <summary>A timed device does what the device does.</summary>
public class TimedDeviceTests
{
    private static readonly RunSettings Tiny = RunBudgets.Get("smoke", BanditTask.Each[0]) with
    {
        Points = 64,
        Width = 32,
        Blocks = 1,
        Behavior = new() { Batch = 9, Steps = 3, Averaging = 0.5 },
        Alignment = new() { States = 2, Candidates = 3, Steps = 3 },
        Evaluation = new() { HeldOut = 16, Samples = 16, DistancePoints = 16 },
    };

    public static TheoryData<string> Devices => ["Portable, 1 threads", "software"];

    [Theory]
    [MemberData(nameof(Devices))]
    public void Training_is_the_same_bit_for_bit(string name)
    {
        using var device = TestDevices.Create(name);
        var (behavior, policy) = Train(device);
        using var timer = OperationTimer.For(device);
        var (timedBehavior, timedPolicy) = Train(new TimedDevice(device, timer));
        Assert.Equal(behavior, timedBehavior);
        Assert.Equal(policy, timedPolicy);
        Assert.Equal(3, timer.Timeline.Operations.Count(operation => operation.Name == "denoising_step"));
        Assert.Equal(3, timer.Timeline.Operations.Count(operation => operation.Name == "alignment_step"));
        Assert.Equal(name == "software", timer.Timeline.Kernels.Count > 0);
        Assert.All(timer.Timeline.Operations.Zip(timer.Timeline.Operations.Skip(1)), pair => Assert.True(pair.First.Start + pair.First.Seconds <= pair.Second.Start + 1e-12));
    }

    private static (float[] Behavior, float[] Policy) Train(IDevice device)
    {
        using var folder = new ScratchFolder();
        var run = new TestRun(device, folder.Path, Tiny);
        run.Run();
        return (run.Behavior(), run.Policy());
    }
}
