using System.Globalization;
using System.Runtime.InteropServices;

namespace EDA.Kernels.Gpu;

/// <summary>The library of NVIDIA's driver. Asking for it loads no ILGPU.</summary>
public static unsafe class CudaLibrary
{
    /// <summary>This machine's.</summary>
    public static MachineLibrary<LoadedLibrary> OfMachine { get; } = new(
        "CUDA",
        "--device cuda, an NVIDIA GPU",
        "install NVIDIA's driver on a machine with such a GPU",
        () => OperatingSystem.IsWindows() ? ["nvcuda.dll"] : ["libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1", "libcuda.so"],
        library => library)
    {
        ReadVersion = Version,
    };

    // The newest CUDA that the driver knows: 12040 is 12.4.
    private static string? Version(LoadedLibrary library)
    {
        int version;
        return NativeLibrary.TryGetExport(library.Handle, "cuDriverGetVersion", out nint read) && ((delegate* unmanaged<int*, int>)read)(&version) == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{version / 1000}.{version / 10 % 100}")
            : null;
    }
}
