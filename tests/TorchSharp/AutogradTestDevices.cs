using EDA.Bench.Torch;
using EDA.Engine.Optimizers;

namespace EDA.Tests.Kernels;

/// <summary>The autograd reference, where libtorch loads, is held to everything that the engine's devices are, but for allocations.</summary>
public static partial class TestDevices
{
    private static KeyValuePair<string, Func<EDA.Kernels.IDevice>>[] Autograd() => TorchLibrary.OfMachine.IsFound ? [new(AutogradDevice.ProgramName, () => new AutogradDevice())] : [];
}
