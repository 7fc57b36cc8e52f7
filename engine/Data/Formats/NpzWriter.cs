using System.IO.Compression;
using System.Runtime.InteropServices;

namespace EDA.Engine.Data.Formats;

/// <summary>Writes an NPZ file, array by array, compressed.</summary>
public sealed class NpzWriter : IDisposable
{
    // ZIP's first day: the same arrays are the same bytes whenever they are written.
    private static readonly DateTimeOffset NoDay = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ZipArchive _archive;

    /// <summary>Makes the file.</summary>
    /// <param name="path">A file that does not exist yet.</param>
    /// <exception cref="IOException">It exists, or cannot be made.</exception>
    public NpzWriter(string path) =>
        _archive = new ZipArchive(new FileStream(path, FileMode.CreateNew, FileAccess.Write), ZipArchiveMode.Create);

    /// <summary>Adds an array of float32.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="values">The numbers, row-major.</param>
    public void Write(string name, ReadOnlySpan<int> shape, ReadOnlySpan<float> values) =>
        Write(name, "<f4", shape, MemoryMarshal.AsBytes(values));

    /// <summary>Adds an array of float64.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="values">The numbers, row-major.</param>
    public void Write(string name, ReadOnlySpan<int> shape, ReadOnlySpan<double> values) =>
        Write(name, "<f8", shape, MemoryMarshal.AsBytes(values));

    /// <summary>Adds an array of truth values.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="values">The values, row-major.</param>
    public void Write(string name, ReadOnlySpan<int> shape, ReadOnlySpan<bool> values) =>
        Write(name, "|b1", shape, MemoryMarshal.AsBytes(values));

    /// <summary>Adds an array of int64.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="values">The numbers, row-major.</param>
    public void Write(string name, ReadOnlySpan<int> shape, ReadOnlySpan<long> values) =>
        Write(name, "<i8", shape, MemoryMarshal.AsBytes(values));

    /// <inheritdoc/>
    public void Dispose() => _archive.Dispose();

    private void Write(string name, string type, ReadOnlySpan<int> shape, ReadOnlySpan<byte> bytes)
    {
        var entry = _archive.CreateEntry(name + ".npy", CompressionLevel.Fastest);
        entry.LastWriteTime = NoDay;
        using var stream = entry.Open();
        stream.Write(NpyHeader.Write(type, shape));
        stream.Write(bytes);
    }
}
