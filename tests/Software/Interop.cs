namespace EDA.Tests.Software;

/// <summary>Bits and numbers.</summary>
public static class Interop
{
    /// <summary>The float of these bits.</summary>
    /// <param name="value">The bits.</param>
    /// <returns>The float.</returns>
    public static float IntAsFloat(uint value) => BitConverter.UInt32BitsToSingle(value);

    /// <summary>The bits of a float.</summary>
    /// <param name="value">The float.</param>
    /// <returns>The bits.</returns>
    public static uint FloatAsInt(float value) => BitConverter.SingleToUInt32Bits(value);

    /// <summary>The double of these bits.</summary>
    /// <param name="value">The bits.</param>
    /// <returns>The double.</returns>
    public static double IntAsFloat(ulong value) => BitConverter.UInt64BitsToDouble(value);

    /// <summary>The bits of a double.</summary>
    /// <param name="value">The double.</param>
    /// <returns>The bits.</returns>
    public static ulong FloatAsInt(double value) => BitConverter.DoubleToUInt64Bits(value);
}
