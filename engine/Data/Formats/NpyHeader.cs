using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace EDA.Engine.Data.Formats;

/// <summary>
/// What stands at the beginning of an .npy file: <c>\x93NUMPY</c>, a version, the length of a text, and that text, a
/// Python dictionary of element type, order and shape (numpy.lib.format).
/// </summary>
/// <param name="Type">The elements' type.</param>
/// <param name="ColumnMajor">Whether the first dimension runs fastest (Fortran's order).</param>
/// <param name="Shape">The dimensions.</param>
/// <param name="Length">Bytes from the beginning of the file to the first element.</param>
internal sealed record NpyHeader(NpyType Type, bool ColumnMajor, long[] Shape, long Length)
{
    private const int LongestText = 1 << 20;
    private static readonly byte[] Magic = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];
    private static readonly string[] Keys = ["descr", "fortran_order", "shape"];

    /// <summary>The number of elements; −1 where it is beyond an array.</summary>
    public long Elements
    {
        get
        {
            long product = 1;
            foreach (long size in Shape)
            {
                if (size > 0 && product > Array.MaxLength / size)
                    return -1;
                product *= size;
            }

            return product;
        }
    }

    /// <summary>Reads a header; the stream then stands at the first element.</summary>
    /// <param name="stream">The file from its beginning.</param>
    /// <returns>The header.</returns>
    /// <exception cref="FormatException">There is none, or it is broken: the message says so in words that follow a name.</exception>
    public static NpyHeader Read(Stream stream)
    {
        Span<byte> start = stackalloc byte[12];
        if (stream.ReadAtLeast(start[..10], 10, throwOnEndOfStream: false) < 10 || !start[..6].SequenceEqual(Magic))
            throw new FormatException("is no array: the header of an .npy file is missing or broken");
        byte version = start[6];
        if (version is not (1 or 2 or 3))
            throw new FormatException($"is an .npy file of version {version}.{start[7]}; allowed are 1.0, 2.0 and 3.0");
        bool isFirst = version == 1;
        if (!isFirst && stream.ReadAtLeast(start[10..], 2, throwOnEndOfStream: false) < 2)
            throw new FormatException("is broken: it ends within its header");
        long length = isFirst ? BinaryPrimitives.ReadUInt16LittleEndian(start[8..]) : BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
        if (length > LongestText)
            throw new FormatException($"is broken: its header would be {length} bytes long");
        var bytes = new byte[length];
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
            throw new FormatException("is broken: it ends within its header");
        return Parse((version == 3 ? Encoding.UTF8 : Encoding.Latin1).GetString(bytes), length + (isFirst ? 10 : 12));
    }

    /// <summary>The header of an array, as numpy writes it: its text padded to a multiple of 64 bytes.</summary>
    public static byte[] Write(string type, ReadOnlySpan<int> shape)
    {
        string dimensions = shape.Length == 1 ? $"{shape[0]}," : string.Join(", ", shape.ToArray());
        string text = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({dimensions}), }}";
        text = text.PadRight(((text.Length + 11 + 63) / 64 * 64) - 11) + '\n';
        var header = new byte[10 + text.Length];
        Magic.CopyTo(header, 0);
        (header[6], header[7]) = (1, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), (ushort)text.Length);
        Encoding.ASCII.GetBytes(text, header.AsSpan(10));
        return header;
    }

    private static NpyHeader Parse(string text, long length)
    {
        object? literal;
        try
        {
            literal = PythonLiteral.Parse(text);
        }
        catch (FormatException)
        {
            throw new FormatException("is broken: its header is no dictionary of Python");
        }

        if (literal is not Dictionary<string, object?> entries)
            throw new FormatException("is broken: its header is no dictionary of Python");
        if (entries.Count != Keys.Length || !Array.TrueForAll(Keys, entries.ContainsKey))
            throw new FormatException($"is broken: its header has {string.Join(", ", entries.Keys)}; allowed are {string.Join(", ", Keys)}");
        if (entries["fortran_order"] is not bool columnMajor)
            throw new FormatException("is broken: fortran_order in its header is neither True nor False");
        if (entries["shape"] is not object?[] sizes || !Array.TrueForAll(sizes, size => size is BigInteger number && number >= 0 && number <= long.MaxValue))
            throw new FormatException("is broken: the shape in its header is no tuple of sizes");
        return new NpyHeader(NpyType.Of(entries["descr"]), columnMajor, [.. sizes.Select(size => (long)(BigInteger)size!)], length);
    }
}
