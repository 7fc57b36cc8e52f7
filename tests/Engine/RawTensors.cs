using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
using EDA.Engine.Checkpoints;

namespace EDA.Tests.Engine;

/// <summary>.safetensors files of types that the engine does not write.</summary>
internal static class RawTensors
{
    /// <summary>Copies a file with one tensor more.</summary>
    public static void Append(string source, string target, string name, string type, byte[] data)
    {
        byte[] bytes = File.ReadAllBytes(source);
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        var header = JsonNode.Parse(bytes.AsSpan(8, length))!.AsObject();
        byte[] body = bytes[(8 + length)..];
        header[name] = Entry(type, [], body.Length, data.Length);
        Write(target, header, [.. body, .. data]);
    }

    /// <summary>Copies a file with its tensors in another type.</summary>
    public static void Convert(string source, string target, string type)
    {
        var header = new JsonObject();
        var body = new List<byte>();
        foreach (var tensor in Safetensors.Read(source).Tensors)
        {
            byte[] data = [.. tensor.Values.SelectMany(value => Bytes(value, type))];
            header[tensor.Name] = Entry(type, tensor.Shape, body.Count, data.Length);
            body.AddRange(data);
        }

        Write(target, header, [.. body]);
    }

    private static JsonObject Entry(string type, IReadOnlyList<int> shape, int offset, int length) => new()
    {
        ["dtype"] = type,
        ["shape"] = new JsonArray([.. shape.Select(size => (JsonNode)size)]),
        ["data_offsets"] = new JsonArray(offset, offset + length),
    };

    private static byte[] Bytes(float value, string type) => type switch
    {
        "F64" => BitConverter.GetBytes((double)value),
        "F16" => BitConverter.GetBytes((Half)value),
        _ => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(value) >> 16)),
    };

    private static void Write(string path, JsonObject header, byte[] body)
    {
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(header), length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
        File.WriteAllBytes(path, [.. length, .. text, .. body]);
    }
}
