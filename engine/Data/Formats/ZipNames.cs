using System.Buffers.Binary;
using System.Text;

namespace EDA.Engine.Data.Formats;

/// <summary>
/// The names in a ZIP archive stand twice: in the list at its end and before each member. Where they differ, one of them is
/// damaged, and an array may pass for another or be missed; the framework's reader looks at the list alone.
/// </summary>
internal static class ZipNames
{
    private const uint ListEnd = 0x06054b50, LongListEnd = 0x06064b50, LongListLocator = 0x07064b50, ListEntry = 0x02014b50, MemberStart = 0x04034b50;
    private const int ListEndBytes = 22, LocatorBytes = 20, LongListEndBytes = 56, ListEntryBytes = 46, MemberBytes = 30;
    private const int LongestComment = 1 << 16;
    private const uint InExtra = 0xffffffff;
    private const ushort LongSizes = 1;

    /// <summary>Compares the names of an archive that the framework's reader has opened.</summary>
    /// <param name="stream">The archive; its position is changed.</param>
    /// <exception cref="InvalidDataException">Two differ, or a member does not stand where the list says: the message says so.</exception>
    public static void RequireAgreement(Stream stream)
    {
        var (at, count) = FindList(stream);
        for (long i = 0; i < count; i++)
        {
            byte[] entry = Read(stream, at, ListEntryBytes);
            if (BinaryPrimitives.ReadUInt32LittleEndian(entry) != ListEntry)
                throw new InvalidDataException("the list of its arrays is broken");
            int name = BinaryPrimitives.ReadUInt16LittleEndian(entry.AsSpan(28)), extra = BinaryPrimitives.ReadUInt16LittleEndian(entry.AsSpan(30)), comment = BinaryPrimitives.ReadUInt16LittleEndian(entry.AsSpan(32));
            byte[] rest = Read(stream, at + ListEntryBytes, name + extra);
            RequireName(stream, Offset(entry, rest.AsSpan(name)), rest.AsSpan(0, name));
            at += ListEntryBytes + name + extra + comment;
        }
    }

    private static (long Offset, long Count) FindList(Stream stream)
    {
        byte[] end = Read(stream, Math.Max(0, stream.Length - ListEndBytes - LongestComment), (int)Math.Min(stream.Length, ListEndBytes + LongestComment));
        int place = end.Length - ListEndBytes;
        while (place >= 0 && BinaryPrimitives.ReadUInt32LittleEndian(end.AsSpan(place)) != ListEnd)
            place--;
        if (place < 0)
            throw new InvalidDataException("the list of its arrays is not at its end");
        long before = stream.Length - end.Length + place - LocatorBytes;
        if (before >= 0)
        {
            byte[] locator = Read(stream, before, LocatorBytes);
            if (BinaryPrimitives.ReadUInt32LittleEndian(locator) == LongListLocator)
            {
                byte[] record = Read(stream, BinaryPrimitives.ReadInt64LittleEndian(locator.AsSpan(8)), LongListEndBytes);
                if (BinaryPrimitives.ReadUInt32LittleEndian(record) == LongListEnd)
                    return (BinaryPrimitives.ReadInt64LittleEndian(record.AsSpan(48)), BinaryPrimitives.ReadInt64LittleEndian(record.AsSpan(32)));
            }
        }

        return (BinaryPrimitives.ReadUInt32LittleEndian(end.AsSpan(place + 16)), BinaryPrimitives.ReadUInt16LittleEndian(end.AsSpan(place + 10)));
    }

    /// <summary>Where a member stands: beyond four gigabytes behind the sizes that have no room either.</summary>
    private static long Offset(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> extra)
    {
        uint offset = BinaryPrimitives.ReadUInt32LittleEndian(entry[42..]);
        while (offset == InExtra && extra.Length >= 4)
        {
            ushort kind = BinaryPrimitives.ReadUInt16LittleEndian(extra), length = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            int place = 4 + (BinaryPrimitives.ReadUInt32LittleEndian(entry[24..]) == InExtra ? 8 : 0) + (BinaryPrimitives.ReadUInt32LittleEndian(entry[20..]) == InExtra ? 8 : 0);
            if (kind == LongSizes)
                return extra.Length >= place + 8 ? BinaryPrimitives.ReadInt64LittleEndian(extra[place..]) : -1;
            extra = extra[Math.Min(extra.Length, 4 + length)..];
        }

        return offset;
    }

    private static void RequireName(Stream stream, long offset, ReadOnlySpan<byte> listed)
    {
        byte[] start = Read(stream, offset, MemberBytes);
        if (BinaryPrimitives.ReadUInt32LittleEndian(start) != MemberStart)
            throw new InvalidDataException($"{Encoding.UTF8.GetString(listed)} is not where the list of its arrays says");
        byte[] name = Read(stream, offset + MemberBytes, BinaryPrimitives.ReadUInt16LittleEndian(start.AsSpan(26)));
        if (!listed.SequenceEqual(name))
            throw new InvalidDataException($"{Encoding.UTF8.GetString(listed)} in the list of its arrays is {Encoding.UTF8.GetString(name)} where it stands");
    }

    private static byte[] Read(Stream stream, long offset, int count)
    {
        if (offset < 0 || offset > stream.Length - count)
            throw new InvalidDataException("the list of its arrays is broken");
        stream.Position = offset;
        var bytes = new byte[count];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
