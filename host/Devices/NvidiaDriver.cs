using System.Runtime.InteropServices;

namespace EDA.Host.Devices;

/// <summary>Whether the machine has an NVIDIA driver.</summary>
internal static class NvidiaDriver
{
    /// <summary>Whether the driver's library loads.</summary>
    public static bool IsPresent
    {
        get
        {
            string library = OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";
            if (!NativeLibrary.TryLoad(library, out nint handle))
                return false;
            NativeLibrary.Free(handle);
            return true;
        }
    }
}
