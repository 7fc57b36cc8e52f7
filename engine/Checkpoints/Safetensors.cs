using System.Buffers.Binary;
using System.Text.Json;
using EDA.Engine.Files;
using EDA.Kernels;

namespace EDA.Engine.Checkpoints;

/// <summary>A tensor in the host's memory.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its dimensions, outermost first; empty for a single number.</param>
/// <param name="Values">Its elements, row-major.</param>
public sealed record NamedTensor(string Name, IReadOnlyList<int> Shape, float[] Values)
{
    /// <summary>The slices of a flat parameter array as tensors of their own.</summary>
    internal static IEnumerable<NamedTensor> Of(IEnumerable<ParameterSlice> slices, string prefix, float[] parameters) =>
        slices.Select(slice => new NamedTensor(prefix + slice.Name, slice.Dimensions, parameters[slice.Offset..(slice.Offset + slice.Length)]));
}

/// <summary>A tensor of a .safetensors file as its header has it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The type of its elements in the format's words: F32, BF16, I64 …</param>
/// <param name="Shape">Its dimensions, outermost first; empty for a single number.</param>
public sealed record TensorEntry(string Name, string Type, IReadOnlyList<int> Shape)
{
    /// <summary>Whether its elements are numbers that can be read: F32, F64, F16 or BF16.</summary>
    public bool IsReadable => Safetensors.Readable.Contains(Type);
}

/// <summary>What a .safetensors file holds.</summary>
/// <param name="Tensors">The tensors, in the order of their data in the file.</param>
/// <param name="Metadata">The file's free text, by key.</param>
public sealed record SafetensorsContent(IReadOnlyList<NamedTensor> Tensors, IReadOnlyDictionary<string, string> Metadata);

/// <summary>
/// The .safetensors format: eight bytes of header length, a JSON header with dtype, shape and data offsets of each
/// tensor, then the tensors' bytes without gaps, all little-endian.
/// </summary>
public static class Safetensors
{
    /// <summary>The header's entry of free text.</summary>
    internal const string MetadataKey = "__metadata__";

    /// <summary>The format's own limit on the header, so that a broken length cannot ask for all memory.</summary>
    private const long LongestHeader = 100_000_000;

    private const int BytesAtOnce = 1 << 16;

    /// <summary>The types whose numbers are read.</summary>
    internal static readonly string[] Readable = ["F32", "F64", "F16", "BF16"];

    // Of other types only the bits of an element are known, so that a header can be checked.
    private static readonly Dictionary<string, int> BitsOfType = new(StringComparer.Ordinal)
    {
        ["F64"] = 64,
        ["F32"] = 32,
        ["F16"] = 16,
        ["BF16"] = 16,
        ["I64"] = 64,
        ["U64"] = 64,
        ["C64"] = 64,
        ["I32"] = 32,
        ["U32"] = 32,
        ["I16"] = 16,
        ["U16"] = 16,
        ["I8"] = 8,
        ["U8"] = 8,
        ["BOOL"] = 8,
        ["F8_E4M3"] = 8,
        ["F8_E5M2"] = 8,
        ["F8_E8M0"] = 8,
    };

    /// <summary>Reads a file's tensors, all or some. Numbers of F64, F16 and BF16 are turned into float.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isWanted">Which tensors to read, by name; null for all.</param>
    /// <returns>The tensors that were wanted, and the file's free text.</returns>
    /// <exception cref="InvalidFileException">
    /// The file is not a whole and consistent .safetensors file, or a tensor that is wanted is of another type or holds what
    /// is not finite as float32: the message names it.
    /// </exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SafetensorsContent Read(string path, Func<string, bool>? isWanted = null) => Read(path, isWanted, RequireFinite);

