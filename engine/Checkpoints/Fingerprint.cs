namespace EDA.Engine.Checkpoints;

/// <summary>A short name for the contents of arrays, by which a saved state knows its data again.</summary>
internal static class Fingerprint
{
    /// <summary>Hexadecimal digits of a name.</summary>
    public const int Digits = 16;

    /// <summary>The arrays that a name is of, some of them empty.</summary>
    public const int Arrays = 3;

    public static string Of(ReadOnlySpan<float> first, ReadOnlySpan<float> second = default, ReadOnlySpan<float> third = default)
    {
        using var parts = new FingerprintInParts();
        Append(parts, first);
        Append(parts, second);
        Append(parts, third);
        return parts.Finish();
    }

    private static void Append(FingerprintInParts parts, ReadOnlySpan<float> values)
    {
        parts.Begin(values.Length);
        parts.Append(values);
    }
}
