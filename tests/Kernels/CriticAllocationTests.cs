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
        ["implicit step"] = (run, _) => run.Operations.ImplicitStep(run.Drawn(1), new ImplicitBackup(0.99f, 0.7f), run.Value, run.Twin, run.Target, Update, run.Losses),
        ["sampled step"] = (run, scratch) => run.Operations.SampledStep(run.Drawn(1), new SampledBackup(0.99f, 1, scratch, 3), run.Twin, run.Target, Update, run.Losses),
        ["policy step"] = (run, _) => run.Operations.PolicyStep(run.Drawn(1), new AdvantageWeighting(3, 100), run.Value.Parameters, run.Target, run.Policy, Update.Adam, 1, run.Losses),
        ["min Q"] = (run, scratch) => run.Operations.MinimumQ(run.Target, run.Data.States, scratch, 90, 2, scratch),
        ["value"] = (run, scratch) => run.Operations.Value(run.Value.Parameters, run.Data.States, 90, scratch),
        ["action gradient"] = (run, scratch) => run.Operations.ActionGradient(new ActionGradientCall
        {
            Twin = run.Target,
            States = run.Data.States,
            Actions = run.Data.Actions,
            Rows = 90,
            Gradient = scratch,
        }),
        ["act"] = (run, scratch) => run.Operations.Act(run.Policy.Parameters, run.Data.States, 90, scratch),
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
