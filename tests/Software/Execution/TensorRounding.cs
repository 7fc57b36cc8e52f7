namespace EDA.Tests.Software;

/// <summary>What the GPU's conversions do to a float.</summary>
internal static class TensorRounding
{
    private const uint ExponentMask = 0x7F800000;
    private const uint CanonicalNaN = 0x7FFFFFFF;

    /// <summary>To 10 bits behind the point, nearest, halves away from zero.</summary>
    /// <returns>The bits of the float that it stands for.</returns>
    public static uint ToTf32(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value))
            return CanonicalNaN;
        return (bits & ExponentMask) == ExponentMask ? bits : (bits + 0x1000) & 0xFFFFE000;
    }

    /// <summary>To 7 bits behind the point, nearest, halves to even (cvt.rn.bf16x2.f32).</summary>
    /// <returns>The first in the lower half, the second in the upper.</returns>
    public static uint ToBf16Pair(float first, float second) => (ToBf16(second) << 16) | ToBf16(first);

    private static uint ToBf16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? CanonicalNaN >> 16 : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
    }
}
