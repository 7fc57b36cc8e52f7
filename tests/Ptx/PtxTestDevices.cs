extern alias ilgpu;
using EDA.Bench.Ptx;
using EDA.Kernels;
using EDA.Tests.Ptx;
using GpuDevice = ilgpu::EDA.Kernels.Gpu.GpuDevice;
using GpuPrecision = ilgpu::EDA.Kernels.Gpu.GpuPrecision;

namespace EDA.Tests.Kernels;

/// <summary>The interpreted PTX of the GPU's kernels. It is too slow for every test of every device; those that run on it name it.</summary>
public static partial class TestDevices
{
    private static readonly Dictionary<string, Func<IDevice>> Interpreted = new()
    {
        ["ptx"] = () => new GpuDevice(new CheckedPtxBackend()),
        ["ptx tf32"] = () => new GpuDevice(new CheckedPtxBackend(), GpuPrecision.Tf32),
        ["ptx fp16"] = () => new GpuDevice(new CheckedPtxBackend(), GpuPrecision.Fp16),
        ["ptx bf16"] = () => new GpuDevice(new CheckedPtxBackend(), GpuPrecision.Bf16),
    };
}
