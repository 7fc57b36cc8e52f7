using System.Runtime.CompilerServices;

namespace EDA.Kernels.Cpu.Matrix;

/// <summary>The upper halves of fp32 numbers: eight bits of exponent, eight of significand.</summary>
public static class Bfloat16
{
    /// <summary>The nearest, of two the even one. Infinities stay; what is no number stays none.</summary>
    /// <param name="value">The number.</param>
    /// <returns>Its bf16.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Round(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>The fp32 number of a bf16.</summary>
    /// <param name="value">The bf16.</param>
    /// <returns>The same number.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Single(ushort value) => BitConverter.UInt32BitsToSingle((uint)value << 16);

    /// <summary>Two bf16 whose sum is the number to 16 bits of significand: the nearest, and the nearest to what is left.</summary>
    /// <param name="value">The number.</param>
    /// <returns>The high part and the low part.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (ushort High, ushort Low) Split(float value)
    {
        ushort high = Round(value);
        return (high, Round(value - Single(high)));
    }
}
