using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EDA.Kernels.Cpu.Matrix;

/// <summary>Products of bf16 blocks by a matrix unit, or by plain code that does the same.</summary>
/// <remarks>
/// A thread begins before its first product and ends after its last, in the same round of work: tiles are state of the
/// thread. Sums are fp32; the order of additions within a block is the unit's own, so units differ in the last bits,
/// and the same unit gives the same bits whatever the thread.
/// </remarks>
public sealed unsafe class MatrixKernels
{
    private const int Side = BlockProduct.Side;

    private readonly delegate* unmanaged[SuppressGCTransition]<void*, nint> _configure, _release, _product, _splitProduct;

    private MatrixKernels(MatrixUnit unit)
    {
        Unit = unit;
        if (unit == MatrixUnit.Tiles)
        {
            _configure = ExecutableCode.Function("Configure");
            _release = ExecutableCode.Function("Release");
            _product = ExecutableCode.Function("TileProduct");
            _splitProduct = ExecutableCode.Function("TileSplitProduct");
        }
        else if (unit == MatrixUnit.DotProducts)
        {
            _product = ExecutableCode.Function("DotProduct");
        }
    }

    /// <summary>Which unit.</summary>
    public MatrixUnit Unit { get; }

    /// <summary>The kernels of a unit.</summary>
    /// <param name="unit">Which.</param>
    /// <returns>The kernels.</returns>
    /// <exception cref="NotSupportedException">This machine or system does not have it; the message says why.</exception>
    public static MatrixKernels Of(MatrixUnit unit) =>
        MatrixUnits.Problem(unit) is { } problem ? throw new NotSupportedException($"{unit}: {problem}") : new MatrixKernels(unit);

    /// <summary>Multiplies once by a unit and by plain code: nothing is computed by one that does not do what it should.</summary>
    /// <param name="unit">The unit.</param>
    /// <returns>What is wrong with it; null for nothing.</returns>
    internal static string? Trial(MatrixUnit unit)
    {
        const int Blocks = 2, Parts = 2, Numbers = Blocks * Parts * BlockProduct.Length;
        byte* memory = (byte*)NativeMemory.AlignedAlloc((2 * Numbers * sizeof(ushort)) + (2 * BlockProduct.Length * sizeof(float)), 64);
        try
        {
            ushort* left = (ushort*)memory, right = left + Numbers;
            float* found = (float*)(right + Numbers), expected = found + BlockProduct.Length;
            for (int i = 0; i < Numbers; i++)
                (left[i], right[i]) = (Bfloat16.Round(MathF.Sin(i)), Bfloat16.Round(MathF.Cos(3 * i)));
            var product = new BlockProduct
            {
                Left = left,
                LeftStep = Parts * BlockProduct.Length * sizeof(ushort),
                Right = right,
                RightLow = right + (Blocks * BlockProduct.Length),
                Blocks = Blocks,
            };
            MatrixKernels plain = new(MatrixUnit.Managed), kernels = new(unit);
            kernels.Begin();
            foreach (var (tried, sums) in ((MatrixKernels, nint)[])[(plain, (nint)expected), (kernels, (nint)found)])
            {
                tried.MultiplySplit(product with { Sums = (float*)sums });
                tried.Multiply(product with { Sums = (float*)sums, Adds = 1 });
            }

            kernels.End();
            for (int i = 0; i < BlockProduct.Length; i++)
            {
                if (!(MathF.Abs(found[i] - expected[i]) <= 1e-4f))
                    return "they gave wrong sums when they were tried";
            }

            return null;
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    /// <summary>Readies the thread.</summary>
    public void Begin()
    {
        if (_configure == null)
            return;
        // Palette 1: eight tiles of 16 rows of 64 bytes.
        byte* configuration = stackalloc byte[64];
        new Span<byte>(configuration, 64).Clear();
        configuration[0] = 1;
        for (int tile = 0; tile < 8; tile++)
        {
            ((ushort*)(configuration + 16))[tile] = 64;
            configuration[48 + tile] = 16;
        }

        _configure(configuration);
    }

    /// <summary>Gives up what <see cref="Begin"/> took, so that the system need not save it.</summary>
    public void End()
    {
        if (_release != null)
            _release(null);
    }

    /// <summary>C = A B or C += A B of bf16.</summary>
    /// <param name="product">The factors and the sums.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Multiply(in BlockProduct product)
    {
        if (_product == null)
        {
            Plain(product);
            return;
        }

        fixed (BlockProduct* argument = &product)
            _product(argument);
    }

    /// <summary>The same of factors in two parts: hi·lo + hi·hi + lo·hi, what is lost being 2⁻¹⁶ of each product.</summary>
    /// <param name="product">The factors and the sums.</param>
    public void MultiplySplit(in BlockProduct product)
    {
        if (_splitProduct == null)
        {
            // Three products, the small ones first.
            Multiply(product with { Right = product.RightLow });
            Multiply(product with { Left = product.Left + BlockProduct.Length, Adds = 1 });
            Multiply(product with { Adds = 1 });
            return;
        }

        fixed (BlockProduct* argument = &product)
            _splitProduct(argument);
    }

    // As tiles have it: the lower and the upper halves of the words apart, then together, then to the sum.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Plain(in BlockProduct product)
    {
        const int Half = Side / 2;
        float* sums = product.Sums;
        if (product.Adds == 0)
            new Span<float>(sums, BlockProduct.Length).Clear();
        for (long block = 0; block < product.Blocks; block++)
        {
            uint* left = (uint*)((byte*)product.Left + (block * product.LeftStep)), right = (uint*)(product.Right + (block * BlockProduct.Length));
            for (int feature = 0; feature < Side; feature++)
            {
                // Rows 0 to 15 and 16 to 31.
                Vector512<float> lower0 = default, lower1 = default, upper0 = default, upper1 = default;
                for (int word = 0; word < Half; word++)
                {
                    uint factors = left[(feature * Half) + word];
                    var lower = Vector512.Create(factors << 16).AsSingle();
                    var upper = Vector512.Create(factors & 0xFFFF0000).AsSingle();
                    Vector512<uint> rows0 = Vector512.Load(right + (word * Side)), rows1 = Vector512.Load(right + (word * Side) + Half);
                    lower0 = Vector512.FusedMultiplyAdd(lower, (rows0 << 16).AsSingle(), lower0);
                    lower1 = Vector512.FusedMultiplyAdd(lower, (rows1 << 16).AsSingle(), lower1);
                    upper0 = Vector512.FusedMultiplyAdd(upper, (rows0 & Vector512.Create(0xFFFF0000)).AsSingle(), upper0);
                    upper1 = Vector512.FusedMultiplyAdd(upper, (rows1 & Vector512.Create(0xFFFF0000)).AsSingle(), upper1);
                }

                float* to = sums + (feature * Side);
                (Vector512.Load(to) + (lower0 + upper0)).Store(to);
                (Vector512.Load(to + Half) + (lower1 + upper1)).Store(to + Half);
            }
        }
    }
}
