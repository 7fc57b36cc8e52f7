using System.Reflection;
using EDA.Tests.Golden;
using EDA.Tests.Kernels;

namespace EDA.Tests.Ptx;

/// <summary>What else every device is held to: random numbers, vectors, objectives, edges of batches, several models, what is refused.</summary>
[Trait("Device", "ptx")]
public class PtxDeviceTests
{
    private static readonly Type[] Quick =
    [
        typeof(VectorOperationsTests), typeof(ObjectiveTests), typeof(DrawnRandomnessTests), typeof(BatchBoundaryTests), typeof(DeviceArrayTests), typeof(CriticTwinTests),
        typeof(CriticBatchTests), typeof(MlpActivationTests), typeof(MlpBatchTests), typeof(ActionGradientTests), typeof(AdamGoldenTests), typeof(SeveralModelsTests), typeof(DeviceGoldenTests),
    ];

    private static readonly Dictionary<string, MethodInfo> Methods = Quick
        .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        .Where(method => method.GetParameters() is [{ Name: "deviceName" }])
        .ToDictionary(method => $"{method.DeclaringType!.Name}.{method.Name}");

    public static TheoryData<string> Names => [.. Methods.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void It_is_a_device_like_all_others(string test)
    {
        var method = Methods[test];
        method.Invoke(Activator.CreateInstance(method.DeclaringType!), BindingFlags.DoNotWrapExceptions, null, ["ptx"], null);
    }
}
