using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace EDA.Engine.Checkpoints;

/// <summary>A short name for the contents of arrays, by which a saved state knows its data again.</summary>
internal static class Fingerprint
{
    private const int Digits = 16;

    public static string Of(ReadOnlySpan<float> first, ReadOnlySpan<float> second = default)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(MemoryMarshal.AsBytes(first));
        hash.AppendData(MemoryMarshal.AsBytes(second));
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..Digits];
    }
}
