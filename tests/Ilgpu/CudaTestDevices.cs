extern alias ilgpu;

using EDA.Kernels;
using CudaBackend = ilgpu::EDA.Kernels.Gpu.CudaBackend;
using CudaMachine = ilgpu::EDA.Kernels.Gpu.CudaMachine;
using GpuDevice = ilgpu::EDA.Kernels.Gpu.GpuDevice;

namespace EDA.Tests.Kernels;

/// <summary>The machine's first GPU, where there is one, is held to everything that the other devices are.</summary>
public static partial class TestDevices
{
    private static KeyValuePair<string, Func<IDevice>>[] Cuda() => CudaMachine.Gpus.Count > 0 ? [new("cuda", () => new GpuDevice(CudaBackend.Open(0)))] : [];
}
