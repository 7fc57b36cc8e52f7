extern alias ilgpu;

using System.Reflection;
using EDA.Tests.Gpu;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using KernelCatalogue = ilgpu::EDA.Kernels.Gpu.KernelCatalogue;
using NamedEntryPoint = ilgpu::EDA.Kernels.Gpu.NamedEntryPoint;

namespace EDA.Tests.Ilgpu;

/// <summary>Every kernel as PTX for sm_80, which takes no GPU.</summary>
public class PtxTests
{
    public static TheoryData<string> Kernels => [.. KernelCatalogue.All.Select(kernel => kernel.Name)];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Every_kernel_compiles_under_its_name_without_local_memory(string name)
    {
        string ptx = Compile(NamedEntryPoint.Of(name, KernelCatalogue.All.Single(kernel => kernel.Name == name).Method));
        Assert.Contains($".entry Kernel_{name}(", ptx, StringComparison.Ordinal);
        Assert.DoesNotContain(".local", ptx, StringComparison.Ordinal);

        // The kernel is written out in the entry point that bears its name.
        Assert.DoesNotContain(".func", ptx, StringComparison.Ordinal);
    }

    /// <summary>sm_80 and sm_90: A100 and H100, H200.</summary>
    [OptionalTheory(OptionalNeeds.Ptxas)]
    [MemberData(nameof(Kernels))]
    public void Every_kernel_assembles_without_spilling_registers(string name)
    {
        string ptx = Compile(KernelCatalogue.All.Single(kernel => kernel.Name == name).Method, CudaInstructionSet.ISA_78);
        foreach (string architecture in new[] { "sm_80", "sm_90" })
        {
            var (registers, spilled) = PtxAssembler.Assemble(ptx, architecture);
            Assert.InRange(registers, 1, 255);
            Assert.Equal(0, spilled);
        }
    }

    [Fact]
    public void The_product_loads_shared_memory_128_bits_at_a_time()
    {
        string ptx = Compile(KernelCatalogue.All.Single(kernel => kernel.Name == "product_fp32_activation").Method);
        Assert.Equal(3, ptx.Split("ld.shared.v4.f32").Length - 1);
        Assert.Equal(3, ptx.Split(".shared .align 16").Length - 1);
    }

    private static string Compile(MethodInfo kernel) => Compile(kernel, CudaInstructionSet.ISA_80);

    private static string Compile(MethodInfo kernel, CudaInstructionSet instructions)
    {
        using var context = Context.Create(builder => builder.EnableAlgorithms().Optimize(OptimizationLevel.O2));
        using var backend = new PTXBackend(context, new CudaCapabilityContext(CudaArchitecture.SM_80), CudaArchitecture.SM_80, instructions, null);
        var compiled = (PTXCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel), default);
        return compiled.PTXAssembly;
    }
}
