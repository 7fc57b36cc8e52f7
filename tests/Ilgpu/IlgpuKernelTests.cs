extern alias ilgpu;

using EDA.Kernels;
using EDA.Tests.Kernels;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime.CPU;
using GpuDevice = ilgpu::EDA.Kernels.Gpu.GpuDevice;
using GpuPrecision = ilgpu::EDA.Kernels.Gpu.GpuPrecision;
using IlgpuBackend = ilgpu::EDA.Kernels.Gpu.IlgpuBackend;

namespace EDA.Tests.Ilgpu;

/// <summary>
/// What lies between a launch and a kernel on ILGPU's accelerators, on its own CPU one: loading, arguments, copies, marks. What the
/// kernels do is tested on their PTX (tests/Ptx).
/// </summary>
[Trait("speed", "slow")]
public sealed class IlgpuKernelTests
{
    [Fact]
    public void Arguments_come_through_ILGPUs_launcher()
    {
        using var software = TestDevices.Create("software");
        using var device = Device();
        Assert.Equal(Numbers(software), Numbers(device));

        static float[] Numbers(IDevice device)
        {
            using var values = device.Upload(new float[300]);
            using var part = values.Slice(100, 150);
            device.Vector.FillNormal(new() { Values = part, Count = 150, Draw = new(7, RandomStage.Behavior, 5), Purpose = RandomPurpose.Noise });
            device.Synchronize();
            return [.. values.ToArray().Select(value => MathF.Round(value, 5))];
        }
    }

    [Fact]
    public void Launches_are_timed_by_ILGPUs_own_markers()
    {
        using var device = Device();
        using var values = device.Allocate<float>(100);
        using var profile = device.StartProfile();
        profile.Begin("fill");
        device.Vector.FillNormal(new() { Values = values, Count = 100, Draw = new(1, RandomStage.Behavior, 0), Purpose = RandomPurpose.Noise });
        profile.End();
        Assert.Equal(["set_draw", "fill_normal"], profile.Launches.Select(launch => launch.Kernel));
        Assert.All(profile.Launches, launch => Assert.True(launch.Seconds > 0));
        Assert.Empty(device.Resources);
    }

    [Fact]
    public void Tensor_cores_are_refused_where_there_are_none()
    {
        var error = Assert.Throws<NotSupportedException>(() => Device(GpuPrecision.Tf32));
        Assert.Contains("precision tf32 needs tensor cores", error.Message, StringComparison.Ordinal);
    }

    private static GpuDevice Device(GpuPrecision precision = GpuPrecision.Fp32)
    {
        var context = Context.Create(builder => builder.EnableAlgorithms().Profiling());
        return new GpuDevice(new IlgpuBackend(new CPUDevice(32, 8, 1).CreateAccelerator(context), null, true), precision);
    }
}
