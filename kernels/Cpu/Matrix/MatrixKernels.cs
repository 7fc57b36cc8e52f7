using System.Runtime.InteropServices;

namespace EDA.Kernels.Cpu.Matrix;

/// <summary>Products of bf16 blocks by a matrix unit, or by plain code that does the same. No operation of the CPU device is made of them yet.</summary>
/// <remarks>
/// A thread begins before its first product and ends after its last, in the same round of work: tiles are state of the
/// thread. Sums are fp32; the order of additions within a block is the unit's own, so units differ in the last bits,
/// and the same unit gives the same bits whatever the thread.
/// </remarks>
public sealed unsafe class MatrixKernels
{
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

    /// <summary>Whether there are products of factors in two parts. Dot products have none: three of them take longer than one product in fp32.</summary>
    public bool Splits => Unit != MatrixUnit.DotProducts;

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
    public void Multiply(in BlockProduct product)
    {
        if (_product == null)
        {
            Plain(product, 1, product.Right, 0);
            return;
        }

        fixed (BlockProduct* argument = &product)
            _product(argument);
    }

    /// <summary>The same of factors in two parts: hi·lo + hi·hi + lo·hi, what is lost being 2⁻¹⁶ of each product.</summary>
    /// <param name="product">The factors and the sums.</param>
    /// <exception cref="NotSupportedException">The unit has none.</exception>
    public void MultiplySplit(in BlockProduct product)
    {
        if (!Splits)
            throw new NotSupportedException($"{Unit} has no products of factors in two parts");
        if (_splitProduct == null)
        {
            Plain(product, 2, product.RightLow, 0);
            var more = product with { Adds = 1 };
            Plain(more, 2, product.Right, 0);
            Plain(more, 2, product.Right, 1);
            return;
        }

        fixed (BlockProduct* argument = &product)
            _splitProduct(argument);
    }

    // One part of the left factor's times one plane of the right one.
    private static void Plain(in BlockProduct product, int parts, ushort* right, int part)
    {
        const int Side = BlockProduct.Side;
        if (product.Adds == 0)
            new Span<float>(product.Sums, Side * Side).Clear();
        float* pairs = stackalloc float[2];
        for (long block = 0; block < product.Blocks; block++)
        {
            ushort* a = product.Left + (((block * parts) + part) * Side * Side), b = right + (block * Side * Side);
            for (int feature = 0; feature < Side; feature++)
            {
                for (int row = 0; row < Side; row++)
                {
                    // As tiles have it: even and odd terms apart, then together, then to the sum.
                    (pairs[0], pairs[1]) = (0, 0);
                    for (int k = 0; k < Side; k++)
                    {
                        float left = Bfloat16.Single(a[(feature * Side) + k]);
                        pairs[k % 2] = MathF.FusedMultiplyAdd(left, Bfloat16.Single(b[(k / 2 * 2 * Side) + (2 * row) + (k % 2)]), pairs[k % 2]);
                    }

                    product.Sums[(feature * Side) + row] += pairs[0] + pairs[1];
                }
            }
        }
    }
}
