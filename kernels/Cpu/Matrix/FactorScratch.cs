namespace EDA.Kernels.Cpu.Matrix;

/// <summary>A thread's own memory for the factors of the product under way: grown, never shrunk.</summary>
internal static unsafe class FactorScratch
{
    [ThreadStatic]
    private static NativeBuffer? _memory;

    [ThreadStatic]
    private static long _floats;

    /// <summary>Makes room; what stood there is lost. It ends where the memory does, so that where memory is guarded nothing is written past it.</summary>
    /// <param name="blocks">How many <see cref="BlockProduct"/> blocks of bf16 numbers.</param>
    /// <returns>The first number, at a cache line.</returns>
    public static ushort* Require(long blocks)
    {
        long floats = blocks * BlockProduct.Length / 2;
        if (floats > _floats)
        {
            (_memory ??= new NativeBuffer()).Require(floats);
            _floats = floats;
        }

        return (ushort*)(_memory!.Pointer + (_floats - floats));
    }
}
