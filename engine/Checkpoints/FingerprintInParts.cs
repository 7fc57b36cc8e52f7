using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace EDA.Engine.Checkpoints;

/// <summary>The <see cref="Fingerprint"/> of arrays that come part by part, the same as of the whole ones.</summary>
internal sealed class FingerprintInParts : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private int _arrays;

    /// <summary>Begins an array: its length goes first, so that a number cannot move from one array to the next unseen.</summary>
    /// <param name="length">The numbers that there will be.</param>
    public void Begin(long length)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, checked((int)length));
        _hash.AppendData(bytes);
        _arrays++;
    }

    /// <summary>Appends numbers to the array.</summary>
    /// <param name="values">The numbers.</param>
    public void Append(ReadOnlySpan<float> values) => _hash.AppendData(MemoryMarshal.AsBytes(values));

    /// <summary>Ends it; arrays that never began are empty.</summary>
    /// <returns>Hexadecimal digits.</returns>
    public string Finish()
    {
        while (_arrays < Fingerprint.Arrays)
            Begin(0);
        return Convert.ToHexStringLower(_hash.GetHashAndReset())[..Fingerprint.Digits];
    }

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();
}
