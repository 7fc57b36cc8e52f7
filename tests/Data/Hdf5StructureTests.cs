using System.Buffers.Binary;
using EDA.Engine;
using EDA.Engine.Data;
using EDA.Engine.Data.Hdf5;

namespace EDA.Tests.Data;

/// <summary>Damage that the HDF5 library dies of, or answers with numbers out of nowhere, is refused before it reads.</summary>
public sealed class Hdf5StructureTests : IDisposable
{
    private static readonly byte[] _tree = [.. "TREE\0"u8];

    // A float32: class and version, bits, size, offset, precision, exponent, mantissa, bias.
    private static readonly byte[] _float32 = [0x11, 0x20, 0x1F, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0];

    private readonly Host.ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void An_address_at_the_end_of_all_numbers() =>
        Refused("would stand at byte 18446744073709551608", default, bytes => BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(Find(bytes, _tree) + 32), ulong.MaxValue - 7));

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void Bits_beyond_a_number() =>
        Refused("does not fit the number", default, bytes => bytes[Find(bytes, _float32) + 11] = 1);

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void An_enumeration_of_more_names_than_it_has()
    {
        byte[] names = [.. "FALSE\0"u8];
        Refused("does not fit the number", default, bytes => bytes[Find(bytes, names) - 12 - 8 + 2] = 0x7F);
    }

    [OptionalTheory(OptionalNeeds.Hdf5)]
    [InlineData(0)]
    [InlineData(4)]
    public void Chunks_of_another_size_than_they_were_written_with(int gzip)
    {
        // Layout 3, chunked, three sizes, the tree's address, and 16 rows of 3 numbers of 4 bytes.
        byte[] sizes = [16, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0];
        Refused("a chunk does not hold the 1728 bytes that it should", new Hdf5Storage(16, Gzip: gzip), bytes => bytes[Find(bytes, sizes)] = 144);
        Refused("does not hold the 256 bytes that it should", new Hdf5Storage(16, Gzip: gzip), bytes => bytes[Find(bytes, sizes) + 4] = 4);
        Refused("a chunk begins at 16, where chunks have 12 each", new Hdf5Storage(16, Gzip: gzip), bytes => (bytes[Find(bytes, sizes)], bytes[Find(bytes, sizes) + 4]) = (12, 4));
        Refused("a number has 4 bytes, and 8 in a chunk", new Hdf5Storage(16, Gzip: gzip), bytes => bytes[Find(bytes, sizes) + 8] = 8);
    }

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void Room_is_made_only_for_what_is_in_the_file()
    {
        // Version 1 of a shape: 40 rows of 3, at most as many.
        byte[] shape = [40, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0];
        long before = GC.GetAllocatedBytesForCurrentThread();
        Refused("are not in the file", default, bytes => bytes[Find(bytes, shape) + 8 + 3] = 1); // 16,777,219 columns
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
    }

    private static int Find(byte[] bytes, byte[] pattern) => bytes.AsSpan().IndexOf(pattern) is >= 0 and var at ? at : throw new InvalidOperationException("the file is not written as it was");

    private void Refused(string reason, Hdf5Storage storage, Action<byte[]> damage)
    {
        string path = TestFiles.Hdf5(_folder.At($"{Guid.NewGuid():N}.hdf5"), TestFiles.Fields(new SyntheticTransitions(1, 40)), storage);
        Assert.Equal(40, OfflineDataset.Load(path).Count);
        byte[] bytes = File.ReadAllBytes(path);
        damage(bytes);
        File.WriteAllBytes(path, bytes);
        Assert.Contains(reason, Assert.Throws<InvalidFileException>(() => OfflineDataset.Load(path)).Message, StringComparison.Ordinal);
    }
}
