using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace EDA.Kernels.Gpu;

/// <summary>A GPU of this machine.</summary>
/// <param name="Number">Its number, from 0, as the driver counts (CUDA_VISIBLE_DEVICES chooses and reorders).</param>
/// <param name="Name">Its name.</param>
/// <param name="ComputeCapability">Its compute capability.</param>
/// <param name="MemoryBytes">Its memory.</param>
/// <param name="DriverVersion">The newest CUDA that the driver knows.</param>
public sealed record CudaGpu(int Number, string Name, Version ComputeCapability, long MemoryBytes, Version DriverVersion);

/// <summary>The GPUs of this machine.</summary>
public static class CudaMachine
{
    private static readonly Dictionary<int, CudaAccelerator> Opened = [];

    /// <summary>Why the driver cannot be used, in a few words; null where it can.</summary>
    public static string? Problem => CudaDriver.Start();

    /// <summary>The GPUs, by number; none where there is no driver.</summary>
    public static IReadOnlyList<CudaGpu> Gpus => [.. Devices().Select(Describe)];

    /// <summary>What ILGPU knows of them, those that it cannot compile for included.</summary>
    internal static IReadOnlyList<CudaDevice> Devices() =>
        CudaDriver.Start() is null ? [.. CudaDevice.GetDevices(_ => true).OfType<CudaDevice>().OrderBy(device => device.DeviceId)] : [];

    internal static CudaGpu Describe(CudaDevice device) => new(
        device.DeviceId,
        device.Name,
        Version(device.Architecture?.Major, device.Architecture?.Minor),
        device.MemorySize,
        Version(device.DriverVersion.Major, device.DriverVersion.Minor));

    /// <summary>
    /// A GPU's context with all kernels compiled for it, made once and kept until the process ends: opening a GPU again
    /// costs nothing.
    /// </summary>
    /// <exception cref="CudaException">The driver refuses.</exception>
    internal static CudaAccelerator Accelerator(CudaDevice device)
    {
        lock (Opened)
        {
            if (Opened.TryGetValue(device.DeviceId, out var accelerator))
                return accelerator;

            // Below O2, loads from global memory would be generic ones. Profiling allows time marks; it costs nothing else.
            var context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2).EnableAlgorithms().Profiling());
            try
            {
                accelerator = device.CreateCudaAccelerator(context);
            }
            catch (CudaException)
            {
                context.Dispose();
                throw;
            }

            Opened.Add(device.DeviceId, accelerator);
            return accelerator;
        }
    }

    private static Version Version(int? major, int? minor) => new(major ?? 0, minor ?? 0);
}
