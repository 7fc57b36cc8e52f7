using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace EDA.Engine.Checkpoints;

/// <summary>The SHA-256 of what a .safetensors file holds, which stands among its free text: names, numbers, and the other text.</summary>
internal static class TensorChecksum
{
    /// <summary>Its key in the free text.</summary>
    public const string Key = "sha256";

    /// <summary>The free text with the checksum.</summary>
    public static IReadOnlyDictionary<string, string> Added(IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata) =>
        new Dictionary<string, string>(metadata ?? new Dictionary<string, string>()) { [Key] = Of(tensors, metadata ?? new Dictionary<string, string>()) };

    /// <summary>Refuses a file that names a checksum and holds something else.</summary>
    /// <exception cref="InvalidFileException">It does.</exception>
    public static void Require(string path, SafetensorsContent content)
    {
        if (content.Metadata.TryGetValue(Key, out string? named) && named != Of(content.Tensors, content.Metadata))
            throw new InvalidFileException(path, $"what it holds is not what its {Key} was made of: it is damaged, or was changed by a program that left the {Key} in its {Safetensors.MetadataKey}");
    }

    private static string Of(IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (key, value) in metadata.Where(entry => entry.Key != Key).OrderBy(entry => entry.Key, StringComparer.Ordinal))
            Append(key, value);
        foreach (var tensor in tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
        {
            Append(tensor.Name, string.Join('×', tensor.Shape.Select(size => size.ToString(CultureInfo.InvariantCulture))));
            hash.AppendData(MemoryMarshal.AsBytes(tensor.Values.AsSpan()));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());

        void Append(params ReadOnlySpan<string> words)
        {
            Span<byte> length = stackalloc byte[sizeof(int)];
            foreach (string word in words)
            {
                byte[] bytes = Encoding.UTF8.GetBytes(word);
                BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
                hash.AppendData(length);
                hash.AppendData(bytes);
            }
        }
    }
}
