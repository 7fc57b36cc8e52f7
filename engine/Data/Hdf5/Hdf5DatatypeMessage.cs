using System.Buffers.Binary;

namespace EDA.Engine.Data.Hdf5;

/// <summary>
/// The description of a number in an HDF5 file: bits within bytes, or a list of names. The library takes it at its word,
/// and reads beyond the number, or the description, where they do.
/// </summary>
internal static class Hdf5DatatypeMessage
{
    private const int Whole = 0, Float = 1, Bits = 4, Enumeration = 8;
    private const int Head = 8;

    /// <summary>Whether the bits of a number lie within its bytes, and names within the description; true of what is no number.</summary>
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
            Enumeration => IsSoundEnumeration(message, size),
            _ => true,
        };
    }

    /// <summary>A name and a value for each member, after the type of the values.</summary>
    private static bool IsSoundEnumeration(ReadOnlySpan<byte> message, uint size)
    {
        const int BaseLength = 12, Padding = 8;
        if (message.Length < Head + BaseLength || BinaryPrimitives.ReadUInt32LittleEndian(message[(Head + 4)..]) != size || !IsSound(message[Head..]))
            return false;
        if ((message[Head] & 15) != Whole)
            return true;
        int at = Head + BaseLength, members = BinaryPrimitives.ReadUInt16LittleEndian(message[1..]);
        bool isPadded = message[0] >> 4 < 3;
        for (int i = 0; i < members; i++)
        {
            int length = at < message.Length ? message[at..].IndexOf((byte)0) + 1 : 0;
            if (length == 0)
                return false;
            at += isPadded ? (length + Padding - 1) / Padding * Padding : length;
        }

        return at + (members * (long)size) <= message.Length;
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
