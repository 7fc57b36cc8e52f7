using System.Runtime.InteropServices;

namespace EDA.Kernels.Cpu.Matrix;

/// <summary>
/// A product of 32 × 32 sums over K terms, C = A B or C += A B, as machine code finds its arguments. K is in blocks of 32 terms,
/// bf16 numbers are the upper halves of fp32's, and padding is zeros.
/// </summary>
/// <remarks>
/// A, of weights: for each block [32 features][32 terms], 2 KiB; of weights in two parts the high parts' and then the low
/// parts', 4 KiB. B, of activations: [K/2][32 rows][2], so that the pairs of terms of a row stand together; high and low parts apart. C:
/// [32 features][32 rows] of fp32. <see cref="BlockPacking"/> makes the first two.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct BlockProduct
{
    /// <summary>Features and rows of a product, and terms of a block.</summary>
    public const int Side = 32;

    /// <summary>A.</summary>
    public ushort* Left;

    /// <summary>B, or its high parts.</summary>
    public ushort* Right;

    /// <summary>B's low parts; null where there is one part.</summary>
    public ushort* RightLow;

    /// <summary>C.</summary>
    public float* Sums;

    /// <summary>K / 32, at least 1.</summary>
    public long Blocks;

    /// <summary>0 for C = A B, anything else for C += A B.</summary>
    public long Adds;
}
