using System.IO.Compression;
using System.Numerics;

namespace EDA.Host.Player;

/// <summary>
/// Packs columns of whole numbers that change little from frame to frame: each as its differences, or differences of
/// these where they are smaller, the sign in the lowest bit, byte by byte in four planes, deflated, in base64.
/// </summary>
internal static class PlayerTrack
{
    private const int Planes = sizeof(uint);

    /// <summary>Packs.</summary>
    /// <param name="columns">The columns [C][F], alike in length.</param>
    /// <returns>The text.</returns>
    public static string Pack(IReadOnlyList<int[]> columns)
    {
        int count = columns.Count, frames = columns[0].Length, plane = count * frames;

        // The order of each column, then the planes.
        var bytes = new byte[count + (Planes * plane)];
        for (int c = 0; c < count; c++)
        {
            uint[] first = Differences(columns[c], 1), second = Differences(columns[c], 2);
            bool twice = Bits(second) < Bits(first);
            bytes[c] = twice ? (byte)2 : (byte)1;
            for (int f = 0; f < frames; f++)
            {
                uint word = twice ? second[f] : first[f];
                for (int p = 0; p < Planes; p++)
                    bytes[count + (p * plane) + (c * frames) + f] = (byte)(word >> (8 * p));
            }
        }

        using var memory = new MemoryStream();
        using (var deflate = new DeflateStream(memory, CompressionLevel.SmallestSize, leaveOpen: true))
            deflate.Write(bytes);
        return Convert.ToBase64String(memory.GetBuffer(), 0, (int)memory.Length);
    }

    private static long Bits(uint[] values)
    {
        long bits = 0;
        foreach (uint value in values)
            bits += BitOperations.Log2((value << 1) | 1);
        return bits;
    }

    // What lies before the first frame counts as 0; sums go round, as they do where they are added up again.
    private static uint[] Differences(int[] column, int order)
    {
        var left = new uint[column.Length];
        int before = 0, change = 0;
        for (int f = 0; f < column.Length; f++)
        {
            int difference = unchecked(column[f] - before), value = order == 1 ? difference : unchecked(difference - change);
            (before, change) = (column[f], difference);
            left[f] = (uint)((value << 1) ^ (value >> 31));
        }

        return left;
    }
}
