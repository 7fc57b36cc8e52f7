using System.Buffers.Binary;

namespace EDA.Engine.Data.Hdf5;

/// <summary>
/// The description of a number in an HDF5 file: bits within bytes. The library takes it at its word, and reads beyond the
/// number where the bits do.
/// </summary>
internal static class Hdf5DatatypeMessage
{
    private const int Whole = 0, Float = 1, Bits = 4, Enumeration = 8;
    private const int Head = 8;

    /// <summary>Whether the bits of a number lie within its bytes; true of what is no number.</summary>
    /// <param name="message">The description.</param>
    /// <returns>False where they do not.</returns>
    public static bool IsSound(ReadOnlySpan<byte> message)
    {
        if (message.Length < Head)
            return true;
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(message[4..]);
        return (message[0] & 15) switch
        {
            Whole or Bits => IsWithin(message, size, out _),
            Float => IsSoundFloat(message, size),
            Enumeration => message.Length < Head + Head || (BinaryPrimitives.ReadUInt32LittleEndian(message[(Head + 4)..]) == size && IsSound(message[Head..])),
            _ => true,
        };
    }

    private static bool IsSoundFloat(ReadOnlySpan<byte> message, uint size)
    {
        if (!IsWithin(message, size, out int end) || message.Length < Head + 12)
            return false;
        int sign = message[2], exponent = message[Head + 4], exponentBits = message[Head + 5], mantissa = message[Head + 6], mantissaBits = message[Head + 7];
        return sign < end && exponentBits > 0 && mantissaBits > 0 && exponentBits <= 63 && exponent + exponentBits <= end && mantissa + mantissaBits <= end;
    }

    private static bool IsWithin(ReadOnlySpan<byte> message, uint size, out int end)
    {
        end = 0;
        if (message.Length < Head + 4)
            return false;
        int offset = BinaryPrimitives.ReadUInt16LittleEndian(message[Head..]), precision = BinaryPrimitives.ReadUInt16LittleEndian(message[(Head + 2)..]);
        end = offset + precision;
        return precision > 0 && (ulong)end <= 8ul * size;
    }
}
