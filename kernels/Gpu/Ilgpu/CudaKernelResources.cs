using System.Runtime.InteropServices;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace EDA.Kernels.Gpu;

/// <summary>What the driver says that a loaded kernel takes: cuFuncGetAttribute, which ILGPU does not wrap.</summary>
internal static class CudaKernelResources
{
    // CUfunction_attribute of cuda.h.
    private const int SharedSizeBytes = 1;
    private const int LocalSizeBytes = 3;
    private const int NumRegs = 4;

    private static readonly Lazy<GetAttribute?> _getAttribute = new(Find);

    [UnmanagedFunctionPointer(CallingConvention.Winapi)]
    private delegate int GetAttribute(out int value, int attribute, nint function);

    /// <summary>Asks the driver; null where the kernel is not one of CUDA's, or the driver does not answer.</summary>
    /// <param name="name">The kernel's name.</param>
    /// <param name="launcher">What ILGPU loaded it as.</param>
    public static KernelResources? Of(string name, Delegate launcher)
    {
        if (!launcher.TryGetKernel(out var kernel) || kernel is not CudaKernel cuda || _getAttribute.Value is not { } get)
            return null;
        using var binding = cuda.Accelerator.BindScoped();
        return get(out int registers, NumRegs, cuda.FunctionPtr) == 0
            && get(out int local, LocalSizeBytes, cuda.FunctionPtr) == 0
            && get(out int shared, SharedSizeBytes, cuda.FunctionPtr) == 0
            ? new KernelResources(name, registers, local, shared)
            : null;
    }

    private static GetAttribute? Find()
    {
        string library = OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";
        return NativeLibrary.TryLoad(library, out nint driver) && NativeLibrary.TryGetExport(driver, "cuFuncGetAttribute", out nint function)
            ? Marshal.GetDelegateForFunctionPointer<GetAttribute>(function)
            : null;
    }
}
