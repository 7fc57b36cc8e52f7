using System.Buffers.Binary;

namespace EDA.Tests.Mutation;

/// <summary>Changes to the bytes of a file, as accidents and bad programs make them.</summary>
internal static class ByteMutation
{
    private const int LongestBlock = 64;

    private static readonly Func<Random, byte[], Places, byte[]>[] All =
    [
        FlipBits, Overwrite, Overwrite, Truncate, Remove, Duplicate, Insert, Clear, Extreme, Extreme, Extreme, Nudge,
    ];

    /// <summary>Where a change is most likely to matter.</summary>
    /// <param name="Structure">Stretches that hold lengths, counts, addresses and names.</param>
    internal readonly record struct Places(IReadOnlyList<(int First, int Count)> Structure)
    {
        /// <summary>A place in some bytes, mostly in their structure.</summary>
        public int Pick(Random random, int length)
        {
            if (length == 0)
                return 0;
            if (Structure.Count == 0 || random.Next(10) < 3)
                return random.Next(length);
            var (first, count) = Structure[random.Next(Structure.Count)];
            return Math.Clamp(first + random.Next(Math.Max(count, 1)), 0, length - 1);
        }
    }

    /// <summary>One change.</summary>
    public static byte[] Apply(Random random, byte[] bytes, Places places) => All[random.Next(All.Length)](random, bytes, places);

    /// <summary>The beginning of one file and the end of another.</summary>
    public static byte[] Splice(Random random, byte[] first, byte[] second)
    {
        int cut = random.Next(first.Length + 1), from = random.Next(2) == 0 ? Math.Min(cut, second.Length) : random.Next(second.Length + 1);
        return [.. first[..cut], .. second[from..]];
    }

    private static byte[] FlipBits(Random random, byte[] bytes, Places places)
    {
        byte[] changed = [.. bytes];
        for (int count = random.Next(1, 4); count > 0 && changed.Length > 0; count--)
            changed[places.Pick(random, changed.Length)] ^= (byte)(1 << random.Next(8));
        return changed;
    }

    private static byte[] Overwrite(Random random, byte[] bytes, Places places)
    {
        byte[] changed = [.. bytes];
        int at = places.Pick(random, changed.Length);
        random.NextBytes(changed.AsSpan(at, Math.Min(random.Next(1, 9), changed.Length - at)));
        return changed;
    }

    private static byte[] Truncate(Random random, byte[] bytes, Places places) => bytes[..places.Pick(random, bytes.Length + 1)];

    private static byte[] Remove(Random random, byte[] bytes, Places places)
    {
        var (at, count) = Block(random, bytes, places);
        return [.. bytes[..at], .. bytes[(at + count)..]];
    }

    private static byte[] Duplicate(Random random, byte[] bytes, Places places)
    {
        var (at, count) = Block(random, bytes, places);
        int to = random.Next(2) == 0 ? at : places.Pick(random, bytes.Length);
        return [.. bytes[..to], .. bytes[at..(at + count)], .. bytes[to..]];
    }

    private static byte[] Insert(Random random, byte[] bytes, Places places)
    {
        int at = places.Pick(random, bytes.Length);
        var block = new byte[random.Next(1, LongestBlock)];
        if (random.Next(2) == 0)
            random.NextBytes(block);
        return [.. bytes[..at], .. block, .. bytes[at..]];
    }

    private static byte[] Clear(Random random, byte[] bytes, Places places)
    {
        byte[] changed = [.. bytes];
        var (at, count) = Block(random, bytes, places);
        changed.AsSpan(at, count).Fill((byte)(random.Next(2) == 0 ? 0 : 0xFF));
        return changed;
    }

    /// <summary>An integer at the edge of what its width holds, or of what the file has.</summary>
    private static byte[] Extreme(Random random, byte[] bytes, Places places)
    {
        long value = random.Next(10) switch
        {
            0 => 0,
            1 => 1,
            2 => -1,
            3 => int.MaxValue,
            4 => int.MinValue,
            5 => long.MaxValue,
            6 => long.MinValue,
            7 => bytes.Length + random.Next(-1, 2),
            8 => 1L << random.Next(63),
            _ => (1L << random.Next(63)) - 1,
        };
        return WriteInteger(random, bytes, places, (_, _) => value);
    }

    /// <summary>An integer that is a little off.</summary>
    private static byte[] Nudge(Random random, byte[] bytes, Places places) =>
        WriteInteger(random, bytes, places, (before, step) => before + step);

    private static byte[] WriteInteger(Random random, byte[] bytes, Places places, Func<long, int, long> change)
    {
        byte[] changed = [.. bytes];
        int width = 1 << random.Next(4), at = places.Pick(random, changed.Length), step = random.Next(1, 9) * (random.Next(2) == 0 ? 1 : -1);
        bool bigEndian = random.Next(8) == 0;
        if (at + width > changed.Length)
            return FlipBits(random, bytes, places);
        Span<byte> word = stackalloc byte[8];
        word.Clear();
        changed.AsSpan(at, width).CopyTo(word);
        BinaryPrimitives.WriteInt64LittleEndian(word, change(BinaryPrimitives.ReadInt64LittleEndian(word), step));
        if (bigEndian)
            word[..width].Reverse();
        word[..width].CopyTo(changed.AsSpan(at));
        return changed;
    }

    private static (int At, int Count) Block(Random random, byte[] bytes, Places places)
    {
        int at = places.Pick(random, bytes.Length);
        return (at, Math.Min(random.Next(1, random.Next(4) == 0 ? Math.Max(bytes.Length / 2, 2) : LongestBlock), bytes.Length - at));
    }
}