    /// <summary>Reads a file's tensors as they are, NaN and all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isWanted">Which tensors to read, by name; null for all.</param>
    /// <returns>The tensors that were wanted, and the file's free text.</returns>
    /// <exception cref="InvalidFileException">The file is not a whole and consistent .safetensors file, or a tensor that is wanted is of another type.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SafetensorsContent ReadUnchecked(string path, Func<string, bool>? isWanted = null) => Read(path, isWanted, (_, _) => { });

    /// <summary>Reads what a file's header says of its tensors, whatever their types, and nothing of their numbers.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The tensors in the order of their data.</returns>
    /// <exception cref="InvalidFileException">The file is not a whole and consistent .safetensors file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyList<TensorEntry> List(string path)
    {
        using var stream = Open(path);
        return [.. ReadHeader(path, stream).Entries.Select(entry => entry.Described)];
    }

    /// <summary>Reads a file's free text, and nothing of its tensors but where they stand.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The text, by key.</returns>
    /// <exception cref="InvalidFileException">The file is not a whole and consistent .safetensors file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyDictionary<string, string> ReadMetadata(string path)
    {
        using var stream = Open(path);
        return ReadHeader(path, stream).Metadata;
    }

    /// <summary>Writes a file of F32 tensors: to a temporary file beside it first, so that no broken file is ever seen.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">The tensors; names are unique.</param>
    /// <param name="metadata">Free text by key.</param>
    /// <param name="overwrite">Whether a file of that name may be replaced.</param>
    /// <param name="checksum">Whether a SHA-256 of it all is added to the free text; who reads all of the file is refused one that it is not of.</param>
    /// <exception cref="ArgumentException">A name is used twice or reserved, or a shape does not fit its values.</exception>
    /// <exception cref="IOException">The file exists and may not be replaced, or it cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null, bool overwrite = false, bool checksum = false)
    {
        byte[] header = Header(tensors, checksum ? TensorChecksum.Added(tensors, metadata) : metadata);
        if (!overwrite && File.Exists(path))
            throw new IOException($"{path} exists already and is not replaced");

        WholeFile.Write(path, overwrite, file =>
        {
            using var stream = new FileStream(file, FileMode.CreateNew, FileAccess.Write);
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            stream.Write(length);
            stream.Write(header);
            var buffer = new byte[BytesAtOnce];
            foreach (var tensor in tensors)
                WriteValues(stream, tensor.Values, buffer);
            stream.Flush(flushToDisk: true);
        });
    }

    private static FileStream Open(string path) => Data.FileToRead.Open(path);

    private static SafetensorsContent Read(string path, Func<string, bool>? isWanted, Action<string, NamedTensor> check)
    {
        using var stream = Open(path);
        var (entries, metadata) = ReadHeader(path, stream);
        long start = stream.Position;
        var tensors = new List<NamedTensor>(entries.Count);
        foreach (var entry in entries.Where(entry => isWanted is null || isWanted(entry.Described.Name)))
        {
            if (!entry.Described.IsReadable)
                throw new InvalidFileException(path, $"{entry.Described.Name} holds {entry.Described.Type}; allowed are {string.Join(", ", Readable)}");
            stream.Position = start + entry.Begin;
            var tensor = new NamedTensor(entry.Described.Name, entry.Described.Shape, ReadValues(path, stream, entry));
            check(path, tensor);
            tensors.Add(tensor);
        }

        var content = new SafetensorsContent(tensors, metadata);
        if (isWanted is null)
            TensorChecksum.Require(path, content);
        return content;
    }

    private static void RequireFinite(string path, NamedTensor tensor)
    {
        int place = Array.FindIndex(tensor.Values, value => !float.IsFinite(value));
        if (place >= 0)
            throw new InvalidFileException(path, FormattableString.Invariant($"{tensor.Name}{Index(tensor.Shape, place)} is {tensor.Values[place]:R}; allowed is a number that is finite as float32"));
    }

