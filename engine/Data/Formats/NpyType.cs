using System.Globalization;
using System.Text.RegularExpressions;

namespace EDA.Engine.Data.Formats;

/// <summary>The type of an .npy file's elements.</summary>
/// <param name="Kind">numpy's letter: f, i, u, b for numbers and truth values; S, U, c, O, M and so on for others.</param>
/// <param name="Size">Bytes of an element; 0 where it is not known.</param>
/// <param name="BigEndian">Whether the elements' first byte is the highest.</param>
/// <param name="Name">The type in numpy's words.</param>
internal sealed partial record NpyType(char Kind, int Size, bool BigEndian, string Name)
{
    /// <summary>What a longdouble takes in a file: 80 bits, padded to 16 bytes, on 32-bit systems to 12.</summary>
    public const int PaddedLongDouble = 16, ShortLongDouble = 12;

    // What stands for a type without a size: numpy's letters for C's types, and its names.
    private static readonly Dictionary<string, string> Plain = new(StringComparer.Ordinal)
    {
        ["?"] = "b1",
        ["b"] = "i1",
        ["B"] = "u1",
        ["h"] = "i2",
        ["H"] = "u2",
        ["i"] = "i4",
        ["I"] = "u4",
        ["l"] = "i8",
        ["L"] = "u8",
        ["q"] = "i8",
        ["Q"] = "u8",
        ["p"] = "i8",
        ["P"] = "u8",
        ["e"] = "f2",
        ["f"] = "f4",
        ["d"] = "f8",
        ["g"] = "f16",
        ["F"] = "c8",
        ["D"] = "c16",
        ["G"] = "c32",
        ["bool"] = "b1",
        ["int8"] = "i1",
        ["uint8"] = "u1",
        ["int16"] = "i2",
        ["uint16"] = "u2",
        ["int32"] = "i4",
        ["uint32"] = "u4",
        ["int64"] = "i8",
        ["uint64"] = "u8",
        ["int"] = "i8",
        ["float16"] = "f2",
        ["float32"] = "f4",
        ["float64"] = "f8",
        ["float"] = "f8",
        ["half"] = "f2",
        ["single"] = "f4",
        ["double"] = "f8",
        ["longdouble"] = "f16",
        ["float128"] = "f16",
        ["float96"] = "f12",
        ["complex64"] = "c8",
        ["complex128"] = "c16",
        ["object"] = "O",
    };

    /// <summary>Whether the elements are numbers that can be read.</summary>
    public bool IsNumeric => (Kind, Size) is ('f', 2 or 4 or 8 or ShortLongDouble or PaddedLongDouble) or ('i' or 'u', 1 or 2 or 4 or 8) or ('b', 1);

    /// <summary>Whether the elements are long doubles.</summary>
    public bool IsLongDouble => Kind == 'f' && Size is ShortLongDouble or PaddedLongDouble;

    /// <summary>The type that the header's descr names.</summary>
    /// <param name="description">A text as a rule; a list of a record's fields, or a tuple of a type and its shape.</param>
    /// <returns>The type, <c>?</c> of a kind where it has no name.</returns>
    public static NpyType Of(object? description) => description switch
    {
        string text => OfText(text),
        object?[] { Length: > 0 } fields when Array.TrueForAll(fields, field => field is object?[]) => new('V', 0, false, "a structured type"),
        object?[] => new('V', 0, false, "arrays of a type"),
        _ => new('?', 0, false, "an unknown type"),
    };

    private static NpyType OfText(string text)
    {
        bool bigEndian = text.StartsWith('>');
        string word = text.TrimStart('<', '>', '=', '|');
        word = Plain.GetValueOrDefault(word, word);
        var match = Sized().Match(word);
        if (!match.Success)
            return new('?', 0, bigEndian, $"an unknown type, '{text}',");
        char kind = match.Groups[1].ValueSpan[0];
        _ = int.TryParse(match.Groups[2].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int size);
        int bytes = kind == 'U' ? (int)Math.Min(4L * size, int.MaxValue) : size;
        return new(kind, bytes, bigEndian, NameOf(kind, size, match.Groups[3].Value));
    }

    private static string NameOf(char kind, int size, string unit) => kind switch
    {
        'f' => WithBits("float", size),
        'i' => WithBits("int", size),
        'u' => WithBits("uint", size),
        'b' => "bool",
        'c' => WithBits("complex", size),
        'S' or 'a' => $"texts of {size} bytes",
        'U' => $"texts of {size} characters",
        'O' => "Python objects, pickled,",
        'M' => $"datetime64{unit}",
        'm' => $"timedelta64{unit}",
        'V' => $"raw bytes, {size} each,",
        _ => $"an unknown type, '{kind}',",
    };

    private static string WithBits(string name, int size) => name + (8L * size).ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^([a-zA-Z])(\d*)(\[[^\]]*\])?$")]
    private static partial Regex Sized();
}
