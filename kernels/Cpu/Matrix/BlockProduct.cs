using System.Runtime.InteropServices;

namespace EDA.Kernels.Cpu.Matrix;

/// <summary>
/// A product of 32 × 32 sums over K terms, C = A B or C += A B, as machine code finds its arguments. K is in blocks of 32 terms,
/// bf16 numbers are the upper halves of fp32's, and padding is zeros.
/// </summary>
/// <remarks>
/// Within a block the terms stand in pairs (k, k + 16): a word of 32 bits holds one pair, that of the smaller k in its lower
/// half, and words follow each other by k. A, of weights: for each block [32 features][16 words], 2 KiB; of weights in two
/// parts the high parts' and then the low parts', 4 KiB. B, of activations: [K/2 words][32 rows], high and low parts apart.
/// C: [32 features][32 rows] of fp32.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct BlockProduct
{
    /// <summary>Features and rows of a product, and terms of a block.</summary>
    public const int Side = 32;

    /// <summary>Numbers of a block.</summary>
    public const int Length = Side * Side;

    /// <summary>A.</summary>
    public ushort* Left;

    /// <summary>Bytes from a block of A to the next: 2,048, or 4,096 where it is in two parts.</summary>
    public long LeftStep;

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
