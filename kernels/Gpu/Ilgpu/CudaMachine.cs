using System.Reflection;
using System.Text;
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

/// <summary>A GPU of this machine of which the driver does not tell what has to be known.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Name">Its name; null where that is not known either.</param>
/// <param name="Problem">What the driver does not tell, and its words.</param>
public sealed record UnreadableGpu(int Number, string? Name, string Problem);

/// <summary>The GPUs of this machine.</summary>
public static class CudaMachine
{
    private static readonly Dictionary<int, CudaAccelerator> Opened = [];

    // CudaDevice.GetDevices gives the whole list up at the first GPU that it cannot read, and says nothing.
    private static readonly ConstructorInfo Reader = typeof(CudaDevice).GetConstructor(BindingFlags.Instance | BindingFlags.NonPublic, [typeof(int)])
        ?? throw new MissingMethodException(nameof(CudaDevice), ".ctor(int)");

    // What that constructor asks for, beside name, memory and versions.
    private static readonly DeviceAttributeKind[] Needed =
    [
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_CLOCK_RATE,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_WARP_SIZE,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_TCC_DRIVER,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_MAX_PITCH,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_ECC_ENABLED,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_COMPUTE_PREEMPTION_SUPPORTED,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_PCI_DOMAIN_ID,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_PCI_BUS_ID,
        DeviceAttributeKind.CU_DEVICE_ATTRIBUTE_PCI_DEVICE_ID,
    ];

    /// <summary>Why the driver cannot be used, in a few words; null where it can.</summary>
    public static string? Problem => CudaDriver.Start(out _);

    /// <summary>The GPUs that can be read, by number; none where there is no driver.</summary>
    public static IReadOnlyList<CudaGpu> Gpus => [.. Devices().Readable.Select(Describe)];

    /// <summary>The others.</summary>
    public static IReadOnlyList<UnreadableGpu> Unreadable => Devices().Others;

    /// <summary>What ILGPU knows of the GPUs, those that it cannot compile for included, and of which it knows nothing.</summary>
    internal static (IReadOnlyList<CudaDevice> Readable, IReadOnlyList<UnreadableGpu> Others) Devices()
    {
        var readable = new List<CudaDevice>();
        var others = new List<UnreadableGpu>();
        _ = CudaDriver.Start(out int gpus);
        for (int number = 0; number < gpus; number++)
        {
            int result = CudaDriver.cuDeviceGet(out int handle, number);
            if (result != 0)
            {
                others.Add(new UnreadableGpu(number, null, $"the NVIDIA driver says: {CudaDriver.Describe(result)}"));
                continue;
            }

            try
            {
                readable.Add((CudaDevice)Reader.Invoke([handle]));
            }
            catch (TargetInvocationException failure)
            {
                others.Add(Unread(handle, failure.InnerException!));
            }
        }

        return (readable, others);
    }

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

    private static unsafe UnreadableGpu Unread(int handle, Exception failure)
    {
        var answers = new List<(string What, int Result)>();
        Span<byte> name = stackalloc byte[256];
        fixed (byte* start = name)
            answers.Add(("name", CudaDriver.cuDeviceGetName(start, name.Length, handle)));
        answers.Add(("memory", CudaDriver.cuDeviceTotalMem_v2(out _, handle)));
        answers.AddRange(Needed.Select(attribute => (attribute.ToString().Replace("CU_DEVICE_ATTRIBUTE_", string.Empty, StringComparison.Ordinal), CudaDriver.cuDeviceGetAttribute(out _, attribute, handle))));
        string? known = answers[0].Result == 0 ? Encoding.ASCII.GetString(name[..name.IndexOf((byte)0)]) : null;
        var missing = answers.Where(answer => answer.Result != 0).ToList();
        return new UnreadableGpu(handle, known, missing.Count == 0
            ? failure.Message.ReplaceLineEndings(" ")
            : $"the NVIDIA driver does not tell its {string.Join(", ", missing.Select(answer => answer.What))}: {CudaDriver.Describe(missing[0].Result)}");
    }

    private static Version Version(int? major, int? minor) => new(major ?? 0, minor ?? 0);
}
