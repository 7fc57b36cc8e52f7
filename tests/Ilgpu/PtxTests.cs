extern alias ilgpu;

using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using EDA.Bench.Ptx;
using EDA.Tests.Gpu;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using KernelCatalogue = ilgpu::EDA.Kernels.Gpu.KernelCatalogue;

namespace EDA.Tests.Ilgpu;

/// <summary>Every kernel as PTX for sm_80, which takes no GPU.</summary>
[Trait("speed", "slow")]
public partial class PtxTests
{
    public static TheoryData<string> Kernels => [.. KernelCatalogue.All.Select(kernel => kernel.Name)];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Every_kernel_compiles_under_its_name_without_local_memory(string name)
    {
        string ptx = Compile(name);
        Assert.Contains($".entry Kernel_{name}(", ptx, StringComparison.Ordinal);
        Assert.DoesNotContain(".local", ptx, StringComparison.Ordinal);

        // The kernel is written out in the entry point that bears its name.
        Assert.DoesNotContain(".func", ptx, StringComparison.Ordinal);
    }

    /// <summary>
    /// max and min of PTX give the operand that is a number: where they stand, NaN ends. They may stand only for the bounds of
    /// the sigmoid, ±87, whose argument is a factor of what comes of it. And no comparison is one that NaN passes: ILGPU makes
    /// such of a comparison whose left side is a constant, whatever the source says.
    /// </summary>
    [Theory]
    [MemberData(nameof(Kernels))]
    public void NaN_passes_through_every_kernel(string name)
    {
        string[] lines = Compile(name).Split('\n', StringSplitOptions.TrimEntries);
        Assert.DoesNotContain(lines, line => Extremum().IsMatch(line) && !line.Contains("42AE0000", StringComparison.OrdinalIgnoreCase) && !line.Contains("C2AE0000", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(lines, line => UnorderedComparison().IsMatch(line));
    }

    [Fact]
    public void Relu_and_the_smaller_of_twins_are_selects_that_take_NaN()
    {
        Assert.Matches(
            @"testp\.notanumber\.f32\s+(%p\d+), (%f\d+);\s+setp\.gt\.f32\s+(%p\d+), \2, 0f00000000;\s+or\.pred\s+(%p\d+), \1, \3;\s+selp\.b32\s+%f\d+, \2, 0f00000000, \4;",
            Compile("product_fp32_relu"));
        Assert.Matches(
            @"setp\.lt\.f32\s+%p\d+, (%f\d+), (%f\d+);\s+or\.pred\s+(%p\d+), %p\d+, %p\d+;\s+selp\.b32\s+%f\d+, \1, \2, \3;",
            Compile("SmallerOfTwins"));
    }

    /// <summary>sm_80 and sm_90: A100 and H100, H200.</summary>
    [OptionalTheory(OptionalNeeds.Ptxas)]
    [MemberData(nameof(Kernels))]
    public void Every_kernel_assembles_without_spilling_registers(string name)
    {
        string ptx = Compile(Method(name), CudaInstructionSet.ISA_78);
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
        string ptx = Compile("product_fp32_activation");

        // Three a depth, of eight and of the first one, in the loop of whole tiles and in that of edges; the sums' four at a time,
        // and one at a time at the edges.
        Assert.Equal((2 * 3 * (1 + 8)) + 4 + 1, ptx.Split("ld.shared.v4.f32").Length - 1);
        Assert.DoesNotContain("ld.shared.f32", ptx, StringComparison.Ordinal);
        Assert.Single(ptx.Split(".shared .align 16")[1..]);
    }

    [Theory]
    [InlineData("activation", 4, 12)]
    [InlineData("residual", 8, 4)]
    [InlineData("slope", 8, 8)]
    [InlineData("adjoint_slope", 8, 4)]
    public void Epilogues_read_and_write_global_memory_128_bits_at_a_time(string epilogue, int loads, int stores)
    {
        string ptx = Compile($"product_tf32_{epilogue}");
        Assert.Equal(loads, ptx.Split("ld.global.v4.f32").Length - 1);
        Assert.Equal(stores, ptx.Split("st.global.v4.f32").Length - 1);

        // Whoever divides by the size of a tile keeps the assembler from shifting.
        Assert.DoesNotMatch(@"\b(div|rem)\.[su]32", ptx);
    }

    public static TheoryData<string, string, int> TensorKernels
    {
        get
        {
            var kernels = new TheoryData<string, string, int>();
            foreach (string kernel in new[] { "product_{0}_activation", "weight_gradient_{0}" })
            {
                // A warp's 32 × 32 sums take 16 or 8 instructions, and a large tile has two of them a warp. Layers have a loop
                // for each layout of the right matrix.
                int loops = kernel.StartsWith("product", StringComparison.Ordinal) ? 2 : 1;
                kernels.Add(string.Format(CultureInfo.InvariantCulture, kernel, "tf32"), "m16n8k8.row.col.f32.tf32.tf32.f32", 32 * loops);
                kernels.Add(string.Format(CultureInfo.InvariantCulture, kernel, "tf32_small"), "m16n8k8.row.col.f32.tf32.tf32.f32", 16 * loops);
                kernels.Add(string.Format(CultureInfo.InvariantCulture, kernel, "bf16"), "m16n8k16.row.col.f32.bf16.bf16.f32", 16 * loops);
                kernels.Add(string.Format(CultureInfo.InvariantCulture, kernel, "bf16_small"), "m16n8k16.row.col.f32.bf16.bf16.f32", 8 * loops);
            }

            return kernels;
        }
    }

    [Theory]
    [MemberData(nameof(TensorKernels))]
    public void Tensor_core_products_work_on_registers_and_copy_asynchronously(string name, string instruction, int count)
    {
        string ptx = Compile(name);
        Assert.Equal(count, ptx.Split("mma.sync.aligned." + instruction).Length - 1);

        // Registers are declared once, in the kernel's own scope, above everything that names them.
        int declaration = ptx.IndexOf(".reg .f32 acc<64>;", StringComparison.Ordinal);
        Assert.Equal(declaration, ptx.LastIndexOf(".reg .f32 acc<", StringComparison.Ordinal));
        Assert.True(declaration >= 0 && declaration < ptx.IndexOf("{acc0,", StringComparison.Ordinal) && declaration < ptx.IndexOf("left0,", StringComparison.Ordinal));
        Assert.DoesNotContain(".func", ptx, StringComparison.Ordinal);

        Assert.Contains("cp.async.cg.shared.global", ptx, StringComparison.Ordinal);
        Assert.Contains(name.Contains("small", StringComparison.Ordinal) ? "cp.async.wait_group 4;" : "cp.async.wait_group 1;", ptx, StringComparison.Ordinal);
        Assert.Contains("ld.shared.v4.f32", ptx, StringComparison.Ordinal);
        string shared = Assert.Single(ptx.Split('\n'), line => line.Contains(".shared .align 16 .b8", StringComparison.Ordinal));
        Assert.InRange(int.Parse(shared[(shared.IndexOf('[', StringComparison.Ordinal) + 1)..shared.IndexOf(']', StringComparison.Ordinal)], CultureInfo.InvariantCulture), 1, 48 * 1024);

        // Addresses of shared memory are what they are: a conversion to a generic address would lead an asynchronous copy astray.
        Assert.DoesNotContain("cvta.shared", ptx, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\b(max|min)\.f(32|64)")]
    private static partial Regex Extremum();

    [GeneratedRegex(@"\bsetp\.(eq|ne|lt|le|gt|ge)u\.f(32|64)|\bsetp\.nan\.")]
    private static partial Regex UnorderedComparison();

    private static MethodInfo Method(string name) => KernelCatalogue.All.Single(kernel => kernel.Name == name).Method;

    // For sm_80 under PTX 8.0; each kernel once for all tests.
    private static string Compile(string name) => PtxCompiler.Compile(name, Method(name)).Text;

    private static string Compile(MethodInfo kernel, CudaInstructionSet instructions)
    {
        using var context = Context.Create(builder => builder.EnableAlgorithms().Optimize(OptimizationLevel.O2));
        using var backend = new PTXBackend(context, new CudaCapabilityContext(CudaArchitecture.SM_80), CudaArchitecture.SM_80, instructions, null);
        var compiled = (PTXCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel), default);
        return compiled.PTXAssembly;
    }
}
