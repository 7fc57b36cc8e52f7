using System.Buffers.Binary;
using System.IO.Compression;

namespace EDA.Engine.Data.Hdf5;

/// <summary>
/// A look at a file of HDF5's older structures, which D4RL, Minari and h5py write unless told otherwise and which have no
/// checksums, before the library reads it: a damaged address or length makes the library (1.10, 1.14) read memory that is
/// not its own, and a damaged chunk size gives numbers out of nowhere. Whatever else may be wrong is left to the library.
/// </summary>
internal sealed class Hdf5Structure
{
    private const ulong Undefined = ulong.MaxValue;
    private const int DeepestTree = 64;
    private const int DeflateFilter = 1, ShuffleFilter = 2;
    private const int FiltersMessage = 11;
    private const ulong LargestTrial = 64 << 20;

    // Filters that could not be made out.
    private static readonly int[] _unknown = [-1];

    private readonly string _path;
    private readonly FileStream _stream;
    private readonly long _start;
    private readonly ulong _length;
    private readonly HashSet<ulong> _seen = [];
    private readonly Queue<ulong> _objects = [];

    private Hdf5Structure(string path, FileStream stream, long start)
    {
        (_path, _stream, _start) = (path, stream, start);
        _length = (ulong)(stream.Length - start);
    }

    /// <summary>Refuses a file whose structures lead out of it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="start">Where its signature stands.</param>
    /// <exception cref="InvalidFileException">They do.</exception>
    public static void Check(string path, long start)
    {
        using var stream = FileToRead.Open(path, FileShare.ReadWrite);
        new Hdf5Structure(path, stream, start).Check();
    }

    private void Check()
    {
        const int Size = 96, Version = 8, Offsets = 13, Lengths = 14, Root = 56 + 8, Longer = 4;
        byte[] block = Read(0, Math.Min(Size + Longer, _length), "the first block");
        // Later versions have checksums, and no file has other widths.
        if (block.Length < Size + Longer || block[Version] > 1 || block[Offsets] != 8 || block[Lengths] != 8)
            return;
        Object(Number(block, Root + (block[Version] == 1 ? Longer : 0)), "the root group");
        while (_objects.TryDequeue(out ulong address))
            Header(address);
    }

    /// <summary>An object's header, to be looked at once.</summary>
    private void Object(ulong address, string what)
    {
        Require(address, 0, what);
        if (_seen.Add(address))
            _objects.Enqueue(address);
    }

