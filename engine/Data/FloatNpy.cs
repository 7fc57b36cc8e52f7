using System.Buffers.Binary;
using System.Text;

namespace EDA.Engine.Data;

/// <summary>The beginning of an .npy file of little-endian float32, as numpy writes it: version 1.0, padded to 64 bytes.</summary>
internal static class FloatNpy
{
    private const int Fixed = 10;
    private const int Alignment = 64;

    /// <summary>Everything before the first number.</summary>
    public static byte[] Header(ReadOnlySpan<int> shape)
    {
        string dimensions = shape.Length == 1 ? $"{shape[0]}," : string.Join(", ", shape.ToArray());
        string text = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({dimensions}), }}";
        int length = (Fixed + text.Length + 1 + Alignment - 1) / Alignment * Alignment;
        var header = new byte[length];
        header.AsSpan().Fill((byte)' ');
        ReadOnlySpan<byte> magic = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0];
        magic.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(magic.Length), (ushort)(length - Fixed));
        Encoding.ASCII.GetBytes(text, header.AsSpan(Fixed));
        header[^1] = (byte)'\n';
        return header;
    }
}
