using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace EDA.Engine.Data.Formats;

/// <summary>
/// What stands at the beginning of an .npy file: <c>\x93NUMPY</c>, a version, the length of a text, and that text, a
/// Python dictionary of element type, order and shape (numpy.lib.format).
/// </summary>
/// <param name="Kind">f, i, u or b; another letter where the elements are no numbers.</param>
/// <param name="Size">Bytes of an element.</param>
/// <param name="BigEndian">Whether the elements' first byte is the highest.</param>
/// <param name="ColumnMajor">Whether the first dimension runs fastest (Fortran's order).</param>
/// <param name="Shape">The dimensions.</param>
/// <param name="Length">Bytes from the beginning of the file to the first element.</param>
internal sealed partial record NpyHeader(char Kind, int Size, bool BigEndian, bool ColumnMajor, long[] Shape, long Length)
{
    private const int LongestText = 1 << 20;
    private static readonly byte[] Magic = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>The number of elements; −1 where it is beyond an array.</summary>
    public long Elements
    {
        get
        {
            long product = 1;
            foreach (long size in Shape)
            {
                if (size < 0 || (size > 0 && product > Array.MaxLength / size))
                    return -1;
                product *= size;
            }

            return product;
        }
    }

    /// <summary>Whether the elements are numbers that can be read.</summary>
    public bool IsNumeric => (Kind, Size) is ('f', 2 or 4 or 8) or ('i' or 'u', 1 or 2 or 4 or 8) or ('b', 1);

    /// <summary>The type in numpy's words.</summary>
    public string TypeName => Kind switch
    {
        'f' => $"float{8 * Size}",
        'i' => $"int{8 * Size}",
        'u' => $"uint{8 * Size}",
        'b' => "bool",
        _ => "no number",
    };

    /// <summary>Reads a header; the stream then stands at the first element.</summary>
    /// <returns>The header, or null where there is none.</returns>
    public static NpyHeader? Read(Stream stream)
    {
        Span<byte> start = stackalloc byte[12];
        if (stream.ReadAtLeast(start[..10], 10, throwOnEndOfStream: false) < 10 || !start[..6].SequenceEqual(Magic))
            return null;
        bool isFirstVersion = start[6] == 1;
        if (!isFirstVersion && stream.ReadAtLeast(start[10..], 2, throwOnEndOfStream: false) < 2)
            return null;
        long length = isFirstVersion ? BinaryPrimitives.ReadUInt16LittleEndian(start[8..]) : BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
        if (length > LongestText)
            return null;
        var bytes = new byte[length];
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
            return null;
        return Parse(Encoding.UTF8.GetString(bytes), length + (isFirstVersion ? 10 : 12));
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

    private static NpyHeader? Parse(string text, long length)
    {
        var order = OrderPattern().Match(text);
        var shape = ShapePattern().Match(text);
        if (!order.Success || !shape.Success)
            return null;
        string[] words = shape.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var dimensions = new long[words.Length];
        for (int i = 0; i < words.Length; i++)
        {
            if (!long.TryParse(words[i], NumberStyles.None, CultureInfo.InvariantCulture, out dimensions[i]))
                return null;
        }

        // A record type is a list here, and no number.
        var type = TypePattern().Match(text);
        int size = 0;
        bool isPlain = type.Success && int.TryParse(type.Groups[3].Value, NumberStyles.None, CultureInfo.InvariantCulture, out size);
        return new NpyHeader(isPlain ? type.Groups[2].Value[0] : '?', size, type.Groups[1].Value == ">", order.Groups[1].Value == "True", dimensions, length);
    }

    [GeneratedRegex("'descr'\\s*:\\s*'([<>|=]?)([a-zA-Z])(\\d+)'")]
    private static partial Regex TypePattern();

    [GeneratedRegex("'fortran_order'\\s*:\\s*(True|False)")]
    private static partial Regex OrderPattern();

    [GeneratedRegex("'shape'\\s*:\\s*\\(([^)]*)\\)")]
    private static partial Regex ShapePattern();
}
