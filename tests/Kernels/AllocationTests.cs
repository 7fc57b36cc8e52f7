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
        ["density"] = (bdm, at) => bdm.Density(new()
        {
            Parameters = at.Behavior,
            Actions = at.Actions,
            Times = at.Times,
            States = at.States,
            Rows = 131,
            Output = at.Rows,
        }),
        ["score"] = (bdm, at) => bdm.Score(new()
        {
            Parameters = at.Behavior,
            Actions = at.Actions,
            Times = at.Times,
            States = at.States,
            Rows = 131,
            Output = at.Rows,
        }),
        ["gaps"] = (bdm, at) => bdm.Gaps(new()
        {
            Policy = at.Policy,
            Behavior = at.Behavior,
            Batch = new()
            {
                Candidates = at.Candidates,
                States = at.States,
                StateCount = 33,
                CandidateCount = 4,
                Draws = new(Draw),
            },
            Gaps = at.Rows,
        }),
        ["denoising step"] = (bdm, at) =>
            bdm.DenoisingStep(new()
            {
                Parameters = at.Behavior,
                Actions = at.Actions,
                States = at.States,
                Rows = 131,
                Draws = new(Draw, 0.1f),
                Gradient = at.Gradient,
                Loss = at.Loss,
            }),
        ["alignment step"] = (bdm, at) => bdm.AlignmentStep(new()
        {
            Policy = at.Policy,
            Behavior = at.Behavior,
            Batch = new()
            {
                Candidates = at.Candidates,
                States = at.States,
                StateCount = 33,
                CandidateCount = 4,
                Draws = new(Draw),
            },
            Labels = at.Labels,
            Objective = new(AlignmentLoss.Value, 1, 3),
            Gradient = at.Gradient,
            Loss = at.Loss,
        }),
        ["sample"] = (bdm, at) => bdm.Sample(new()
        {
            Parameters = at.Behavior,
            States = at.States,
            StateCount = 33,
            CandidateCount = 4,
            Table = ShortTable,
            Draw = Draw,
            Actions = at.Candidates,
        }),
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
                device.Vector.FillIndices(new() { Indices = indices, Count = 100, Upper = 131, Draw = Draw, Purpose = RandomPurpose.BatchIndex });
                device.Vector.Gather(new() { Source = arrays.Actions, Width = 2, Indices = indices, Count = 100, Destination = arrays.Rows });
                device.Vector.FillNormal(new()
                {
                    Values = arrays.Gradient,
                    Count = arrays.Gradient.Length,
                    Draw = Draw,
                    Purpose = RandomPurpose.DataNoise,
                });
                device.Vector.Adam(new() { Trained = new(arrays.Policy, arrays.Gradient, first, second), Settings = new(1e-3f), Step = 1 });
                device.Vector.PolyakAverage(new() { Target = arrays.Policy, Source = arrays.Behavior, Rate = 0.1f });
                device.Vector.Clip(new() { Source = arrays.Policy, Count = arrays.Policy.Length, Bound = 1, Destination = arrays.Behavior });
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
