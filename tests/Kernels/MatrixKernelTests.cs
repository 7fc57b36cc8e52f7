using System.Runtime.InteropServices;
using EDA.Kernels.Cpu.Matrix;

namespace EDA.Tests.Kernels;

/// <summary>The matrix units: their machine code, their numbers, and what they say where there are none.</summary>
public sealed class MatrixKernelTests
{
    private const int Side = BlockProduct.Side;

    public static TheoryData<MatrixUnit> Units => new(Enum.GetValues<MatrixUnit>());

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_bytes_are_what_the_programs_assemble_to(bool windows)
    {
        var programs = MatrixPrograms.All(windows);
        Assert.Equal(programs.Keys.Order(), MachineCode.Names.Order());
        foreach (var (name, bytes) in programs)
            Assert.True(bytes.AsSpan().SequenceEqual([.. MachineCode.Argument(windows), .. MachineCode.Body(name)]), $"{name} is {Convert.ToHexString(bytes)}");
    }

    [Fact]
    public void Rounding_is_to_the_nearest_and_of_two_to_the_even_one()
    {
        Assert.Equal(0x3F80, Bfloat16.Round(1));
        Assert.Equal(0x3F80, Bfloat16.Round(1 + (1f / 256)));
        Assert.Equal(0x3F82, Bfloat16.Round(1 + (3f / 256)));
        Assert.Equal(0x3F81, Bfloat16.Round(1 + (1.01f / 256)));
        Assert.Equal(0x8000, Bfloat16.Round(-0f));
        Assert.Equal(float.PositiveInfinity, Bfloat16.Single(Bfloat16.Round(float.MaxValue)));
        Assert.True(float.IsNaN(Bfloat16.Single(Bfloat16.Round(float.NaN))));
        Assert.True(float.IsNaN(Bfloat16.Single(Bfloat16.Round(BitConverter.UInt32BitsToSingle(0x7F800001)))));
        var random = new Random(1);
        for (int i = 0; i < 10_000; i++)
        {
            float x = (float)((random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-30, 30)));
            Assert.InRange(Math.Abs(Bfloat16.Single(Bfloat16.Round(x)) - (double)x), 0, Math.Abs(x) / 256.0);
            var (high, low) = Bfloat16.Split(x);
            Assert.InRange(Math.Abs(Bfloat16.Single(high) + (double)Bfloat16.Single(low) - x), 0, Math.Abs(x) / 65536.0);
        }
    }

    [Theory]
    [MemberData(nameof(Units))]
    public void Whole_numbers_are_multiplied_exactly(MatrixUnit unit)
    {
        // Sums below 2²⁴ of small whole numbers have no rounding in any order.
        if (Kernels(unit) is not { } kernels)
            return;
        foreach (int terms in (int[])[1, 2, 31, 32, 33, 100, 256])
        {
            var (weights, panel) = (Whole(Side * terms, terms), Whole(terms * Side, terms + 1));
            float[] expected = [.. Exact(weights, panel, terms).Select(x => (float)x)];
            Assert.Equal(expected, Product(kernels, weights, panel, terms, split: false));
            Assert.Equal(expected.Select((x, i) => x + i), Product(kernels, weights, panel, terms, split: false, [.. Enumerable.Range(0, Side * Side).Select(i => (float)i)]));
            if (!kernels.Splits)
                continue;
            Assert.Equal(expected, Product(kernels, weights, panel, terms, split: true));
            Assert.Equal(expected.Select((x, i) => x + i), Product(kernels, weights, panel, terms, split: true, [.. Enumerable.Range(0, Side * Side).Select(i => (float)i)]));
        }
    }

    [Theory]
    [MemberData(nameof(Units))]
    public void Rounded_factors_are_multiplied_as_in_float64(MatrixUnit unit)
    {
        if (Kernels(unit) is not { } kernels)
            return;
        const int Terms = 256;
        var (weights, panel) = (Normal(Side * Terms, 1), Normal(Terms * Side, 2));
        float[] Rounded(float[] values) => [.. values.Select(x => Bfloat16.Single(Bfloat16.Round(x)))];
        double[] rounded = Exact(Rounded(weights), Rounded(panel), Terms), exact = Exact(weights, panel, Terms);

        // bf16: the factors are rounded, what follows is fp32's. In two parts: what is lost is 2⁻¹⁶ of a product.
        Assert.InRange(Distance(Product(kernels, weights, panel, Terms, split: false), rounded), 0, 1e-6);
        Assert.InRange(Distance(Product(kernels, weights, panel, Terms, split: false), exact), 1e-4, 4e-3);
        if (kernels.Splits)
            Assert.InRange(Distance(Product(kernels, weights, panel, Terms, split: true), exact), 0, 1e-5);
    }

    [Fact]
    public void Dot_products_are_for_one_part()
    {
        if (Kernels(MatrixUnit.DotProducts) is not { } kernels)
            return;
        Assert.False(kernels.Splits);
        Assert.Throws<NotSupportedException>(() => kernels.MultiplySplit(default));
    }

    [Theory]
    [MemberData(nameof(Units))]
    public async Task A_storm_of_collections_and_threads_changes_no_bit(MatrixUnit unit)
    {
        if (Kernels(unit) is not { } kernels)
            return;
        const int Terms = 256;
        var (weights, panel) = (Normal(Side * Terms, 3), Normal(Terms * Side, 4));
        float[] expected = Product(kernels, weights, panel, Terms, split: kernels.Splits);
        using var over = new CancellationTokenSource();
        var storm = Task.Run(() =>
        {
            for (int i = 0; !over.IsCancellationRequested; i++)
            {
                _ = new byte[100_000];
                if (i % 50 == 0)
                    GC.Collect();
            }
        });
        int rounds = unit == MatrixUnit.Managed ? 2 : 2000;
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ =>
        {
            for (int round = 0; round < rounds; round++)
                Assert.Equal(expected, Product(kernels, weights, panel, Terms, split: kernels.Splits));
        });
        await over.CancelAsync();
        await storm;
    }

    [Fact]
    public void What_is_missing_is_said()
    {
        Assert.Null(MatrixUnits.Problem(MatrixUnit.Managed));
        foreach (var unit in (MatrixUnit[])[MatrixUnit.Tiles, MatrixUnit.DotProducts])
        {
            if (MatrixUnits.Problem(unit) is not { } problem)
                continue;
            Assert.DoesNotContain('\n', problem);
            Assert.Contains(problem, Assert.Throws<NotSupportedException>(() => MatrixKernels.Of(unit)).Message, StringComparison.Ordinal);
        }

        Assert.Null(MatrixUnits.Problem(MatrixUnits.Best));
        Assert.Equal(MatrixUnits.Best, MatrixKernels.Of(MatrixUnits.Best).Unit);
    }

    // Null on a machine that does not have them: then there is nothing to test but the reason, and another test does.
    private static MatrixKernels? Kernels(MatrixUnit unit) => MatrixUnits.Problem(unit) is null ? MatrixKernels.Of(unit) : null;

    private static unsafe float[] Product(MatrixKernels kernels, float[] weights, float[] panel, int terms, bool split, float[]? sums = null)
    {
        // The first float of a buffer that a tile may begin at: at a cache line.
        void* memory = NativeMemory.AlignedAlloc(4 * Side * Side * sizeof(float) + (nuint)(8 * BlockPacking.RightLength(terms) * sizeof(ushort)), 64);
        try
        {
            float* c = (float*)memory;
            ushort* left = (ushort*)(c + (Side * Side)), high = left + BlockPacking.LeftLength(terms, split: true), low = high + BlockPacking.RightLength(terms);
            BlockPacking.Left(weights, 0, terms, split, new Span<ushort>(left, BlockPacking.LeftLength(terms, split)));
            BlockPacking.Right(panel, terms, new Span<ushort>(high, BlockPacking.RightLength(terms)), split ? new Span<ushort>(low, BlockPacking.RightLength(terms)) : []);
            var found = new Span<float>(c, Side * Side);
            if (sums is null)
                found.Fill(float.NaN);
            else
                sums.CopyTo(found);
            var product = new BlockProduct { Left = left, Right = high, RightLow = split ? low : null, Sums = c, Blocks = BlockPacking.Blocks(terms), Adds = sums is null ? 0 : 1 };
            kernels.Begin();
            if (split)
                kernels.MultiplySplit(product);
            else
                kernels.Multiply(product);
            kernels.End();
            return found.ToArray();
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    private static double[] Exact(float[] weights, float[] panel, int terms)
    {
        var sums = new double[Side * Side];
        for (int feature = 0; feature < Side; feature++)
        {
            for (int row = 0; row < Side; row++)
            {
                for (int k = 0; k < terms; k++)
                    sums[(feature * Side) + row] += (double)weights[(feature * terms) + k] * panel[(k * Side) + row];
            }
        }

        return sums;
    }

    private static double Distance(float[] found, double[] expected) =>
        Math.Sqrt(found.Zip(expected).Sum(pair => Math.Pow(pair.First - pair.Second, 2)) / expected.Sum(x => x * x));

    private static float[] Whole(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)random.Next(-100, 101))];
    }

    private static float[] Normal(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
    }
}
