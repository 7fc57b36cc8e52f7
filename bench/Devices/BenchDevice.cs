using EDA.Host.CommandLine;
using EDA.Host.Devices;
using EDA.Kernels;
using EDA.Kernels.Gpu;
using EDA.Kernels.Gpu.Software;

namespace EDA.Bench.Devices;

/// <summary>The devices that a measurement can be asked for by name.</summary>
internal static class BenchDevice
{
    /// <summary>The stand-in that runs the GPU's kernels on the CPU.</summary>
    public const string Software = "software";

    /// <summary>Opens a device.</summary>
    /// <param name="name">cpu, software or cuda.</param>
    /// <param name="precision">The precision of matrix products; null for the device's own.</param>
    /// <returns>The device, owned by the caller.</returns>
    /// <exception cref="UserError">There is no such device, or it does not have the precision.</exception>
    public static IDevice Open(string name, string? precision)
    {
        if (name != Software)
            return DeviceChoice.Open(name);
        var precisions = Enum.GetNames<GpuPrecision>().Select(word => word.ToLowerInvariant()).ToList();
        if (precision is not null && !precisions.Contains(precision))
            throw UserError.Choice("--precision", precision, precisions);
        return new GpuDevice(new SoftwareBackend(), precision is null ? GpuPrecision.Fp32 : Enum.Parse<GpuPrecision>(precision, true));
    }
}
