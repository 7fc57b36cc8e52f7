using EDA.Engine.Diffusion;
using EDA.Kernels;
using EDA.Tests.Kernels;
using EDA.Tests.Twin;

namespace EDA.Tests.Golden;

/// <summary>The engine's solver tables, run by every device, against trajectories solved in Python.</summary>
[Trait("speed", "slow")]
public class SolverGoldenTests
{
    /// <summary>What single-precision coefficients and times cost where everything else is float64.</summary>
    private const double TableRounding = 1e-6;

    public static TheoryData<string> SmallNetworks => [.. GoldenFiles.Networks.Where(name => name != "locomotion")];

    public static TheoryData<string, string> Networks => TestDevices.WithCpuPrecisions(GoldenFiles.Networks);

    [Theory]
    [MemberData(nameof(Networks))]
    public void Trajectories_end_where_pytorchs_do(string deviceName, string name)
    {
        var golden = GoldenFiles.Network(name);
        using var device = TestDevices.Create(deviceName);
        using var run = new BdmRun(device, new BdmInputs(golden.Problem));
        foreach (var trajectory in golden.Trajectories)
            Deviation.AssertClose(trajectory.Samples, run.Sample(Table(trajectory)), Tolerances.Of(deviceName).Score, What(trajectory));
    }

    [Theory]
    [MemberData(nameof(SmallNetworks))]
    public void Tables_are_right_to_single_precision(string name)
    {
        var golden = GoldenFiles.Network(name);
        var inputs = new BdmInputs(golden.Problem);
        var twin = new TwinOperations(golden.Problem.Shape);
        foreach (var trajectory in golden.Trajectories)
        {
            double[] samples = twin.Sample(
                inputs.Behavior, inputs.SampleStates, golden.SampleCandidateCount, Table(trajectory), inputs.Start);
            Deviation.AssertClose(trajectory.Samples, samples, TableRounding, What(trajectory));
        }
    }

    private static SolverTable Table(GoldenTrajectory trajectory)
    {
        var table = trajectory.Solver == "multistep"
            ? DpmSolver.Multistep(NoiseSchedule.Published, trajectory.Evaluations)
            : DpmSolver.Singlestep(NoiseSchedule.Published, trajectory.Evaluations, trajectory.Order);
        Assert.Equal(trajectory.Evaluations, table.Evaluations.Length);
        return table;
    }

    private static string What(GoldenTrajectory trajectory) =>
        $"{trajectory.Solver} of order {trajectory.Order} with {trajectory.Evaluations} evaluations";
}
