using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

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
    private static void Plain(in BlockProduct product)
    {
        if (product.Adds == 0)
            new Span<float>(product.Sums, BlockProduct.Length).Clear();
        float* halves = stackalloc float[2 * Side];
        for (long block = 0; block < product.Blocks; block++)
        {
            uint* left = (uint*)((byte*)product.Left + (block * product.LeftStep)), right = (uint*)(product.Right + (block * BlockProduct.Length));
            for (int feature = 0; feature < Side; feature++)
            {
                new Span<float>(halves, 2 * Side).Clear();
                for (int word = 0; word < Side / 2; word++)
                {
                    uint factors = left[(feature * Side / 2) + word];
                    float lower = BitConverter.UInt32BitsToSingle(factors << 16), upper = BitConverter.UInt32BitsToSingle(factors & 0xFFFF0000);
                    for (int row = 0; row < Side; row++)
                    {
                        uint pair = right[(word * Side) + row];
                        halves[row] = MathF.FusedMultiplyAdd(lower, BitConverter.UInt32BitsToSingle(pair << 16), halves[row]);
                        halves[Side + row] = MathF.FusedMultiplyAdd(upper, BitConverter.UInt32BitsToSingle(pair & 0xFFFF0000), halves[Side + row]);
                    }
                }

                for (int row = 0; row < Side; row++)
                    product.Sums[(feature * Side) + row] += halves[row] + halves[Side + row];
            }
        }
    }
}
