extern alias ilgpu;

using EDA.Kernels;
using CudaBackend = ilgpu::EDA.Kernels.Gpu.CudaBackend;
using CudaMachine = ilgpu::EDA.Kernels.Gpu.CudaMachine;
using GpuDevice = ilgpu::EDA.Kernels.Gpu.GpuDevice;

namespace EDA.Tests.Ilgpu;

/// <summary>What can be told of GPUs with and without one; the operations on one are tested with those of all devices.</summary>
public class CudaBackendTests
{
    [Fact]
    public void A_number_without_a_gpu_is_refused_in_one_line()
    {
        int beyond = CudaMachine.Gpus.Count;
        var refused = Assert.Throws<DeviceException>(() => CudaBackend.Open(beyond));
        Assert.StartsWith($"cuda:{beyond} ", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [OptionalFact(OptionalNeeds.NvidiaGpu)]
    public void Every_gpu_opens_and_holds_an_array()
    {
        Assert.All(CudaMachine.Gpus, gpu =>
        {
            using var device = new GpuDevice(CudaBackend.Open(gpu.Number));
            Assert.StartsWith($"cuda:{gpu.Number} ({gpu.Name}", device.Name, StringComparison.Ordinal);
            using var array = device.Upload<float>([1, 2, 3]);
            Assert.Equal([1, 2, 3], array.ToArray());
            Assert.Contains("free", Assert.Throws<DeviceException>(() => device.Allocate<float>(gpu.MemoryBytes)).Message, StringComparison.Ordinal);
        });
    }
}
