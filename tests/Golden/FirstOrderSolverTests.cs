using EDA.Kernels;
using EDA.Tests.Kernels;

namespace EDA.Tests.Golden;

/// <summary>The devices' solver loop against PyTorch's, with a table simple enough to make here.</summary>
public class FirstOrderSolverTests
{
    public static TheoryData<string, string> Networks => TestDevices.WithCpuPrecisions(GoldenFiles.Networks);

    [Theory]
    [MemberData(nameof(Networks))]
    public void First_order_trajectory_is_pytorchs(string deviceName, string name)
    {
        var golden = GoldenFiles.Network(name);
        var trajectory = golden.Trajectories.Single(t => t is { Solver: "singlestep", Order: 1 });
        using var device = TestDevices.Create(deviceName);
        using var run = new BdmRun(device, new BdmInputs(golden.Problem));
        Deviation.AssertClose(trajectory.Samples, run.Sample(SolverTables.FirstOrder(trajectory.Evaluations)), Tolerances.Of(deviceName).Score, "sample");
    }
}
