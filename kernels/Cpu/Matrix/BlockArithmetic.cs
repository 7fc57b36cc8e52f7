using System.Runtime.CompilerServices;

namespace EDA.Kernels.Cpu.Matrix;

/// <summary>How a device multiplies in blocks: by which unit, and in how many parts.</summary>
/// <param name="unit">What multiplies.</param>
/// <param name="precision">bf16 or bf16x3.</param>
internal sealed unsafe class BlockArithmetic(MatrixUnit unit, CpuPrecision precision)
{
    // Below it a product is mostly padding, and fp32's is as fast.
    private const int Least = 16;

    private readonly MatrixKernels _kernels = MatrixKernels.Of(unit);
    private readonly bool _splits = precision == CpuPrecision.Bf16x3;
    private BlockArithmetic? _finer;

    /// <summary>What multiplies.</summary>
    public MatrixUnit Unit => unit;

    /// <summary>Parts of a factor.</summary>
    public int Parts => _splits ? 2 : 1;

    /// <summary>
    /// For what one bf16 is too coarse: factors in two parts. Null for fp32, where the unit is dot products: three of them take longer.
    /// </summary>
    public BlockArithmetic? Finer => _splits ? this : unit == MatrixUnit.DotProducts ? null : _finer ??= new BlockArithmetic(unit, CpuPrecision.Bf16x3);

    /// <summary>Whether a matrix of this size is multiplied in blocks.</summary>
    /// <param name="arithmetic">How a device multiplies; null for fp32 alone.</param>
    /// <param name="outputs">Rows of the matrix.</param>
    /// <param name="depth">Terms of a sum.</param>
    public static bool Has(BlockArithmetic? arithmetic, int outputs, int depth) => arithmetic is not null && outputs >= Least && depth >= Least;

    /// <summary>So many, in whole blocks.</summary>
    public static int RoundUp(int count) => (count + BlockProduct.Side - 1) & -BlockProduct.Side;

    /// <summary>Readies the thread for a round of work.</summary>
    public void Begin() => _kernels.Begin();

    /// <summary>Ends the thread's round.</summary>
    public void End() => _kernels.End();

    /// <summary>C = A B or C += A B.</summary>
    /// <param name="left">A, its parts block by block.</param>
    /// <param name="right">The high parts of B.</param>
    /// <param name="low">Numbers from a high part of B to its low part.</param>
    /// <param name="sums">C.</param>
    /// <param name="blocks">Blocks of terms.</param>
    /// <param name="adds">Whether to add to what stands in C.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Multiply(ushort* left, ushort* right, long low, float* sums, int blocks, bool adds)
    {
        var product = new BlockProduct
        {
            Left = left,
            LeftStep = Parts * BlockProduct.Length * sizeof(ushort),
            Right = right,
            RightLow = right + low,
            Sums = sums,
            Blocks = blocks,
            Adds = adds ? 1 : 0,
        };
        if (_splits)
            _kernels.MultiplySplit(product);
        else
            _kernels.Multiply(product);
    }
}
