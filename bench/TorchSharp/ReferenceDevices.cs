using EDA.Bench.Torch;
using EDA.Kernels;

namespace EDA.Bench.Devices;

/// <summary>TorchSharp, as a device.</summary>
internal static partial class ReferenceDevices
{
    static partial void AddTorchSharp(Dictionary<string, Func<IDevice>> found) => found.Add(AutogradDevice.ProgramName, () => new AutogradDevice());
}
