using EDA.Host.CommandLine;
using EDA.Kernels;
using EDA.Kernels.Gpu;

namespace EDA.Host.Devices;

/// <summary>NVIDIA GPUs. Only what asks for one loads ILGPU.</summary>
internal static class CudaDevices
{
    /// <summary>Why the driver cannot be used; null where it can.</summary>
    public static string? Problem => CudaMachine.Problem;

    /// <summary>The GPUs of this machine, each in a line, by the name that --device takes.</summary>
    public static IReadOnlyList<(string Name, string Description)> All =>
    [
        .. CudaMachine.Gpus.Select(gpu => ($"cuda:{gpu.Number}", string.Create(
            CultureInfo.InvariantCulture,
            $"{gpu.Name}, compute capability {gpu.ComputeCapability}, {GpuMemory.Text(gpu.MemoryBytes)}, driver for CUDA {gpu.DriverVersion}"))),
    ];

    /// <summary>Those that cannot be used because the driver does not tell what has to be known of them, by name, each in a line.</summary>
    public static IReadOnlyList<(string Name, string Description)> Unusable => [.. CudaMachine.Unreadable.Select(gpu => ($"cuda:{gpu.Number}", $"{(gpu.Name is null ? string.Empty : $"{gpu.Name}, ")}cannot be used: {gpu.Problem}"))];

    /// <summary>Opens one.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="precision">The precision of matrix products.</param>
    /// <param name="hasGraphs">Whether operations are recorded as CUDA graphs.</param>
    /// <exception cref="DeviceException">It is not there, or is too old.</exception>
    public static IDevice Open(int number, string precision, bool hasGraphs)
    {
        var chosen = Enum.Parse<GpuPrecision>(precision, ignoreCase: true);
        return new GpuDevice(CudaBackend.Open(number, chosen, hasGraphs, notice => Console.Error.WriteLine($"eda: {notice}")), chosen);
    }

    /// <summary>Refuses what does not fit into the memory that is free.</summary>
    /// <param name="device">One that <see cref="Open"/> gave.</param>
    /// <param name="needed">The bytes that are needed.</param>
    /// <exception cref="UserError">It does not fit.</exception>
    public static void RequireMemory(IDevice device, long needed)
    {
        long free = ((CudaBackend)((GpuDevice)device).Backend).FreeMemory;
        if (needed > free)
            throw new UserError($"{device.Name} has {GpuMemory.Text(free)} of memory free, and this takes about {GpuMemory.Text(needed)}; a smaller width, behavior.batch, alignment.states, points or memory.resident takes less");
    }
}
