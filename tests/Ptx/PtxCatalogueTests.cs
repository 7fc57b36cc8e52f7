extern alias ilgpu;

using EDA.Bench.Ptx;
using KernelCatalogue = ilgpu::EDA.Kernels.Gpu.KernelCatalogue;

namespace EDA.Tests.Ptx;

/// <summary>The interpreter knows what kernels are made of, and nothing else.</summary>
[Trait("Device", "ptx")]
[Trait("speed", "slow")]
public class PtxCatalogueTests
{
    [Fact]
    public void Every_kernel_is_understood_and_every_instruction_is_in_use()
    {
        var used = new HashSet<string>();
        Assert.All(KernelCatalogue.All, kernel =>
        {
            var (_, module) = PtxCompiler.Compile(kernel.Name, kernel.Method);
            used.UnionWith(module.Code.Select(instruction => instruction.Text.Split(' ')[0]));
        });
        Assert.Equal(PtxInstructionSet.Opcodes.Order(), used.Order());
    }

    /// <summary>Whatever a kernel reads of its arguments is a field of them, as ILGPU lays them out.</summary>
    [Fact]
    public void Arguments_are_where_kernels_look_for_them()
    {
        Assert.All(KernelCatalogue.All, kernel =>
        {
            var (_, module) = PtxCompiler.Compile(kernel.Name, kernel.Method);
            var layout = PtxArguments.Of(kernel.Method.GetParameters().Single().ParameterType);
            Assert.Equal(module.ParameterLength, layout.Length);
            Assert.All(module.ParameterLoads, load => Assert.True(layout.HasField(load.Offset, load.Size)));
        });
    }
}
