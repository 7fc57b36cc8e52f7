using EDA.Kernels;
using EDA.Tests.Golden;

namespace EDA.Tests.Kernels;

/// <summary>An operation of a multi-layer perceptron that has seen its batch allocates nothing.</summary>
[Collection(nameof(AllocationTests))]
public class MlpAllocationTests
{
    private static readonly MlpInputs[] Models =
    [
        new(new MlpProblem("allocation", 395, 5, [33, 17], 3, MlpActivation.Mish, MlpOutput.Tanh, 131)),
        new(new MlpProblem("allocation", 396, 5, [33, 17], 3, MlpActivation.Mish, MlpOutput.Tanh, 131)),
    ];

    public static TheoryData<string, string> Operations => TestDevices.OwnWith(Steps.Keys);

    private static Dictionary<string, Func<MlpRun, Action>> Steps { get; } = new()
    {
        ["forward"] = run =>
        {
            var call = run.ForwardCall;
            return () => run.Operations.Forward(call);
        },
        ["gradient"] = run => Gradient(run, run.GradientCall),
        ["parameters' gradient"] = run => Gradient(run, run.GradientCall with { InputsGradient = null }),
        ["inputs' gradient"] = run => Gradient(run, run.GradientCall with { ParametersGradient = null }),
    };

    [Theory]
    [MemberData(nameof(Operations))]
    public void A_repeated_operation_allocates_nothing(string deviceName, string operation)
    {
        using var device = TestDevices.Create(deviceName);
        using var run = new MlpRun(device, Models);
        AllocationTests.AssertQuiet(device, Steps[operation](run), operation);
    }

    private static Action Gradient(MlpRun run, MlpGradientCall call) => () => run.Operations.Gradient(call);
}
