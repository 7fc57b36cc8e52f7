using System.Buffers.Binary;
using System.Text;
using EDA.Engine;
using EDA.Engine.Checkpoints;

namespace EDA.Tests.Engine;

public sealed class SafetensorsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("eda-safetensors-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_is_written_is_read()
    {
        NamedTensor[] tensors =
        [
            new("matrix", [2, 3], [1, -2, float.Epsilon, float.MaxValue, float.NaN, float.NegativeInfinity]),
            new("number", [], [42]),
            new("nothing", [0, 7], []),
            new("näme \"quoted\"", [40_000], [.. Enumerable.Range(0, 40_000).Select(i => i * 0.5f)]),
        ];
        var metadata = new Dictionary<string, string> { ["format"] = "pt", ["note"] = "ä\n" };
        Safetensors.Write(At("a"), tensors, metadata);
        var content = Safetensors.ReadUnchecked(At("a"));
        Assert.Equal(metadata, content.Metadata);
        Assert.Equal(metadata, Safetensors.ReadMetadata(At("a")));
        Assert.Equal(tensors.Select(tensor => tensor.Name).Order(), content.Tensors.Select(tensor => tensor.Name).Order());
        foreach (var tensor in tensors)
        {
            var read = content.Tensors.Single(other => other.Name == tensor.Name);
            Assert.Equal(tensor.Shape, read.Shape);
            Assert.Equal(tensor.Values.Select(BitConverter.SingleToUInt32Bits), read.Values.Select(BitConverter.SingleToUInt32Bits));
        }

        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public void The_header_is_padded_to_eight()
    {
        Safetensors.Write(At("a"), [new("x", [1], [1])]);
        byte[] bytes = File.ReadAllBytes(At("a"));
        Assert.Equal(0, BinaryPrimitives.ReadInt64LittleEndian(bytes) % 8);
        Assert.Equal((byte)'{', bytes[8]);
    }

    [Fact]
    public void Other_floats_are_converted()
    {
        byte[] data = new byte[8 + 2 + 2];
        BinaryPrimitives.WriteDoubleLittleEndian(data, 0.1);
        BinaryPrimitives.WriteHalfLittleEndian(data.AsSpan(8), (Half)1.5);
        BinaryPrimitives.WriteUInt16LittleEndian(data.AsSpan(10), 0xC040);
        string header = """{"d":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"h":{"dtype":"F16","shape":[1],"data_offsets":[8,10]},"b":{"dtype":"BF16","shape":[1],"data_offsets":[10,12]}}""";
        var tensors = Safetensors.Read(Raw(header, data)).Tensors;
        Assert.Equal([0.1f, 1.5f, -3f], tensors.Select(tensor => tensor.Values[0]));
    }

    [Fact]
    public void A_file_is_never_replaced_unasked()
    {
        Safetensors.Write(At("a"), [new("x", [1], [1])]);
        byte[] before = File.ReadAllBytes(At("a"));
        Assert.Throws<IOException>(() => Safetensors.Write(At("a"), [new("x", [1], [2])]));
        Assert.Equal(before, File.ReadAllBytes(At("a")));
        Safetensors.Write(At("a"), [new("x", [1], [2])], overwrite: true);
        Assert.Equal(2, Safetensors.Read(At("a")).Tensors[0].Values[0]);
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Writing_refuses_nonsense()
    {
        Assert.Throws<ArgumentException>(() => Safetensors.Write(At("a"), [new("x", [2], [1])]));
        Assert.Throws<ArgumentException>(() => Safetensors.Write(At("a"), [new("x", [1], [1]), new("x", [1], [1])]));
        Assert.Throws<ArgumentException>(() => Safetensors.Write(At("a"), [new("__metadata__", [1], [1])]));
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Every_truncation_is_noticed()
    {
        Safetensors.Write(At("a"), [new("x", [3], [1, 2, 3]), new("y", [2], [4, 5])], new Dictionary<string, string> { ["k"] = "v" });
        byte[] whole = File.ReadAllBytes(At("a"));
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(At("b"), whole[..length]);
            var error = Assert.Throws<InvalidFileException>(() => Safetensors.Read(At("b")));
            Assert.StartsWith(At("b") + ": ", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', error.Message);
            Assert.Equal(error.Message, Assert.Throws<InvalidFileException>(() => Safetensors.ReadMetadata(At("b"))).Message);
        }

        File.WriteAllBytes(At("b"), [.. whole, 0]);
        Assert.Contains("1 bytes follow", Assert.Throws<InvalidFileException>(() => Safetensors.Read(At("b"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]", "not the JSON")]
    [InlineData("{\"", "not the JSON")]
    [InlineData("{\"x\":3}", "not the JSON")]
    [InlineData("{\"x\":{\"shape\":[1],\"data_offsets\":[0,4]}}", "not the JSON")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}}", "not the JSON")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[99999999999],\"data_offsets\":[0,4]}}", "not the JSON")]
    [InlineData("{\"__metadata__\":{\"k\":3},\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", "__metadata__ has a number under k; allowed are texts")]
    [InlineData("{\"__metadata__\":{\"k\":null},\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", "__metadata__ has null under k; allowed are texts")]
    [InlineData("{\"__metadata__\":null,\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", "__metadata__ is null; allowed is an object of texts, or none")]
    [InlineData("{\"__metadata__\":[],\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", "__metadata__ is a list; allowed is an object of texts, or none")]
    [InlineData("{\"x\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}", "I64")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", "impossible shape")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[2000000000,2000000000],\"data_offsets\":[0,4]}}", "impossible shape")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", "needs 8 bytes")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", "needs 4 bytes")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", "1 data offsets")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}", "needs 4 bytes")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"y\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", "y overlaps")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", "gap of 4 bytes before x")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}", "cut short")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", "4 bytes follow")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", "two entries named x")]
    public void Broken_headers_are_refused(string header, string reason)
    {
        var error = Assert.Throws<InvalidFileException>(() => Safetensors.Read(Raw(header, new byte[8])));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_of_every_kind_are_numpys()
    {
        string path = EDA.Tests.Data.OddFileTests.At("kinds.safetensors");
        var expected = EDA.Tests.Data.OddFileTests.Numbers["kinds.safetensors"];
        var content = Safetensors.Read(path, expected.ContainsKey);
        Assert.Equal(expected.Count, content.Tensors.Count);
        Assert.All(content.Tensors, tensor => Assert.Equal(expected[tensor.Name], tensor.Values));
        Assert.Equal(
            ["F64", "F32", "F16", "BF16", "F32", "F32", "I64", "BOOL", "U8", "F8_E4M3"],
            Safetensors.List(path).Select(entry => entry.Type));
        Assert.Contains("steps holds I64; allowed are F32, F64, F16, BF16", Assert.Throws<InvalidFileException>(() => Safetensors.Read(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("F32", 2, 4, "x[1, 0] is NaN")]
    [InlineData("F64", 3, 8, "x[1, 1] is Infinity")]
    [InlineData("F16", 2, 2, "x[1, 0] is -Infinity")]
    [InlineData("BF16", 0, 2, "x[0, 0] is NaN")]
    public void What_is_no_number_is_named(string type, int place, int size, string named)
    {
        var data = new byte[4 * size];
        var element = data.AsSpan(place * size, size);
        switch (type)
        {
            case "F32":
                BinaryPrimitives.WriteSingleLittleEndian(element, float.NaN);
                break;
            case "F64":
                // Finite as it stands, and beyond float32.
                BinaryPrimitives.WriteDoubleLittleEndian(element, 1e39);
                break;
            case "F16":
                BinaryPrimitives.WriteHalfLittleEndian(element, Half.NegativeInfinity);
                break;
            default:
                BinaryPrimitives.WriteUInt16LittleEndian(element, 0x7fc0);
                break;
        }

        string path = Raw($"{{\"x\":{{\"dtype\":\"{type}\",\"shape\":[2,2],\"data_offsets\":[0,{4 * size}]}}}}", data);
        Assert.Equal($"{path}: {named}; allowed is a number that is finite as float32", Assert.Throws<InvalidFileException>(() => Safetensors.Read(path)).Message);
        Assert.False(float.IsFinite(Safetensors.ReadUnchecked(path).Tensors[0].Values[place]));
        Assert.Empty(Safetensors.Read(path, name => name != "x").Tensors);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(99_000_000ul)]
    [InlineData(0ul)]
    public void An_absurd_header_length_asks_for_no_memory(ulong length)
    {
        byte[] bytes = new byte[64];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        File.WriteAllBytes(At("a"), bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InvalidFileException>(() => Safetensors.Read(At("a")));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    private string At(string name) => Path.Combine(_folder, name);

    private string Raw(string header, byte[] data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        File.WriteAllBytes(At("raw"), [.. length, .. json, .. data]);
        return At("raw");
    }
}
