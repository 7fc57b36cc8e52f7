using System.Runtime.InteropServices;
using EDA.Kernels.Cpu.Matrix;

namespace EDA.Tests.Kernels;

/// <summary>The matrix units: their machine code, their numbers, and what they say where there are none.</summary>
public sealed class MatrixKernelTests
{
    private const int Side = BlockProduct.Side;

    /// <summary>Those that this machine has; <see cref="What_is_missing_is_said"/> says of the others why not.</summary>
    public static TheoryData<MatrixUnit> Units => [.. Enum.GetValues<MatrixUnit>().Where(unit => MatrixUnits.Problem(unit) is null)];

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
        var kernels = MatrixKernels.Of(unit);
        foreach (int terms in (int[])[1, 2, 31, 32, 33, 100, 256])
        {
            var (weights, panel) = (Whole(Side * terms, terms), Whole(terms * Side, terms + 1));
            float[] expected = [.. Exact(weights, panel, terms).Select(x => (float)x)];
            Assert.Equal(expected, Product(kernels, weights, panel, terms, split: false));
            Assert.Equal(expected.Select((x, i) => x + i), Product(kernels, weights, panel, terms, split: false, [.. Enumerable.Range(0, Side * Side).Select(i => (float)i)]));
            Assert.Equal(expected, Product(kernels, weights, panel, terms, split: true));
            Assert.Equal(expected.Select((x, i) => x + i), Product(kernels, weights, panel, terms, split: true, [.. Enumerable.Range(0, Side * Side).Select(i => (float)i)]));
        }
    }

    [Theory]
    [MemberData(nameof(Units))]
    public void Rounded_factors_are_multiplied_as_in_float64(MatrixUnit unit)
    {
        var kernels = MatrixKernels.Of(unit);
        const int Terms = 256;
        var (weights, panel) = (Normal(Side * Terms, 1), Normal(Terms * Side, 2));
        float[] Rounded(float[] values) => [.. values.Select(x => Bfloat16.Single(Bfloat16.Round(x)))];
        double[] rounded = Exact(Rounded(weights), Rounded(panel), Terms), exact = Exact(weights, panel, Terms);

        // bf16: the factors are rounded, what follows is fp32's. In two parts: what is lost is 2⁻¹⁶ of a product.
        Assert.InRange(Distance(Product(kernels, weights, panel, Terms, split: false), rounded), 0, 1e-6);
        Assert.InRange(Distance(Product(kernels, weights, panel, Terms, split: false), exact), 1e-4, 4e-3);
        Assert.InRange(Distance(Product(kernels, weights, panel, Terms, split: true), exact), 0, 1e-5);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_tile_programs_multiply_where_their_instructions_are_read_one_by_one(bool split)
    {
        // On any machine: the bytes of the product, decoded, and each instruction done as Intel's manual says.
        foreach (int terms in (int[])[1, 33, 256])
        {
            var (weights, panel) = (Normal(Side * terms, terms), Normal(terms * Side, terms + 1));
            foreach (float[]? sums in (float[]?[])[null, Normal(Side * Side, 7)])
            {
                using var memory = new ProductMemory(weights, panel, terms, split, sums);
                TileInterpreter.Run(MachineCode.Body(split ? "TileSplitProduct" : "TileProduct"), memory.Address);
                float[] expected = Product(MatrixKernels.Of(MatrixUnit.Managed), weights, panel, terms, split, sums);
                if (split)
                    Assert.InRange(Distance(memory.Sums, [.. expected.Select(x => (double)x)]), 0, 1e-6);
                else
                    Assert.Equal(expected, memory.Sums);
            }
        }
    }

    [OptionalTheory(OptionalNeeds.AmxTiles)]
    [InlineData(MatrixUnit.Tiles)]
    public void Tiles_do_what_plain_code_does(MatrixUnit unit)
    {
        var (weights, panel) = (Normal(Side * 256, 1), Normal(256 * Side, 2));
        Assert.Equal(Product(MatrixKernels.Of(MatrixUnit.Managed), weights, panel, 256, split: false), Product(MatrixKernels.Of(unit), weights, panel, 256, split: false));
    }

    [Theory]
    [MemberData(nameof(Units))]
    public void A_storm_of_collections_and_threads_changes_no_bit(MatrixUnit unit)
    {
        var kernels = MatrixKernels.Of(unit);
        const int Terms = 256;
        var (weights, panel) = (Normal(Side * Terms, 3), Normal(Terms * Side, 4));
        float[] expected = Product(kernels, weights, panel, Terms, split: true);

        // So many collections and no more: each stops every thread of the process, other tests' too.
        const int Collections = 30;
        bool over = false;
        int wrong = 0;
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            do
            {
                if (!expected.AsSpan().SequenceEqual(Product(kernels, weights, panel, Terms, split: true)))
                    Interlocked.Increment(ref wrong);
            }
            while (!Volatile.Read(ref over));
        }))];
        foreach (var thread in threads)
            thread.Start();
        for (int i = 0; i < Collections; i++)
        {
            Thread.Sleep(1);
            GC.Collect();
        }

        Volatile.Write(ref over, true);
        foreach (var thread in threads)
            thread.Join();
        Assert.Equal(0, wrong);
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

    private static float[] Product(MatrixKernels kernels, float[] weights, float[] panel, int terms, bool split, float[]? sums = null)
    {
        using var memory = new ProductMemory(weights, panel, terms, split, sums);
        kernels.Begin();
        if (split)
            kernels.MultiplySplit(memory.Product);
        else
            kernels.Multiply(memory.Product);
        kernels.End();
        return memory.Sums;
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

    /// <summary>The factors of a product laid out as <see cref="BlockProduct"/> says, and the place of its sums.</summary>
    private sealed unsafe class ProductMemory : IDisposable
    {
        private readonly byte* _memory;

        public ProductMemory(float[] weights, float[] panel, int terms, bool split, float[]? sums)
        {
            int blocks = (terms + Side - 1) / Side, parts = split ? 2 : 1, numbers = blocks * BlockProduct.Length;
            nuint bytes = (nuint)((BlockProduct.Length * sizeof(float)) + (2 * parts * numbers * sizeof(ushort)) + 64);
            _memory = (byte*)NativeMemory.AlignedAlloc(bytes, 64);
            new Span<byte>(_memory, (int)bytes).Clear();
            float* c = (float*)_memory;
            ushort* left = (ushort*)(c + BlockProduct.Length), right = left + (parts * numbers);
            for (int k = 0; k < terms; k++)
            {
                // A word holds the terms k and k + 16 of a block.
                int block = k / Side, word = k % (Side / 2), half = k % Side / (Side / 2);
                for (int i = 0; i < Side; i++)
                {
                    var (weight, weightLow) = Bfloat16.Split(weights[(i * terms) + k]);
                    var (activation, activationLow) = Bfloat16.Split(panel[(k * Side) + i]);
                    int l = (block * parts * BlockProduct.Length) + (i * Side) + (2 * word) + half;
                    int r = (block * BlockProduct.Length) + (word * 2 * Side) + (2 * i) + half;
                    (left[l], right[r]) = (weight, activation);
                    if (split)
                        (left[l + BlockProduct.Length], right[numbers + r]) = (weightLow, activationLow);
                }
            }

            var place = new Span<float>(c, BlockProduct.Length);
            if (sums is null)
                place.Fill(float.NaN);
            else
                sums.CopyTo(place);
            var product = (BlockProduct*)(right + (parts * numbers));
            *product = new BlockProduct
            {
                Left = left,
                LeftStep = parts * BlockProduct.Length * sizeof(ushort),
                Right = right,
                RightLow = split ? right + numbers : null,
                Sums = c,
                Blocks = blocks,
                Adds = sums is null ? 0 : 1,
            };
            Address = (nint)product;
        }

        public nint Address { get; }

        public BlockProduct Product => *(BlockProduct*)Address;

        public float[] Sums => new Span<float>(_memory, BlockProduct.Length).ToArray();

        public void Dispose() => NativeMemory.AlignedFree(_memory);
    }
}
