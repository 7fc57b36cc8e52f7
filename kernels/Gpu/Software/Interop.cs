namespace EDA.Kernels.Gpu.Software;

/// <summary>Bits and numbers.</summary>
public static class Interop
{
    /// <summary>The float of these bits.</summary>
    /// <param name="value">The bits.</param>
    /// <returns>The float.</returns>
    public static float IntAsFloat(uint value) => BitConverter.UInt32BitsToSingle(value);
}
