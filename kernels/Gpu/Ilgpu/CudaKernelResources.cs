using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace EDA.Kernels.Gpu;

/// <summary>What the driver says that a loaded kernel takes.</summary>
internal static class CudaKernelResources
{
    // CUfunction_attribute of cuda.h.
    private const int SharedSizeBytes = 1;
    private const int LocalSizeBytes = 3;
    private const int NumRegs = 4;

    /// <summary>Asks the driver; null where the kernel is not one of CUDA's, or the driver does not answer.</summary>
    /// <param name="name">The kernel's name.</param>
    /// <param name="launcher">What ILGPU loaded it as.</param>
    public static KernelResources? Of(string name, Delegate launcher)
    {
        if (!launcher.TryGetKernel(out var kernel) || kernel is not CudaKernel cuda)
            return null;
        using var binding = cuda.Accelerator.BindScoped();
        return CudaDriver.cuFuncGetAttribute(out int registers, NumRegs, cuda.FunctionPtr) == 0
            && CudaDriver.cuFuncGetAttribute(out int local, LocalSizeBytes, cuda.FunctionPtr) == 0
            && CudaDriver.cuFuncGetAttribute(out int shared, SharedSizeBytes, cuda.FunctionPtr) == 0
            ? new KernelResources(name, registers, local, shared)
            : null;
    }
}
