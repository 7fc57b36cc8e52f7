using EDA.Bench.Torch;
using EDA.Engine.Optimizers;

namespace EDA.Tests.Kernels;

/// <summary>The autograd reference, where TorchSharp's native library loads, is held to everything that the engine's devices are, but for allocations.</summary>
public static partial class TestDevices
{
    static partial void FindAutograd(List<KeyValuePair<string, Func<EDA.Kernels.IDevice>>> found)
    {
        if (TorchMemory.Refusal is null)
            found.Add(KeyValuePair.Create<string, Func<EDA.Kernels.IDevice>>(AutogradDevice.ProgramName, () => new AutogradDevice()));
    }
}
