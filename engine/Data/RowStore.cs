using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using EDA.Kernels;

namespace EDA.Engine.Data;

/// <summary>
/// Rows of floats that are appended in order and then read in any order: actions sampled for each state, or their
/// labels. In memory, or in a memory-mapped .npy file where a million states are too many to hold; such a file is
/// readable by other programs, and appending goes on where an earlier run stopped. Not safe for use by two threads at
/// once.
/// </summary>
public abstract class RowStore : IDisposable
{
    private const int DigestDigits = 16;
    private const int FloatsAtOnce = 1 << 16;

    private protected RowStore(int count, IReadOnlyList<int> rowShape)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfLessThan(rowShape.Count, 1, nameof(rowShape));
        foreach (int size in rowShape)
            ArgumentOutOfRangeException.ThrowIfLessThan(size, 1, nameof(rowShape));
        (Count, RowShape) = (count, rowShape);
        RowLength = rowShape.Aggregate(1, (product, size) => checked(product * size));
    }

    /// <summary>The rows there will be when all are appended.</summary>
    public int Count { get; }

    /// <summary>The dimensions of a row.</summary>
    public IReadOnlyList<int> RowShape { get; }

    /// <summary>Floats of a row.</summary>
    public int RowLength { get; }

    /// <summary>The rows appended so far.</summary>
    public int Completed { get; private protected set; }

    /// <summary>Whether all rows are there.</summary>
    public bool IsComplete => Completed == Count;

    /// <summary>Makes an empty store in memory.</summary>
    /// <param name="count">The rows there will be.</param>
    /// <param name="rowShape">The dimensions of a row.</param>
    /// <returns>The store, owned by the caller.</returns>
    public static RowStore InMemory(int count, params int[] rowShape) => new MemoryRowStore(count, rowShape);

    /// <summary>Takes an array for a store that is complete.</summary>
    /// <param name="rows">Whole rows, at least one; kept.</param>
    /// <param name="rowShape">The dimensions of a row.</param>
    /// <returns>The store, owned by the caller.</returns>
    /// <exception cref="ArgumentException">The numbers are not rows of that shape.</exception>
    public static RowStore Of(float[] rows, params int[] rowShape) => new MemoryRowStore(rows, rowShape);

    /// <summary>
    /// Opens a store in a file, made if missing: <paramref name="path"/> is an .npy file, and <c>path.json</c> beside it
    /// says how far it is filled and from what.
    /// </summary>
    /// <param name="path">The .npy file.</param>
    /// <param name="identity">What the rows are made from, by key; a file of another identity is refused.</param>
    /// <param name="count">The rows there will be.</param>
    /// <param name="rowShape">The dimensions of a row.</param>
    /// <returns>The store, owned by the caller.</returns>
    /// <exception cref="InvalidFileException">A file of that name holds something else.</exception>
    /// <exception cref="IOException">The file cannot be made or opened, for instance for want of room.</exception>
    public static RowStore OpenFile(string path, IReadOnlyDictionary<string, string> identity, int count, params int[] rowShape) =>
        new MappedRowStore(path, identity, count, rowShape);

    /// <summary>The files that a store in a file is made of.</summary>
    /// <param name="path">The .npy file.</param>
    /// <returns>It and the one that says how far it is filled.</returns>
    public static IReadOnlyList<string> FilesOf(string path) => [path, path + MappedRowStore.ProgressSuffix];

    /// <summary>What an earlier run left in a file, whichever run that was.</summary>
    /// <param name="path">The .npy file.</param>
    /// <returns>The rows it has room for and what they are made from; null where there is no file.</returns>
    /// <exception cref="InvalidFileException">A file of that name holds something else.</exception>
    public static (int Count, int Completed, IReadOnlyDictionary<string, string> Identity)? Find(string path) =>
        MappedRowStore.ReadProgress(path) is { } progress ? (MappedRowStore.CountOf(path), progress.Completed, progress.Identity) : null;

    /// <summary>Appends rows.</summary>
    /// <param name="rows">Whole rows, no more than are missing.</param>
    public void Append(ReadOnlySpan<float> rows)
    {
        int added = rows.Length / RowLength;
        if (rows.Length % RowLength != 0 || added > Count - Completed)
            throw new ArgumentException($"{rows.Length} numbers are not up to {Count - Completed} rows of {RowLength}", nameof(rows));
        Save();
        Write((long)Completed * RowLength, rows);
        Completed += added;
    }

    /// <summary>Takes back what was appended last, before it is saved.</summary>
    /// <param name="rows">How many rows.</param>
    internal void TakeBack(int rows) => Completed -= rows;

    /// <summary>Sees to it that all rows so far are there whatever happens. A store in a file does so once a second, when more are appended, and when it is disposed of.</summary>
    public virtual void Flush()
    {
    }

    /// <summary>Reads rows that follow each other.</summary>
    /// <param name="first">The first.</param>
    /// <param name="rows">Filled; whole rows, all appended already.</param>
    public void Read(int first, Span<float> rows)
    {
        if (rows.Length % RowLength != 0 || first < 0 || first > Completed - (rows.Length / RowLength))
            throw new ArgumentOutOfRangeException(nameof(first), first, $"{rows.Length} numbers from there on are not rows of {RowLength} among the {Completed} there are");
        Read((long)first * RowLength, rows);
    }

    /// <summary>Reads rows in any order.</summary>
    /// <param name="indices">Which, all appended already.</param>
    /// <param name="rows">Filled with one row for each.</param>
    public void Gather(ReadOnlySpan<int> indices, Span<float> rows)
    {
        if (rows.Length != (long)indices.Length * RowLength)
            throw new ArgumentException($"{rows.Length} places for {indices.Length} rows of {RowLength}", nameof(rows));
        for (int i = 0; i < indices.Length; i++)
            Read(indices[i], rows.Slice(i * RowLength, RowLength));
    }

    /// <summary>Copies all rows to a device.</summary>
    /// <param name="destination">Where they go.</param>
    /// <param name="offset">The first element written.</param>
    internal void CopyTo(DeviceArray<float> destination, long offset) => ForEachPart((first, part) => destination.CopyFrom(part, offset + first));

    /// <summary>A short name for the contents, by which a saved state of training knows its data again. Reads every row.</summary>
    /// <returns>Hexadecimal digits.</returns>
    public string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> size = stackalloc byte[sizeof(int)];
        foreach (int dimension in (ReadOnlySpan<int>)[Completed, .. RowShape])
        {
            BinaryPrimitives.WriteInt32LittleEndian(size, dimension);
            hash.AppendData(size);
        }

        ForEachPart((_, part) => hash.AppendData(MemoryMarshal.AsBytes(part)));
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..DigestDigits];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives memory or file back.</summary>
    /// <param name="disposing">True.</param>
    protected abstract void Dispose(bool disposing);

    private void ForEachPart(Action<long, ReadOnlySpan<float>> take)
    {
        var buffer = new float[FloatsAtOnce];
        long length = (long)Completed * RowLength;
        for (long first = 0; first < length; first += buffer.Length)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - first));
            Read(first, part);
            take(first, part);
        }
    }

    /// <summary>Copies numbers in, from a place on.</summary>
    private protected abstract void Write(long first, ReadOnlySpan<float> values);

    /// <summary>Copies numbers out, from a place on.</summary>
    private protected abstract void Read(long first, Span<float> values);

    /// <summary>Called before rows are appended: a moment to write down how far those before them go.</summary>
    private protected abstract void Save();
}

/// <summary>Rows in an array.</summary>
internal sealed class MemoryRowStore : RowStore
{
    private float[] _values;

    public MemoryRowStore(int count, int[] rowShape)
        : base(count, rowShape) => _values = HostMemory.Allocate<float>((long)count * RowLength, "the rows");

    public MemoryRowStore(float[] values, int[] rowShape)
        : base(values.Length / Math.Max(rowShape.Aggregate(1, (product, size) => checked(product * size)), 1), rowShape)
    {
        if (values.Length == 0 || values.Length % RowLength != 0)
            throw new ArgumentException($"{values.Length} numbers are not rows of {string.Join("×", rowShape)}", nameof(values));
        (_values, Completed) = (values, Count);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _values = [];

    /// <inheritdoc/>
    private protected override void Write(long first, ReadOnlySpan<float> values) => values.CopyTo(_values.AsSpan((int)first));

    /// <inheritdoc/>
    private protected override void Read(long first, Span<float> values) => _values.AsSpan((int)first, values.Length).CopyTo(values);

    /// <inheritdoc/>
    private protected override void Save()
    {
    }
}
