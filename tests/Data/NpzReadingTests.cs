using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using EDA.Engine;
using EDA.Engine.Alignment;
using EDA.Engine.Data;
using EDA.Tests.Host;

namespace EDA.Tests.Data;

/// <summary>NPZ files as numpy reads them: every byte verified, and what cannot be read refused by its true name.</summary>
public sealed class NpzReadingTests : IDisposable
{
    private const int Rows = 4;
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Any_bit_of_an_array_that_differs_is_noticed()
    {
        string path = NpzBytes.Write(_folder.At("good.npz"), NpzBytes.Dataset(Rows));
        byte[] good = File.ReadAllBytes(path);
        Assert.Equal(Rows, OfflineDataset.Load(path).Count);
        foreach (string name in (string[])["observations", "actions", "rewards", "terminals"])
        {
            byte[] bytes = [.. good];
            // The first time, the name is followed by the member: 10 bytes, the header's text, the numbers.
            int data = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(name + ".npy")) + name.Length + 4 + 10 + 65;
            foreach (int bit in (int[])[0, 6])
            {
                byte[] flipped = [.. bytes];
                flipped[data + 1] ^= (byte)(1 << bit);
                string damaged = _folder.At($"{name}-{bit}.npz");
                File.WriteAllBytes(damaged, flipped);
                Refused(damaged, $"{name} is damaged: its CRC-32 is ");
            }
        }
    }

    [Fact]
    public void A_name_that_differs_from_its_arrays_is_noticed()
    {
        // Without this a file whose timeouts are called otherwise would pass for one without.
        byte[] timeouts = NpzBytes.Npy("|b1", $"({Rows},)", new byte[Rows]);
        string path = NpzBytes.Write(_folder.At("data.npz"), [.. NpzBytes.Dataset(Rows), ("timeouts.npy", timeouts)]);
        byte[] bytes = File.ReadAllBytes(path);
        foreach (bool inList in (bool[])[true, false])
        {
            byte[] damaged = [.. bytes];
            damaged[inList ? bytes.AsSpan().LastIndexOf("timeouts.npy"u8) : bytes.AsSpan().IndexOf("timeouts.npy"u8)] ^= 1;
            string other = _folder.At($"{inList}.npz");
            File.WriteAllBytes(other, damaged);
            Refused(other, inList ? "is damaged: uimeouts.npy in the list of its arrays is timeouts.npy where it stands" : "is damaged: timeouts.npy in the list of its arrays is uimeouts.npy where it stands");
        }
    }

    [Fact]
    public void Labels_are_verified_too()
    {
        var zeros = new byte[64];
        string path = NpzBytes.Write(
            _folder.At("labels.npz"),
            ("states.npy", NpzBytes.Npy("<f4", "(2, 1)", zeros.AsSpan(0, 8))),
            ("candidates.npy", NpzBytes.Npy("<f4", "(2, 3, 1)", zeros.AsSpan(0, 24))),
            ("q.npy", NpzBytes.Npy("<f4", "(2, 3)", zeros.AsSpan(0, 24))));
        Assert.Equal(2, UserLabels.Load(path).Count);
        byte[] bytes = File.ReadAllBytes(path);
        int q = bytes.AsSpan().IndexOf("q.npy"u8);
        bytes[q + 5 + 10 + 65 + 3] ^= 0x40;
        File.WriteAllBytes(path, bytes);
        Assert.StartsWith($"{path}: q is damaged: its CRC-32 is ", Assert.Throws<InvalidFileException>(() => UserLabels.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_stands_twice_is_refused()
    {
        byte[] rewards = NpzBytes.Npy("<f4", $"({Rows},)", new byte[4 * Rows]);
        Refused(NpzBytes.Write(_folder.At("twice.npz"), [.. NpzBytes.Dataset(Rows), ("rewards.npy", rewards)]), "rewards stands in the archive twice; allowed is once");
        Refused(NpzBytes.Write(_folder.At("both.npz"), [.. NpzBytes.Dataset(Rows), ("rewards", rewards)]), "rewards stands in the archive twice; allowed is once");
    }

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (4L, 2L), }", 1)]
    [InlineData("{'shape': (4,2), \"descr\":'<f4','fortran_order':False}", 1)]
    [InlineData("{'descr': '|f4', 'fortran_order': False, 'shape': (4, 2), }", 2)]
    [InlineData("{'descr': 'float32', 'fortran_order': False, 'shape': (4, 2,), }", 3)]
    [InlineData("{'descr': 'f', 'fortran_order': False, 'shape': [4, 2], }", 1)]
    public void Headers_that_numpy_reads_are_read(string header, byte version)
    {
        float[] states = [0, 0.5f, -1, 2, 3, 4, 1e-3f, 7];
        var observations = NpzBytes.Npy(header, MemoryMarshal.AsBytes<float>(states), version);
        string path = NpzBytes.Write(_folder.At("data.npz"), NpzBytes.Dataset(Rows, ("observations.npy", observations)));
        Assert.Equal(states, OfflineDataset.Load(path).States.ToArray());
    }

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (4, 2)", "is broken: its header is no dictionary of Python")]
    [InlineData("{'descr': '<f4', 'shape': (4, 2)}", "is broken: its header has descr, shape; allowed are descr, fortran_order, shape")]
    [InlineData("{'descr': '<f4', 'fortran_order': 0, 'shape': (4, 2)}", "is broken: fortran_order in its header is neither True nor False")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-4, 2)}", "is broken: the shape in its header is no tuple of sizes")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (4, 99999999999999999999)}", "is broken: the shape in its header is no tuple of sizes")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (3037000500, 3037000500)}", "is broken: 32 bytes for the shape [3037000500×3037000500] of float32")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': 8}", "is broken: the shape in its header is no tuple of sizes")]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (4, 2)}", "holds Python objects, pickled, and no numbers; allowed are numbers of any size, and truth values")]
    [InlineData("{'descr': '<c8', 'fortran_order': False, 'shape': (4, 2)}", "holds complex64 and no numbers")]
    [InlineData("{'descr': '<U1', 'fortran_order': False, 'shape': (4, 2)}", "holds texts of 1 characters and no numbers")]
    [InlineData("{'descr': '|S4', 'fortran_order': False, 'shape': (4, 2)}", "holds texts of 4 bytes and no numbers")]
    [InlineData("{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (4, 2)}", "holds datetime64[ns] and no numbers")]
    [InlineData("{'descr': '|V4', 'fortran_order': False, 'shape': (4, 2)}", "holds raw bytes, 4 each, and no numbers")]
    [InlineData("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (4, 2)}", "holds a structured type and no numbers")]
    [InlineData("{'descr': ('<f4', (2,)), 'fortran_order': False, 'shape': (4, 2)}", "holds arrays of a type and no numbers")]
    [InlineData("{'descr': '<f3', 'fortran_order': False, 'shape': (4, 2)}", "holds float24 and no numbers")]
    public void Other_headers_are_refused_by_name(string header, string named)
    {
        var observations = NpzBytes.Npy(header, new byte[8 * Rows]);
        Refused(NpzBytes.Write(_folder.At("data.npz"), NpzBytes.Dataset(Rows, ("observations.npy", observations))), $"observations {named}");
    }

    [Fact]
    public void Shapes_beyond_memory_are_refused_before_room_is_made()
    {
        var huge = NpzBytes.Npy("<U1", "(1099511627776, 1099511627776)", new byte[8]);
        Refused(NpzBytes.Write(_folder.At("data.npz"), NpzBytes.Dataset(Rows, ("observations.npy", huge))), "observations is 1099511627776×1099511627776; allowed is what fits one array in memory");
        string path = NpzBytes.Write(_folder.At("labels.npz"), ("candidates.npy", huge), ("q.npy", huge));
        Assert.Contains("candidates holds texts of 1 characters and no numbers", Assert.Throws<InvalidFileException>(() => UserLabels.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_single_array_is_named_so()
    {
        File.WriteAllBytes(_folder.At("data.npz"), NpzBytes.Npy("<f4", "(4,)", new byte[16]));
        Refused(_folder.At("data.npz"), "is a single array (.npy); allowed is an archive of named ones");
    }

    [Fact]
    public void A_version_that_numpy_does_not_know()
    {
        var observations = NpzBytes.Npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4, 2)}", new byte[32], version: 9);
        Refused(NpzBytes.Write(_folder.At("data.npz"), NpzBytes.Dataset(Rows, ("observations.npy", observations))), "observations is an .npy file of version 9.0; allowed are 1.0, 2.0 and 3.0");
    }

    [Fact]
    public void What_is_not_needed_may_be_anything()
    {
        string path = NpzBytes.Write(_folder.At("data.npz"), [.. NpzBytes.Dataset(Rows), ("notes.npy", NpzBytes.Npy("|O", "()", [1, 2, 3])), ("odd.npy", [1, 2]), ("README", [65])]);
        var inspection = DatasetInspection.Of(path);
        Assert.Empty(inspection.Problems);
        Assert.Equal("cannot be opened", inspection.Fields.Single(field => field.Name == "odd").Shape);
        Assert.Equal("Python objects, pickled", inspection.Fields.Single(field => field.Name == "notes").Type);
    }

    /// <summary>Of each number, the float32 next to it, found without the code that is tested: of two neighbours the nearer, of two as near the even one.</summary>
    [Fact]
    public void Whole_numbers_of_64_bits_are_rounded_once()
    {
        long[] numbers = [(1L << 53) + 1, (1L << 60) + (1L << 36) + 1, (1L << 60) + (1L << 36), (1L << 60) + (3L << 36), long.MaxValue, long.MinValue, -(1L << 60) - (1L << 36) - 1, 123_456_789_012_345_678];
        ulong[] unsigned = [(1UL << 63) + (1UL << 39) + 1, (1UL << 63) + (1UL << 39), ulong.MaxValue, (1UL << 53) - 1, 0, 1, 16_777_217, (1UL << 62) + (1UL << 38) + 1];
        Assert.Equal(numbers.Select(number => Nearest(number)), Read("<i8", MemoryMarshal.AsBytes<long>(numbers)));
        Assert.Equal(unsigned.Select(number => Nearest(number)), Read("<u8", MemoryMarshal.AsBytes<ulong>(unsigned)));

        static float Nearest(Int128 number)
        {
            float guess = (float)(double)number;
            return ((float[])[MathF.BitDecrement(guess), guess, MathF.BitIncrement(guess)]).MinBy(near => (Int128.Abs((Int128)near - number), BitConverter.SingleToInt32Bits(near) & 1));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Long_doubles_are_read_and_rounded_once(bool bigEndian)
    {
        float[] expected = [0, 1, -1.5f, 1 + MathF.Pow(2, -23), MathF.BitDecrement(float.MaxValue), 1e-42f, -0.0f, 3];
        var bytes = new byte[16 * expected.Length];
        for (int i = 0; i < expected.Length; i++)
            LongDouble(expected[i]).CopyTo(bytes, 16 * i);
        // 1 + 2^-24 is between two neighbours; a little more, which a double does not have room for, decides upwards.
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16 * 3), 0x8000008000000001);
        bytes[(16 * 5) + 12] = 77; // x86 leaves what was there before in the padding
        if (bigEndian)
        {
            for (int i = 0; i < expected.Length; i++)
                bytes.AsSpan(16 * i, 16).Reverse();
        }

        Assert.Equal(expected, Read(bigEndian ? ">f16" : "<f16", bytes));
    }

    [Fact]
    public void Long_doubles_of_other_machines_are_refused()
    {
        // 1, 2 … in the 128 bits of IEEE: all of it is in the bytes that x86 pads with.
        var quads = new byte[16 * 8];
        for (int i = 0; i < 8; i++)
            BinaryPrimitives.WriteUInt16LittleEndian(quads.AsSpan((16 * i) + 14), (ushort)(0x3fff + i));
        var observations = NpzBytes.Npy("<f16", $"({Rows}, 2)", quads);
        Refused(NpzBytes.Write(_folder.At("whole.npz"), NpzBytes.Dataset(Rows, ("observations.npy", observations))), "observations holds float128 that are not the 80 bits of x86; save them as float64");
        quads[16 + 8] = 1;
        observations = NpzBytes.Npy("<f16", $"({Rows}, 2)", quads);
        Refused(NpzBytes.Write(_folder.At("fraction.npz"), NpzBytes.Dataset(Rows, ("observations.npy", observations))), "observations holds float128 that are not the 80 bits of x86");
    }

    [Fact]
    public void A_claim_that_the_packed_bytes_cannot_hold()
    {
        string path = TestFiles.Npz(_folder.At("data.npz"), TestFiles.Fields(new SyntheticTransitions(1, 2000)));
        byte[] bytes = File.ReadAllBytes(path);
        // The unpacked size of the first entry of the list at the end.
        int entry = bytes.AsSpan().IndexOf("PK\u0001\u0002"u8);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(entry + 24), 0x7ffffff0);
        File.WriteAllBytes(path, bytes);
        Assert.Contains("observations is broken: ", Assert.Throws<InvalidFileException>(() => OfflineDataset.Load(path)).Message, StringComparison.Ordinal);
    }

    private static byte[] LongDouble(float value)
    {
        var bytes = new byte[16];
        double size = Math.Abs((double)value);
        int exponent = size == 0 ? 0 : Math.ILogB(size);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, size == 0 ? 0 : (ulong)(Math.ScaleB(size, 52 - exponent)) << 11);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), (ushort)((size == 0 ? 0 : exponent + 16383) | (float.IsNegative(value) ? 0x8000 : 0)));
        return bytes;
    }

    private float[] Read(string type, ReadOnlySpan<byte> data)
    {
        string path = NpzBytes.Write(_folder.At($"{type[1..]}-{type[0] == '>'}.npz"), NpzBytes.Dataset(Rows, ("observations.npy", NpzBytes.Npy(type, $"({Rows}, 2)", data))));
        return OfflineDataset.Load(path).States.ToArray();
    }

    private static void Refused(string path, string named)
    {
        Assert.StartsWith($"{path}: {named}", Assert.Throws<InvalidFileException>(() => OfflineDataset.Load(path)).Message, StringComparison.Ordinal);
        try
        {
            Assert.StartsWith(named, DatasetInspection.Of(path).Problems[^1], StringComparison.Ordinal);
        }
        catch (InvalidFileException refused)
        {
            // There is nothing to look into.
            Assert.StartsWith(named, refused.Reason, StringComparison.Ordinal);
        }
    }
}
