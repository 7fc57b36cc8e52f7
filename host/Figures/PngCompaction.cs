using System.Buffers.Binary;
using System.IO.Compression;
using System.Xml.Linq;

namespace EDA.Host.Figures;

/// <summary>
/// Compresses the images inside a plot. The plot library writes its PNG data uncompressed; packed again, a map of
/// 96 × 96 cells takes a fifth of the room.
/// </summary>
internal static class PngCompaction
{
    private const string Prefix = "data:image/png;base64,";
    private const int SignatureLength = 8;

    /// <summary>Packs every embedded PNG again.</summary>
    /// <param name="root">The plot.</param>
    public static void Apply(XElement root)
    {
        foreach (var attribute in root.DescendantsAndSelf().SelectMany(e => e.Attributes()))
        {
            if (attribute.Value.StartsWith(Prefix, StringComparison.Ordinal))
                attribute.Value = Prefix + Convert.ToBase64String(Pack(Convert.FromBase64String(attribute.Value[Prefix.Length..])));
        }
    }

    private static byte[] Pack(byte[] png)
    {
        using var result = new MemoryStream();
        using var pixels = new MemoryStream();
        result.Write(png, 0, SignatureLength);
        for (int at = SignatureLength; at < png.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at));
            var type = png.AsSpan(at + 4, 4);
            var body = png.AsSpan(at + 8, length);
            if (type.SequenceEqual("IDAT"u8))
            {
                pixels.Write(body);
            }
            else
            {
                if (type.SequenceEqual("IEND"u8))
                    WriteChunk(result, "IDAT"u8, Recompress(pixels.ToArray()));
                WriteChunk(result, type, body);
            }

            at += length + 12;
        }

        return result.ToArray();
    }

    private static byte[] Recompress(byte[] data)
    {
        using var packed = new MemoryStream();
        using (var source = new ZLibStream(new MemoryStream(data), CompressionMode.Decompress))
        using (var target = new ZLibStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
            source.CopyTo(target);
        return packed.ToArray();
    }

    private static void WriteChunk(MemoryStream stream, ReadOnlySpan<byte> type, ReadOnlySpan<byte> body)
    {
        Span<byte> word = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(word, body.Length);
        stream.Write(word);
        stream.Write(type);
        stream.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(word, ~Crc32(body, Crc32(type, uint.MaxValue)));
        stream.Write(word);
    }

    // CRC-32 of the PNG specification, one bit at a time: a few hundred kilobytes per run do not need a table.
    private static uint Crc32(ReadOnlySpan<byte> bytes, uint crc)
    {
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB88320u;
        }

        return crc;
    }
}
