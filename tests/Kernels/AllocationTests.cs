using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Tests.Golden;

namespace EDA.Tests.Kernels;

/// <summary>Measured alone: the collection keeps other tests' allocations out of the process-wide count.</summary>
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public class AllocationCollection;

/// <summary>A step that has seen its batch allocates nothing, on its own thread or on the pool's.</summary>
[Collection(nameof(AllocationTests))]
public class AllocationTests
{
    /// <summary>
    /// The test runner allocates ten times a second or so; an operation that allocates does so every time. So one
    /// quiet attempt is proof enough, if it is short.
    /// </summary>
    private const int Attempts = 50;

    private static readonly BdmInputs Inputs = new(new BdmProblem(
        "allocation", 150, 3, 2, 32, 2, Rows: 131, StateCount: 33, CandidateCount: 4));

    private static readonly RandomDraw Draw = new(1, RandomStage.Behavior, 1);

    private static readonly SolverTable ShortTable = SolverTables.FirstOrder(2);

    private delegate void Step(IBdmOperations operations, Arrays arrays);

    public static TheoryData<string, string> Operations => TestDevices.OwnWith(Steps.Keys);

    private static Dictionary<string, Step> Steps { get; } = new()
    {
        ["density"] = (bdm, at) => bdm.Density(at.Behavior, at.Actions, at.Times, at.States, 131, at.Rows),
        ["score"] = (bdm, at) => bdm.Score(at.Behavior, at.Actions, at.Times, at.States, 131, at.Rows),
        ["gaps"] = (bdm, at) => bdm.Gaps(at.Policy, at.Behavior, at.Candidates, at.States, 33, 4, new GapDraws(Draw), at.Rows),
        ["denoising step"] = (bdm, at) =>
            bdm.DenoisingStep(at.Behavior, at.Actions, at.States, 131, new DenoisingDraws(Draw, 0.1f), at.Gradient, at.Loss),
        ["alignment step"] = (bdm, at) => bdm.AlignmentStep(
            at.Policy, at.Behavior, at.Candidates, at.States, at.Labels, 33, 4, new AlignmentObjective(AlignmentLoss.Value, 1, 3), new GapDraws(Draw), at.Gradient, at.Loss),
        ["sample"] = (bdm, at) => bdm.Sample(at.Behavior, at.States, 33, 4, ShortTable, Draw, null, at.Candidates),
    };

    [Theory]
    [MemberData(nameof(Operations))]
    public void A_repeated_operation_allocates_nothing(string deviceName, string operation)
    {
        using var device = TestDevices.Create(deviceName);
        using var operations = device.CreateBdm(Inputs.Problem.Shape, VarianceSchedule.Published);
        using var arrays = new Arrays(device);
        var step = Steps[operation];
        AssertQuiet(device, () => step(operations, arrays), operation);
    }

    [Theory]
    [MemberData(nameof(TestDevices.OwnNames), MemberType = typeof(TestDevices))]
    public void Repeated_vector_operations_allocate_nothing(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var arrays = new Arrays(device);
        using var first = device.Allocate<float>(arrays.Policy.Length);
        using var second = device.Allocate<float>(arrays.Policy.Length);
        using var indices = device.Allocate<int>(100);
        AssertQuiet(
            device,
            () =>
            {
                device.Vector.FillIndices(indices, 100, 131, Draw, RandomPurpose.BatchIndex);
                device.Vector.Gather(arrays.Actions, 2, indices, 100, arrays.Rows);
                device.Vector.FillNormal(arrays.Gradient, arrays.Gradient.Length, Draw, RandomPurpose.DataNoise);
                device.Vector.Adam(arrays.Policy, arrays.Gradient, first, second, new AdamSettings(1e-3f), 1);
                device.Vector.PolyakAverage(arrays.Policy, arrays.Behavior, 0.1f);
                device.Vector.Clip(arrays.Policy, arrays.Policy.Length, 1, arrays.Behavior);
            },
            "vector operations");
    }

    internal static void AssertQuiet(IDevice device, Action step, string what)
    {
        // Only the CPU's work goes to other threads. Elsewhere a step may take as long as the runner is quiet.
        bool everywhere = device is CpuDevice;
        Repeat();
        long leastHere = long.MaxValue, leastAnywhere = long.MaxValue;
        for (int attempt = 0; attempt < Attempts && (leastHere > 0 || (everywhere && leastAnywhere > 0)); attempt++)
        {
            long here = GC.GetAllocatedBytesForCurrentThread(), anywhere = GC.GetTotalAllocatedBytes(precise: true);
            Repeat();
            anywhere = GC.GetTotalAllocatedBytes(precise: true) - anywhere;
            here = GC.GetAllocatedBytesForCurrentThread() - here;
            (leastHere, leastAnywhere) = (Math.Min(leastHere, here), Math.Min(leastAnywhere, anywhere));
        }

        Assert.True(leastHere == 0, $"{what}: {leastHere} bytes on the calling thread");
        Assert.True(leastAnywhere == 0 || !everywhere, $"{what}: {leastAnywhere} bytes in the process");

        void Repeat()
        {
            step();
            device.Synchronize();
        }
    }

    /// <summary>The arrays that the operations work on.</summary>
    private sealed class Arrays(IDevice device) : IDisposable
    {
        public DeviceArray<float> Behavior { get; } = device.Upload<float>(Inputs.Behavior);

        public DeviceArray<float> Policy { get; } = device.Upload<float>(Inputs.Policy);

        public DeviceArray<float> Actions { get; } = device.Upload<float>(Inputs.Actions);

        public DeviceArray<float> Times { get; } = device.Upload<float>(Inputs.Times);

        public DeviceArray<float> States { get; } = device.Upload<float>(Inputs.States);

        public DeviceArray<float> Candidates { get; } = device.Upload<float>(Inputs.Candidates);

        public DeviceArray<float> Labels { get; } = device.Upload<float>(Inputs.Labels);

        public DeviceArray<float> Gradient { get; } = device.Allocate<float>(Inputs.Layout.Length);

        public DeviceArray<float> Loss { get; } = device.Allocate<float>(1);

        public DeviceArray<float> Rows { get; } = device.Allocate<float>(262);

        public void Dispose()
        {
            foreach (var array in new[] { Behavior, Policy, Actions, Times, States, Candidates, Labels, Gradient, Loss, Rows })
                array.Dispose();
        }
    }
}