    // As numpy writes it: [3, 0] of a matrix, nothing of a single number.
    private static string Index(IReadOnlyList<int> shape, int place)
    {
        var index = new int[shape.Count];
        for (int i = shape.Count - 1; i >= 0; i--)
            (place, index[i]) = Math.DivRem(place, shape[i]);
        return index.Length == 0 ? string.Empty : $"[{string.Join(", ", index)}]";
    }

    /// <summary>Reads up to the first tensor's numbers, and refuses a header that is not that of a whole file.</summary>
    private static (List<Entry> Entries, Dictionary<string, string> Metadata) ReadHeader(string path, FileStream stream)
    {
        Span<byte> prefix = stackalloc byte[8];
        if (stream.ReadAtLeast(prefix, 8, throwOnEndOfStream: false) < 8)
            throw new InvalidFileException(path, "not a safetensors file: it ends before the header's length");
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > LongestHeader)
            throw new InvalidFileException(path, $"not a safetensors file: the header would be {length} bytes long");
        if (length < 2 || (long)length > stream.Length - 8)
            throw new InvalidFileException(path, $"broken or cut short: a header of {length} bytes in a file of {stream.Length}");
        byte[] header = new byte[length];
        stream.ReadExactly(header);
        var (entries, metadata) = Parse(path, header);
        Check(path, entries, stream.Length - stream.Position);
        return (entries, metadata);
    }

    private static (List<Entry> Entries, Dictionary<string, string> Metadata) Parse(string path, byte[] header)
    {
        var entries = new List<Entry>();
        var metadata = new Dictionary<string, string>();
        try
        {
            using var document = JsonDocument.Parse(header);
            var seen = new HashSet<string>();
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (!seen.Add(property.Name))
                    throw new InvalidFileException(path, $"two entries named {property.Name}");
                if (property.Name != MetadataKey)
                {
                    entries.Add(ParseEntry(path, property));
                    continue;
                }

                ReadMetadata(path, property.Value, metadata);
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new InvalidFileException(path, "the header is not the JSON of a safetensors file", error);
        }

        entries.Sort((a, b) => (a.Begin, a.End).CompareTo((b.Begin, b.End)));
        return (entries, metadata);
    }

    private static void ReadMetadata(string path, JsonElement value, Dictionary<string, string> metadata)
    {
        if (value.ValueKind != JsonValueKind.Object)
            throw new InvalidFileException(path, $"{MetadataKey} is {Kind(value)}; allowed is an object of texts, or none");
        foreach (var item in value.EnumerateObject())
        {
            metadata[item.Name] = item.Value.ValueKind == JsonValueKind.String
                ? item.Value.GetString()!
                : throw new InvalidFileException(path, $"{MetadataKey} has {Kind(item.Value)} under {item.Name}; allowed are texts");
        }

        static string Kind(JsonElement value) => value.ValueKind switch
        {
            JsonValueKind.Null => "null",
            JsonValueKind.Number => "a number",
            JsonValueKind.True or JsonValueKind.False => "a truth value",
            JsonValueKind.Array => "a list",
            JsonValueKind.Object => "an object",
            _ => "a text",
        };
    }

    private static Entry ParseEntry(string path, JsonProperty property)
    {
        string name = property.Name;
        string type = property.Value.GetProperty("dtype").GetString() ?? string.Empty;
        var shape = new List<int>();
        long elements = 1;
        foreach (var dimension in property.Value.GetProperty("shape").EnumerateArray())
        {
            int value = dimension.GetInt32();
            if (value < 0 || elements * value > Array.MaxLength)
                throw new InvalidFileException(path, $"{name} has an impossible shape, {property.Value.GetProperty("shape").GetRawText()}");
            elements *= value;
            shape.Add(value);
        }

        var offsets = property.Value.GetProperty("data_offsets");
        if (offsets.GetArrayLength() != 2)
            throw new InvalidFileException(path, $"{name} has {offsets.GetArrayLength()} data offsets instead of 2");
        var entry = new Entry(new TensorEntry(name, type, shape), elements, offsets[0].GetInt64(), offsets[1].GetInt64());
        // Of a type that is not known, the offsets are all there is to believe.
        long needed = BitsOfType.TryGetValue(type, out int bits) ? elements * bits / 8 : entry.End - entry.Begin;
        if (entry.Begin < 0 || entry.End < entry.Begin || entry.End - entry.Begin != needed)
            throw new InvalidFileException(path, $"{name} needs {needed} bytes and has offsets {entry.Begin} to {entry.End}");
        return entry;
    }

    private static void Check(string path, List<Entry> entries, long dataLength)
    {
        long end = 0;
        foreach (var entry in entries)
        {
            if (entry.Begin < end)
                throw new InvalidFileException(path, $"{entry.Described.Name} overlaps the tensor before it");
            if (entry.Begin > end)
                throw new InvalidFileException(path, $"there is a gap of {entry.Begin - end} bytes before {entry.Described.Name}");
            end = entry.End;
        }

        if (end > dataLength)
            throw new InvalidFileException(path, $"cut short: {dataLength} bytes of data where the header names {end}");
        if (end < dataLength)
            throw new InvalidFileException(path, $"{dataLength - end} bytes follow the last tensor");
    }

    private static float[] ReadValues(string path, FileStream stream, Entry entry)
    {
        var values = new float[entry.Elements];
        var buffer = new byte[BytesAtOnce];
        int size = BitsOfType[entry.Described.Type] / 8;
        int perBuffer = BytesAtOnce / size;
        for (int first = 0; first < values.Length; first += perBuffer)
        {
            int count = Math.Min(perBuffer, values.Length - first);
            var bytes = buffer.AsSpan(0, count * size);
            if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
                throw new InvalidFileException(path, $"cut short within {entry.Described.Name}");
            for (int i = 0; i < count; i++)
            {
                var element = bytes[(i * size)..];
                values[first + i] = entry.Described.Type switch
                {
                    "F64" => (float)BinaryPrimitives.ReadDoubleLittleEndian(element),
                    "F32" => BinaryPrimitives.ReadSingleLittleEndian(element),
                    "F16" => (float)BinaryPrimitives.ReadHalfLittleEndian(element),
                    _ => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(element) << 16),
                };
            }
        }

        return values;
    }

    private static byte[] Header(IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject(MetadataKey);
                foreach (var (key, value) in metadata)
                    json.WriteString(key, value);
                json.WriteEndObject();
            }

            var names = new HashSet<string> { MetadataKey };
            long offset = 0;
            foreach (var tensor in tensors)
            {
                if (!names.Add(tensor.Name))
                    throw new ArgumentException($"the name {tensor.Name} is used twice or reserved", nameof(tensors));
                if (tensor.Shape.Aggregate(1L, (product, size) => product * size) != tensor.Values.Length)
                    throw new ArgumentException($"{tensor.Name} has {tensor.Values.Length} values for the shape [{string.Join("×", tensor.Shape)}]", nameof(tensors));
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", "F32");
                json.WriteStartArray("shape");
                foreach (int dimension in tensor.Shape)
                    json.WriteNumberValue(dimension);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += 4L * tensor.Values.Length);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        // Spaces to a multiple of 8, so that the data of a memory-mapped file is aligned.
        while (memory.Length % 8 != 0)
            memory.WriteByte((byte)' ');
        return memory.ToArray();
    }

    private static void WriteValues(FileStream stream, float[] values, byte[] buffer)
    {
        int perBuffer = buffer.Length / 4;
        for (int first = 0; first < values.Length; first += perBuffer)
        {
            int count = Math.Min(perBuffer, values.Length - first);
            for (int i = 0; i < count; i++)
                BinaryPrimitives.WriteSingleLittleEndian(buffer.AsSpan(4 * i), values[first + i]);
            stream.Write(buffer, 0, 4 * count);
        }
    }

    private sealed record Entry(TensorEntry Described, long Elements, long Begin, long End);
}
