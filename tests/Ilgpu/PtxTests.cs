extern alias ilgpu;

using System.Reflection;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using GpuKernelAttribute = ilgpu::EDA.Kernels.Gpu.GpuKernelAttribute;

namespace EDA.Tests.Ilgpu;

/// <summary>Every kernel as PTX for sm_80, which takes no GPU.</summary>
public class PtxTests
{
    public static TheoryData<string> Kernels => [.. Methods().Select(method => method.DeclaringType!.Name)];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Every_kernel_compiles_without_local_memory(string name)
    {
        string ptx = Compile(Methods().Single(method => method.DeclaringType!.Name == name));
        Assert.Contains(".entry", ptx, StringComparison.Ordinal);
        Assert.DoesNotContain(".local", ptx, StringComparison.Ordinal);
    }

    [Fact]
    public void The_product_loads_shared_memory_128_bits_at_a_time()
    {
        string ptx = Compile(Methods().Single(method => method.DeclaringType!.Name == "ExpandForward"));
        Assert.Equal(3, ptx.Split("ld.shared.v4.f32").Length - 1);
        Assert.Equal(2, ptx.Split(".shared .align 16").Length - 1);
    }

    private static IEnumerable<MethodInfo> Methods() => typeof(GpuKernelAttribute).Assembly.GetTypes()
        .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Static))
        .Where(method => method.IsDefined(typeof(GpuKernelAttribute)));

    private static string Compile(MethodInfo kernel)
    {
        using var context = Context.Create(builder => builder.EnableAlgorithms().Optimize(OptimizationLevel.O2));
        using var backend = new PTXBackend(context, new CudaCapabilityContext(CudaArchitecture.SM_80), CudaArchitecture.SM_80, CudaInstructionSet.ISA_80, null);
        var compiled = (PTXCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel), default);
        return compiled.PTXAssembly;
    }
}
