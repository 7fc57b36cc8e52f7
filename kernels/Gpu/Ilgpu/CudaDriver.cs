using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU.Runtime.Cuda;

namespace EDA.Kernels.Gpu;

/// <summary>
/// The calls of the CUDA driver that ILGPU does not offer: reasons, and graphs. Those of devices are here a second time, because
/// ILGPU keeps to itself why one fails. Names and signatures are those of
/// cuda.h; every result is a CUresult, 0 for success.
/// </summary>
internal static unsafe partial class CudaDriver
{
    /// <summary>Only what this thread does can spoil the capture, not for instance a finaliser that frees memory.</summary>
    public const int CaptureThreadLocal = 1;

    private const string Library = "cuda";

    /// <summary>What cuStreamQuery gives where launches are under way.</summary>
    public const int NotReady = 600;

    // Since CUDA 11.4; all else that is called here is older.
    private const string NewestCall = "cuGraphInstantiateWithFlags";

    /// <summary>
    /// Has this assembly and ILGPU's find the driver under the name that it is installed by: ILGPU asks for "cuda" and
    /// "OpenCL", and the names without a version exist only where development files are installed.
    /// </summary>
    static CudaDriver()
    {
        foreach (var assembly in new[] { typeof(CudaDriver).Assembly, typeof(Context).Assembly })
        {
            try
            {
                NativeLibrary.SetDllImportResolver(assembly, Resolve);
            }
            catch (InvalidOperationException)
            {
                // Someone has set one, and only one can be: theirs finds the driver, or ILGPU's own search does.
            }
        }
    }

    /// <summary>Whether the driver can record graphs in all the ways that are used.</summary>
    public static bool CanRecord => Handle(CudaLibrary.OfMachine) is var library and not 0 && NativeLibrary.TryGetExport(library, NewestCall, out _);

    /// <summary>Starts the driver and counts its GPUs.</summary>
    /// <param name="gpus">How many there are.</param>
    /// <returns>Why it cannot be used, in a few words; null where it can.</returns>
    public static string? Start(out int gpus)
    {
        gpus = 0;
        try
        {
            int result = cuInit(0);
            if (result == 0)
                result = cuDeviceGetCount(out gpus);
            return result == 0 ? null : $"the NVIDIA driver says: {Describe(result)}";
        }
        catch (DllNotFoundException)
        {
            return "there is no NVIDIA driver";
        }
    }

    /// <summary>The driver's words for an error.</summary>
    /// <param name="result">A CUresult.</param>
    /// <returns>The words.</returns>
    public static string Describe(int result) =>
        cuGetErrorString(result, out nint text) == 0 && Marshal.PtrToStringAnsi(text) is { } words ? words : $"error {result}";

    [LibraryImport(Library)]
    public static partial int cuDeviceGet(out int device, int ordinal);

    [LibraryImport(Library)]
    public static partial int cuDeviceGetName(byte* name, int length, int device);

    [LibraryImport(Library)]
    public static partial int cuDeviceTotalMem_v2(out nuint bytes, int device);

    [LibraryImport(Library)]
    public static partial int cuDeviceGetAttribute(out int value, DeviceAttributeKind attribute, int device);

    [LibraryImport(Library)]
    public static partial int cuStreamQuery(nint stream);

    [LibraryImport(Library)]
    public static partial int cuStreamBeginCapture_v2(nint stream, int mode);

    [LibraryImport(Library)]
    public static partial int cuStreamEndCapture(nint stream, out nint graph);

    [LibraryImport(Library)]
    public static partial int cuGraphInstantiateWithFlags(out nint executable, nint graph, ulong flags);

    [LibraryImport(Library)]
    public static partial int cuGraphDestroy(nint graph);

    [LibraryImport(Library)]
    public static partial int cuGraphExecDestroy(nint executable);

    [LibraryImport(Library)]
    public static partial int cuGraphLaunch(nint executable, nint stream);

    [LibraryImport(Library)]
    public static partial int cuFuncGetAttribute(out int value, int attribute, nint function);

    [LibraryImport(Library)]
    private static partial int cuInit(uint flags);

    [LibraryImport(Library)]
    private static partial int cuDeviceGetCount(out int count);

    [LibraryImport(Library)]
    private static partial int cuGetErrorString(int error, out nint text);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) => name switch
    {
        "cuda" or "nvcuda" => Handle(CudaLibrary.OfMachine),
        "OpenCL" when OperatingSystem.IsLinux() => NativeLibrary.TryLoad("libOpenCL.so.1", out nint handle) ? handle : 0,
        _ => 0,
    };

    private static nint Handle(MachineLibrary<LoadedLibrary> library) => library.IsFound ? library.Calls.Handle : 0;
}
