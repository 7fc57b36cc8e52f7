using EDA.Kernels;
using EDA.Tests.Golden;

namespace EDA.Tests.Kernels;

/// <summary>A critic step that has seen its batch allocates nothing.</summary>
[Collection(nameof(AllocationTests))]
public class CriticAllocationTests
{
    private static readonly CriticInputs Inputs = new(new CriticProblem("allocation", 90, 5, 3, 32, 90, 131, 3));

    public static TheoryData<string, string> Operations => TestDevices.OwnWith(Steps.Keys);

    private static Dictionary<string, Action<CriticRun, DeviceArray<float>>> Steps { get; } = new()
    {
        ["implicit step"] = (run, _) => run.Operations.ImplicitStep(new()
        {
            Batch = run.Drawn(1),
            Backup = new(0.99f, 0.7f),
            Value = run.Value,
            Twin = run.Twin,
            Target = run.Target,
            Update = Update,
            Losses = run.Losses,
        }),
        ["sampled step"] = (run, scratch) => run.Operations.SampledStep(new()
        {
            Batch = run.Drawn(1),
            Backup = new(0.99f, 1, scratch, 3),
            Twin = run.Twin,
            Target = run.Target,
            Update = Update,
            Losses = run.Losses,
        }),
        ["policy step"] = (run, _) => run.Operations.PolicyStep(new()
        {
            Batch = run.Drawn(1),
            Weighting = new(3, 100),
            Value = run.Value.Parameters,
            Target = run.Target,
            Policy = run.Policy,
            Adam = Update.Adam,
            Step = 1,
            Losses = run.Losses,
        }),
        ["min Q"] = (run, scratch) => run.Operations.MinimumQ(new()
        {
            Twin = run.Target,
            States = run.Data.States,
            Actions = scratch,
            StateCount = 90,
            CandidateCount = 2,
            Q = scratch,
        }),
        ["value"] = (run, scratch) => run.Operations.Value(new()
        {
            Parameters = run.Value.Parameters,
            States = run.Data.States,
            Rows = 90,
            Output = scratch,
        }),
        ["action gradient"] = (run, scratch) => run.Operations.ActionGradient(new()
        {
            Twin = run.Target,
            States = run.Data.States,
            Actions = run.Data.Actions,
            Rows = 90,
            Gradient = scratch,
        }),
        ["act"] = (run, scratch) => run.Operations.Act(new()
        {
            Parameters = run.Policy.Parameters,
            States = run.Data.States,
            Rows = 90,
            Output = scratch,
        }),
    };

    private static CriticUpdate Update => new(new AdamSettings(3e-4), 1, 0.005f);

    [Theory]
    [MemberData(nameof(Operations))]
    public void A_repeated_operation_allocates_nothing(string deviceName, string operation)
    {
        using var device = TestDevices.Create(deviceName);
        using var run = new CriticRun(device, Inputs);
        var scratch = run.Upload(Inputs.NextActions(0));
        var step = Steps[operation];
        AllocationTests.AssertQuiet(device, () => step(run, scratch), operation);
    }
}
