using EDA.Kernels;
using EDA.Tests.Engine;

namespace EDA.Tests.Crash;

/// <summary>Saving that is broken on purpose: Adam that forgets, of what it saves, the second moments.</summary>
internal sealed class ForgetfulAdam(IDevice device, DeviceArray<float> parameters) : ChangedAdam("forgetful", device, parameters)
{
    public override IReadOnlyDictionary<string, float[]> ExportState() =>
        base.ExportState().ToDictionary(array => array.Key, array => array.Key == "second_moment" ? new float[array.Value.Length] : array.Value);
}
