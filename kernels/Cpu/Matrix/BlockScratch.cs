namespace EDA.Kernels.Cpu.Matrix;

/// <summary>A thread's own memory for the factors of the product under way.</summary>
internal static unsafe class BlockScratch
{
    [ThreadStatic]
    private static NativeBuffer? _memory;

    /// <summary>Makes room; what stood there is lost.</summary>
    /// <param name="numbers">How many bf16 numbers.</param>
    /// <returns>The first, at a cache line.</returns>
    public static ushort* Require(long numbers) => (ushort*)(_memory ??= new NativeBuffer()).Require((numbers + 1) / 2);
}
