extern alias ilgpu;

using EDA.Bench.Ptx;
using EDA.Tests.Gpu;
using ilgpu::EDA.Kernels.Gpu;

namespace EDA.Tests.Ptx;

/// <summary>Products of factors stored with 16 bits on their PTX: ldmatrix, mma.sync and asynchronous copies as PTX defines them.</summary>
[Trait("Device", "ptx")]
public class PtxHalfProductTests
{
    [Theory]
    [MemberData(nameof(HalfCase.Layers), MemberType = typeof(HalfCase))]
    public void Layers_are_those_of_rounded_factors(string layout, int rows, int columns, int depth)
    {
        var product = new HalfCase(layout, rows, columns, depth);
        float[] sums = Multiply(product, layout, new PtxOptions());
        Assert.InRange(product.Error(sums), 0, 1e-6);
        Assert.Equal(sums, Multiply(product, layout, new PtxOptions(PtxOrder.Shuffled)));
    }

    /// <summary>Faults put into the text one at a time, each found: by a refusal, or by wrong sums.</summary>
    [Theory]
    [InlineData("bar.sync\t0;", "")]
    [InlineData("cp.async.wait_group 1;", "cp.async.wait_group 2;")]
    [InlineData("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16", "ldmatrix.sync.aligned.m8n8.x4.shared.b16")]
    [InlineData("{right0, right1}, {acc0,", "{right1, right0}, {acc0,")]
    [InlineData("f32.f16.f16.f32 {acc4, acc5,", "f32.f16.f16.f32 {acc5, acc4,")]
    [InlineData("[l1+2048]", "[l1]")]
    [InlineData("add.s64 from1, from1, step1;", "")]
    [InlineData("setp.eq.s64 inside0, fetched, 49152;", "setp.eq.s64 inside0, fetched, 32768;")]
    public void Faults_are_found(string instruction, string fault)
    {
        const string layout = "transposed";
        var product = new HalfCase(layout, 64, 64, 256);
        float[]? sums = null;
        var refusal = Record.Exception(() => sums = Multiply(product, layout, new PtxOptions(), text =>
        {
            Assert.Contains(instruction, text, StringComparison.Ordinal);
            int at = text.IndexOf(instruction, StringComparison.Ordinal);
            return text[..at] + fault + text[(at + instruction.Length)..];
        }));
        Assert.True(refusal is PtxFaultException || (refusal is null && product.Error(sums!) is not (>= 0 and < 1e-6)), refusal?.ToString() ?? "the sums are right");
    }

    private static float[] Multiply(HalfCase product, string layout, PtxOptions options, Func<string, string>? edit = null)
    {
        using var backend = new CheckedPtxBackend(options, edit is null ? null : (_, text) => edit(text));
        using var left = backend.Upload<float>(product.Left);
        using var right = backend.Upload<float>(product.Right);
        using var result = backend.Upload<float>([.. Enumerable.Repeat(float.NaN, product.Rows * product.Columns)]);
        var arguments = new HalfProductArguments<StoreEpilogue>
        {
            Left = View(left),
            Right = View(right),
            LeftStride = product.LeftStride,
            RightStride = product.RightStride,
            Rows = product.Rows,
            Columns = product.Columns,
            Depth = product.Depth,
            Epilogue = new StoreEpilogue { Output = View(result), Bias = View(result) },
        };
        var kernel = backend.Load<HalfProductArguments<StoreEpilogue>>(
            "product", HalfCase.GroupSize, layout == "straight" ? HalfProduct<StraightLayout, StoreEpilogue>.Run : HalfProduct<TransposedLayout, StoreEpilogue>.Run);
        kernel.Launch(new GridSize(HalfCase.Tiles(product.Rows), HalfCase.Tiles(product.Columns)), arguments, default);
        return result.ToArray();
    }

    private static ModelView View(GpuArray<float> array) => new() { All = array.View, Length = array.Length, IsAligned = 1 };
}
