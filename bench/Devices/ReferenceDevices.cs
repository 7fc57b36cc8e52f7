using EDA.Kernels;

namespace EDA.Bench.Devices;

/// <summary>The references of this build: what --device takes beside the host's devices. Those whose files are not compiled are not there.</summary>
internal static partial class ReferenceDevices
{
    /// <summary>How to open each, by its name.</summary>
    public static IReadOnlyDictionary<string, Func<IDevice>> All { get; } = Find();

    private static Dictionary<string, Func<IDevice>> Find()
    {
        var found = new Dictionary<string, Func<IDevice>>(StringComparer.Ordinal);
        AddTorchSharp(found);
        return found;
    }

    // bench/TorchSharp has it, in a build with TorchSharp.
    static partial void AddTorchSharp(Dictionary<string, Func<IDevice>> found);
}
