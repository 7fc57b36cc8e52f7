using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace EDA.Tests.Data;

/// <summary>NPZ files byte by byte, as other programs may have written them.</summary>
internal static class NpzBytes
{
    /// <summary>An .npy file whose header is this text.</summary>
    public static byte[] Npy(string header, ReadOnlySpan<byte> data, byte version = 1)
    {
        byte[] text = (version == 3 ? Encoding.UTF8 : Encoding.Latin1).GetBytes(header.PadRight(64) + '\n');
        var file = new List<byte>([0x93, .. "NUMPY"u8, version, 0]);
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
        file.AddRange(version == 1 ? length[..2] : length);
        file.AddRange(text);
        file.AddRange(data);
        return [.. file];
    }

    /// <summary>An .npy file of a type and shape as numpy notes them.</summary>
    public static byte[] Npy(string type, string shape, ReadOnlySpan<byte> data, bool columnMajor = false) =>
        Npy($"{{'descr': '{type}', 'fortran_order': {columnMajor}, 'shape': {shape}, }}", data);

    /// <summary>An archive of members, stored as they are.</summary>
    public static string Write(string path, params IEnumerable<(string Name, byte[] Bytes)> members)
    {
        using var archive = new ZipArchive(new FileStream(path, FileMode.CreateNew), ZipArchiveMode.Create);
        foreach (var (name, bytes) in members)
        {
            using var stream = archive.CreateEntry(name, CompressionLevel.NoCompression).Open();
            stream.Write(bytes);
        }

        return path;
    }

    /// <summary>The members of a small dataset, S = 2 and A = 1; some replaced.</summary>
    public static IEnumerable<(string Name, byte[] Bytes)> Dataset(int rows, params (string Name, byte[] Bytes)[] replaced)
    {
        var zeros = new byte[8 * rows];
        (string Name, byte[] Bytes)[] members =
        [
            ("observations.npy", Npy("<f4", $"({rows}, 2)", zeros)),
            ("actions.npy", Npy("<f4", $"({rows}, 1)", zeros.AsSpan(0, 4 * rows))),
            ("rewards.npy", Npy("<f4", $"({rows},)", zeros.AsSpan(0, 4 * rows))),
            ("terminals.npy", Npy("|b1", $"({rows},)", zeros.AsSpan(0, rows))),
        ];
        return members.Where(member => !replaced.Any(other => other.Name == member.Name)).Concat(replaced);
    }
}
