using System.Buffers.Binary;

namespace EDA.Engine.Data.Formats;

/// <summary>
/// Numbers wider than a double as doubles that turn into float32 as the number itself would: what does not fit sets the
/// last bit, so that the step from double to float32 is the only one that rounds. numpy's <c>astype</c> rounds once, too.
/// </summary>
internal static class OddRounding
{
    /// <summary>Bytes of a long double that hold it; what follows is padding.</summary>
    private const int LongDoubleBytes = 10;

    private const int ExtraBits = 11;
    private const int LongDoubleBias = 16383, LongDoubleInfinity = 0x7fff, LongDoubleFraction = 63;

    public static double Of(long value) => value < 0 ? -Of((ulong)-value) : Of((ulong)value);

    public static double Of(ulong value) => value < 1UL << 53
        ? value
        : (double)((long)(value >> ExtraBits) | ((value & ((1UL << ExtraBits) - 1)) != 0 ? 1L : 0L)) * (1 << ExtraBits);

    /// <summary>A number of 80 bits as x86 has it, little-endian, padded.</summary>
    /// <param name="bytes">At least 10 bytes.</param>
    /// <returns>The number.</returns>
    public static double OfLongDouble(ReadOnlySpan<byte> bytes)
    {
        ulong fraction = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        int sign = BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]), exponent = sign & LongDoubleInfinity;
        double size = exponent == LongDoubleInfinity
            ? fraction << 1 == 0 ? double.PositiveInfinity : double.NaN
            : Math.ScaleB(Of(fraction), exponent - LongDoubleBias - LongDoubleFraction);
        return (sign & 0x8000) != 0 ? -size : size;
    }

    /// <summary>
    /// Whether bytes that numpy calls a longdouble are x86's: other machines write the IEEE format of 128 bits under the
    /// same name. x86's have a leading 1 wherever the exponent is not 0; of zeros it cannot be told.
    /// </summary>
    /// <param name="bytes">The number.</param>
    /// <returns>True or false; null where it cannot be told.</returns>
    public static bool? IsLongDouble(ReadOnlySpan<byte> bytes)
    {
        if (!bytes[..LongDoubleBytes].ContainsAnyExcept((byte)0))
            return bytes[LongDoubleBytes..].ContainsAnyExcept((byte)0) ? null : true;
        bool hasExponent = (BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]) & LongDoubleInfinity) != 0;
        return hasExponent == (bytes[7] >= 0x80);
    }
}
