using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace EDA.Engine.Checkpoints;

/// <summary>A short name for the contents of arrays, by which a saved state knows its data again.</summary>
internal static class Fingerprint
{
    private const int Digits = 16;

    public static string Of(ReadOnlySpan<float> first, ReadOnlySpan<float> second = default, ReadOnlySpan<float> third = default)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, first);
        Append(hash, second);
        Append(hash, third);
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..Digits];
    }

    /// <summary>The length goes first, so that a number cannot move from one array to the next unseen.</summary>
    private static void Append(IncrementalHash hash, ReadOnlySpan<float> values)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, values.Length);
        hash.AppendData(length);
        hash.AppendData(MemoryMarshal.AsBytes(values));
    }
}