    /// <summary>A header of version 1: its messages, which may go on elsewhere.</summary>
    private void Header(ulong address)
    {
        const int Prefix = 16, MostBlocks = 1024;
        if (!TryRead(address, Prefix, out byte[] prefix) || prefix[0] != 1)
            return;
        var dataset = new Dataset();
        var blocks = new Queue<(ulong Address, ulong Length)>([(address + Prefix, BinaryPrimitives.ReadUInt32LittleEndian(prefix.AsSpan(8)))]);
        for (int count = 0; blocks.TryDequeue(out var block) && count < MostBlocks; count++)
        {
            byte[] bytes = Read(block.Address, block.Length, "an object's header");
            for (int at = 0; at + 8 <= bytes.Length;)
            {
                int type = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at)), size = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at + 2));
                bool isShared = (bytes[at + 4] & 2) != 0;
                at += 8;
                if (size > bytes.Length - at)
                    throw Broken("a message of an object's header is longer than the header");
                if (!isShared)
                    Message(type, bytes.AsSpan(at, size), blocks, dataset);
                else if (type == FiltersMessage)
                    dataset.Filters = _unknown;
                at += size;
            }
        }

        if (dataset.ChunkTree is not { } tree)
            return;
        if (dataset.ElementBytes is { } element && dataset.Chunk is [.., var inChunk] && inChunk != element)
            throw Broken($"a number has {element} bytes, and {inChunk} in a chunk");
        if (tree != Undefined)
            Chunks(tree, dataset, DeepestTree);
    }

    private void Message(int type, ReadOnlySpan<byte> message, Queue<(ulong Address, ulong Length)> blocks, Dataset dataset)
    {
        const int Datatype = 3, OldFill = 4, Fill = 5, Layout = 8, Continuation = 16, SymbolTable = 17;
        switch (type)
        {
            case Datatype when !Hdf5DatatypeMessage.IsSound(message):
                throw Broken("the description of a number does not fit the number");
            case Datatype when message.Length >= 8:
                dataset.ElementBytes = BinaryPrimitives.ReadUInt32LittleEndian(message[4..]);
                break;
            case OldFill when message.Length >= 4:
                RequireInside(0, BinaryPrimitives.ReadUInt32LittleEndian(message) + 4ul, message.Length, "a fill value");
                break;
            case Fill:
                FillValue(message);
                break;
            case Layout when message.Length >= 2:
                ReadLayout(message, dataset);
                break;
            case FiltersMessage:
                dataset.Filters = ReadFilters(message);
                break;
            case Continuation when message.Length >= 16:
                blocks.Enqueue((Number(message, 0), Number(message, 8)));
                break;
            case SymbolTable when message.Length >= 16:
                Tree(Number(message, 0), DeepestTree);
                Heap(Number(message, 8));
                break;
        }
    }

    private void FillValue(ReadOnlySpan<byte> message)
    {
        if (message.Length < 8)
            return;
        bool isGiven = message[0] switch { 1 => true, 2 => message[3] != 0, 3 => (message[1] & 0x20) != 0, _ => false };
        int at = message[0] == 3 ? 2 : 4;
        if (isGiven && BinaryPrimitives.ReadInt32LittleEndian(message[at..]) is > 0 and var size)
            RequireInside(at + 4, (ulong)size, message.Length, "a fill value");
    }

    private void ReadLayout(ReadOnlySpan<byte> message, Dataset dataset)
    {
        const int Compact = 0, Chunked = 2;
        int version = message[0], rank, at, kind;
        if (version is 1 or 2)
        {
            (rank, kind) = (message[1], message.Length > 2 ? message[2] : Compact);
            at = 8 + (kind == Compact ? 0 : 8);
            if (at + (4 * rank) + 4 > message.Length)
                return;
            if (kind == Compact)
                RequireInside(at + (4 * rank) + 4, BinaryPrimitives.ReadUInt32LittleEndian(message[(at + (4 * rank))..]), message.Length, "a compact dataset");
            if (kind == Chunked)
                dataset.TakeChunks(Number(message, 8), message.Slice(at, 4 * rank));
        }
        else if (version == 3 && message[1] == Compact && message.Length >= 4)
        {
            RequireInside(4, BinaryPrimitives.ReadUInt16LittleEndian(message[2..]), message.Length, "a compact dataset");
        }
        else if (version == 3 && message[1] == Chunked && message.Length >= 11 && message.Length >= 11 + (4 * message[2]))
        {
            dataset.TakeChunks(Number(message, 3), message.Slice(11, 4 * message[2]));
        }
    }

    /// <summary>The filters' numbers, in the order of writing.</summary>
    private static int[] ReadFilters(ReadOnlySpan<byte> message)
    {
        if (message.Length < 2 || message[0] is not (1 or 2))
            return _unknown;
        var filters = new int[message[1]];
        int at = message[0] == 1 ? 8 : 2;
        for (int i = 0; i < filters.Length; i++)
        {
            if (at + 8 > message.Length)
                return _unknown;
            filters[i] = BinaryPrimitives.ReadUInt16LittleEndian(message[at..]);
            bool hasName = message[0] == 1 || filters[i] >= 256;
            int name = hasName ? BinaryPrimitives.ReadUInt16LittleEndian(message[(at + 2)..]) : 0;
            at += hasName ? 4 : 2;
            if (at + 4 > message.Length)
                return _unknown;
            int values = BinaryPrimitives.ReadUInt16LittleEndian(message[(at + 2)..]);
            at += 4 + (message[0] == 1 ? (name + 7) / 8 * 8 : name) + (4 * values) + (message[0] == 1 && values % 2 != 0 ? 4 : 0);
        }

        return filters;
    }

    /// <summary>A group's names: a tree over nodes of entries.</summary>
    private void Tree(ulong address, int depth)
    {
        const int Prefix = 24;
        Require(address, Prefix, "the tree of a group");
        if (depth == 0 || !_seen.Add(address) || Node(address, Prefix, "TREE") is not { } node || node[4] != 0)
            return;
        int count = BinaryPrimitives.ReadUInt16LittleEndian(node.AsSpan(6));
        Siblings(node);
        byte[] entries = Read(address + Prefix, (ulong)((16 * count) + 8), "the tree of a group");
        for (int i = 0; i < count; i++)
        {
            ulong child = Number(entries, (16 * i) + 8);
            if (node[5] > 0)
                Tree(child, depth - 1);
            else
                Entries(child);
        }
    }

    private void Entries(ulong address)
    {
        const int Prefix = 8, Size = 40, HeaderAt = 8, KindAt = 16, ScratchAt = 24;
        Require(address, Prefix, "a node of names");
        if (!_seen.Add(address) || Node(address, Prefix, "SNOD") is not { } node)
            return;
        int count = BinaryPrimitives.ReadUInt16LittleEndian(node.AsSpan(6));
        byte[] entries = Read(address + Prefix, (ulong)(Size * count), "a node of names");
        for (int i = 0; i < count; i++)
        {
            var entry = entries.AsSpan(Size * i, Size);
            uint kind = BinaryPrimitives.ReadUInt32LittleEndian(entry[KindAt..]);
            if (kind == 2) // a soft link
                continue;
            Object(Number(entry, HeaderAt), "an object");
            if (kind != 1)
                continue;
            Tree(Number(entry, ScratchAt), DeepestTree);
            Heap(Number(entry, ScratchAt + 8));
        }
    }

    private void Heap(ulong address)
    {
        const int Prefix = 32;
        Require(address, Prefix, "a heap of names");
        if (_seen.Add(address) && Node(address, Prefix, "HEAP") is { } heap)
            Require(Number(heap, 24), Number(heap, 8), "a heap of names");
    }

    /// <summary>A dataset's chunks: where they stand in the array is told beside where they stand in the file.</summary>
    private void Chunks(ulong address, Dataset dataset, int depth)
    {
        const int Prefix = 24;
        Require(address, Prefix, "the tree of a dataset's chunks");
        if (depth == 0 || !_seen.Add(address) || Node(address, Prefix, "TREE") is not { } node || node[4] != 1)
            return;
        int count = BinaryPrimitives.ReadUInt16LittleEndian(node.AsSpan(6)), key = 8 + (8 * dataset.Chunk.Length);
        Siblings(node);
        byte[] entries = Read(address + Prefix, (ulong)(((key + 8) * count) + key), "the tree of a dataset's chunks");
        for (int i = 0; i < count; i++)
        {
            var entry = entries.AsSpan((key + 8) * i, key + 8);
            ulong child = Number(entry, key);
            if (node[5] > 0)
                Chunks(child, dataset, depth - 1);
            else
                Chunk(child, entry, dataset);
        }
    }

    private void Chunk(ulong address, ReadOnlySpan<byte> entry, Dataset dataset)
    {
        uint stored = BinaryPrimitives.ReadUInt32LittleEndian(entry), without = BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]);
        Require(address, stored, "a chunk");
        for (int i = 0; i < dataset.Chunk.Length - 1; i++)
        {
            if (dataset.Chunk[i] == 0 || Number(entry, 8 + (8 * i)) % dataset.Chunk[i] != 0)
                throw Broken($"a chunk begins at {Number(entry, 8 + (8 * i))}, where chunks have {dataset.Chunk[i]} each");
        }

        if (dataset.Filters.Length == 0 ? stored == dataset.ChunkBytes : without != 0 || !dataset.IsTried(stored) || Unpacked(address, stored, dataset.ChunkBytes))
            return;
        throw Broken($"a chunk does not hold the {dataset.ChunkBytes} bytes that it should");
    }

    /// <summary>Whether a compressed chunk is as long as a chunk: the library takes what is missing from its own memory.</summary>
    private bool Unpacked(ulong address, uint stored, ulong expected)
    {
        try
        {
            using var inflated = new ZLibStream(new MemoryStream(Read(address, stored, "a chunk")), CompressionMode.Decompress);
            var buffer = new byte[1 << 16];
            ulong length = 0;
            for (int read; length <= expected && (read = inflated.Read(buffer)) > 0;)
                length += (ulong)read;
            return length == expected;
        }
        catch (InvalidDataException)
        {
            return true; // the library says so in its own words
        }
    }

    private void Siblings(ReadOnlySpan<byte> node)
    {
        foreach (int at in (ReadOnlySpan<int>)[8, 16])
        {
            if (Number(node, at) is not Undefined and var sibling)
                Require(sibling, 0, "the next node of a tree");
        }
    }

    /// <summary>A node's first bytes; null where it does not begin as it should, which the library will say.</summary>
    private byte[]? Node(ulong address, ulong size, string signature)
    {
        byte[] node = Read(address, size, signature);
        for (int i = 0; i < signature.Length; i++)
        {
            if (node[i] != signature[i])
                return null;
        }

        return node;
    }

    private bool TryRead(ulong address, ulong size, out byte[] bytes)
    {
        bool fits = address <= _length && size <= _length - address;
        bytes = fits ? Read(address, size, string.Empty) : [];
        return fits;
    }

    private byte[] Read(ulong address, ulong size, string what)
    {
        Require(address, size, what);
        var bytes = new byte[size];
        _stream.Position = _start + (long)address;
        _stream.ReadExactly(bytes);
        return bytes;
    }

    private void Require(ulong address, ulong size, string what)
    {
        if (address > _length || size > _length - address)
            throw Broken($"{what} would stand at byte {address}, {size} bytes long, of {_length}");
    }

    private void RequireInside(int at, ulong size, int length, string what)
    {
        if (size > (ulong)Math.Max(length - at, 0))
            throw Broken($"{what} would be {size} bytes long in a message of {length}");
    }

    private InvalidFileException Broken(string what) => new(_path, $"broken or cut short: {what}");

    private static ulong Number(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);

    /// <summary>What a dataset's header says of its chunks.</summary>
    private sealed class Dataset
    {
        private bool _isTried;

        /// <summary>The tree of its chunks; null for none.</summary>
        public ulong? ChunkTree { get; private set; }

        /// <summary>The bytes of an element by its type; null where that stands elsewhere.</summary>
        public uint? ElementBytes { get; set; }

        /// <summary>A chunk's sizes, the last the bytes of an element.</summary>
        public uint[] Chunk { get; private set; } = [];

        /// <summary>The filters, in the order of writing.</summary>
        public int[] Filters { get; set; } = [];

        /// <summary>The bytes of a chunk.</summary>
        public ulong ChunkBytes => Chunk.Aggregate(1ul, (product, size) => unchecked(product * size));

        public void TakeChunks(ulong tree, ReadOnlySpan<byte> sizes)
        {
            ChunkTree = tree;
            Chunk = new uint[sizes.Length / 4];
            for (int i = 0; i < Chunk.Length; i++)
                Chunk[i] = BinaryPrimitives.ReadUInt32LittleEndian(sizes[(4 * i)..]);
        }

        /// <summary>Whether a chunk is to be unpacked: one of each dataset, if it is gzip's and no giant.</summary>
        public bool IsTried(ulong stored)
        {
            if (_isTried || stored > LargestTrial || Filters is not ([DeflateFilter] or [ShuffleFilter, DeflateFilter]))
                return false;
            return _isTried = true;
        }
    }
}
