using EDA.Bench.Profiling;
using EDA.Engine.Runs;
using EDA.Kernels;
using EDA.Tests.Engine;
using EDA.Tests.Golden;
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

    [Fact]
    public void Operations_go_by_the_names_that_profiles_are_documented_with()
    {
        using var device = TestDevices.Create("Portable, 1 threads");
        using var timer = OperationTimer.For(device);
        var timed = new TimedDevice(device, timer);
        using (var run = new BdmRun(timed, new BdmInputs(new BdmProblem("timed", 173, 3, 2, 32, 1, Rows: 6, StateCount: 3, CandidateCount: 4))))
        {
            run.Density();
            run.Score();
            run.Gaps(run.GivenGaps());
            run.Sample(SolverTables.FirstOrder(2));
        }

        using (var run = new CriticRun(timed, new CriticInputs(new CriticProblem("timed", 92, 3, 2, 32, 20, 6, 4))))
        {
            run.ImplicitStep(run.Drawn(0), 0);
            run.SampledStep(run.Drawn(0), run.Inputs.NextActions(0), 0);
            run.PolicyStep(run.Drawn(0), 0);
            run.MinimumQ();
            run.Values();
            run.Actions();
        }

        Assert.Equal(
            ["density", "score", "gaps", "sample", "implicit_step", "sampled_step", "policy_step", "minimum_q", "value", "act"],
            timer.Timeline.Operations.Select(operation => operation.Name));
    }

    private static (float[] Behavior, float[] Policy) Train(IDevice device)
    {
        using var folder = new ScratchFolder();
        var run = new TestRun(device, folder.Path, Tiny);
        run.Run();
        return (run.Behavior(), run.Policy());
    }
}
