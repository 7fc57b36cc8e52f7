using System.Diagnostics;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using System.Text.Json;
using EDA.Engine.Data.Formats;
using EDA.Engine.Files;
using Microsoft.Win32.SafeHandles;

namespace EDA.Engine.Data;

/// <summary>
/// Rows in a memory-mapped .npy file. Room for all of them is taken when it is made, so that a full disk shows then and
/// not in the middle. They are written as to any file, since a mapping that finds no room ends the process, and read
/// through the mapping. The file beside it is rewritten before an append, once the rows so far are on disk, but no more than
/// once a second. However many rows there are, few of them count as this process's memory at a time.
/// </summary>
internal sealed class MappedRowStore : RowStore
{
    /// <summary>After the name of the .npy file, that of the file which says how far it is filled.</summary>
    public const string ProgressSuffix = ".json";

    // What is read or written through a mapping counts as this process's memory until it is taken down.
    private const long MostMapped = 32 << 20;

    private readonly string _path;
    private readonly SortedDictionary<string, string> _identity;
    private readonly long _dataStart;
    private readonly MemoryMappedFile _file;
    private readonly SafeFileHandle _rows;
    private readonly long _bytes;
    private MemoryMappedViewAccessor _view;
    private long _touched;
    private int _saved = -1;
    private long _savedAt;

    public MappedRowStore(string path, IReadOnlyDictionary<string, string> identity, int count, int[] rowShape)
        : base(count, rowShape)
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("files of rows are little-endian, this machine is not");
        _path = path;
        _identity = new(identity.ToDictionary(), StringComparer.Ordinal);
        byte[] header = NpyHeader.Write("<f4", [count, .. rowShape]);
        _dataStart = header.Length;
        long bytes = checked(header.Length + ((long)count * RowLength * sizeof(float)));
        var progress = ReadProgress(path);
        bool exists = progress is not null;
        if (progress is not null)
            Completed = CheckFile(progress, header, bytes);
        if (!exists)
            Make(header, bytes);
        _saved = Completed;
        _rows = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.ReadWrite);
        _bytes = bytes;
        _view = Map();
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        if (_saved == Completed)
            return;
        RandomAccess.FlushToDisk(_rows);
        FaultPoint.Pass(FaultPoint.Rows, _path);
        WriteProgress();
        (_saved, _savedAt) = (Completed, Stopwatch.GetTimestamp());
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        try
        {
            if (disposing)
                Flush();
        }
        finally
        {
            _view.Dispose();
            _file.Dispose();
            _rows.Dispose();
        }
    }

    /// <inheritdoc/>
    private protected override void Write(long first, ReadOnlySpan<float> values)
    {
        RandomAccess.Write(_rows, MemoryMarshal.AsBytes(values), _dataStart + (first * sizeof(float)));
    }

    /// <inheritdoc/>
    private protected override void Read(long first, Span<float> values)
    {
        Touch(values.Length);
        _view.SafeMemoryMappedViewHandle.ReadSpan((ulong)(_dataStart + (first * sizeof(float))), values);
    }

    /// <inheritdoc/>
    private protected override void Save()
    {
        if (Stopwatch.GetElapsedTime(_savedAt) >= TimeSpan.FromSeconds(1))
            Flush();
    }

    // What says how far it is filled is there first: without rows it says that the making was cut short.
    private void Make(byte[] header, long bytes)
    {
        WriteProgress();
        WholeFile.Write(_path, overwrite: false, file =>
        {
            using var stream = new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, PreallocationSize = bytes });
            stream.SetLength(bytes);
            stream.Write(header);
        });
    }

    private void WriteProgress() =>
        WholeFile.Write(_path + ProgressSuffix, overwrite: true, file => File.WriteAllBytes(file, JsonSerializer.SerializeToUtf8Bytes(new Progress(Completed, _identity))));

    private MemoryMappedViewAccessor Map() => _file.CreateViewAccessor(0, _bytes, MemoryMappedFileAccess.ReadWrite);

    /// <summary>Takes the mapping down and up again once enough has gone through it: the file's pages stay the system's, which lets go of them as it likes.</summary>
    private void Touch(int values)
    {
        _touched += (long)values * sizeof(float);
        if (_touched <= MostMapped)
            return;
        _view.Dispose();
        _view = Map();
        _touched = (long)values * sizeof(float);
    }

    /// <summary>How far an earlier run's file is filled, and with what; null where there is none.</summary>
    public static Progress? ReadProgress(string path)
    {
        bool exists = File.Exists(path), isSaid = File.Exists(path + ProgressSuffix);
        if (!exists && !isSaid)
            return null;
        var progress = isSaid ? ParseProgress(path) : null;
        if (exists && progress is not null)
            return progress;
        return !exists && progress is { Completed: 0 }
            ? null
            : throw new InvalidFileException(path, $"is not replaced, nor is {path}{ProgressSuffix}: one of the two is missing");
    }

    private static Progress ParseProgress(string path)
    {
        try
        {
            if (JsonSerializer.Deserialize<Progress>(File.ReadAllBytes(path + ProgressSuffix)) is { Identity: not null, Completed: >= 0 } progress)
                return progress;
        }
        catch (JsonException)
        {
        }

        throw NoProgress(path);
    }

    /// <summary>The rows that a file has room for.</summary>
    public static int CountOf(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        try
        {
            if (NpyHeader.Read(stream) is { Shape: [var count and <= int.MaxValue, ..] })
                return (int)count;
        }
        catch (FormatException)
        {
        }

        throw new InvalidFileException(path, "is not an .npy file of rows");
    }

    private static InvalidFileException NoProgress(string path) => new(path + ProgressSuffix, "does not say how far the rows beside it are filled");

    /// <summary>Refuses anything but an earlier run's file of the same rows, and says how far it is filled.</summary>
    private int CheckFile(Progress progress, byte[] header, long bytes)
    {
        if (progress.Completed > Count)
            throw NoProgress(_path);
        foreach (string key in _identity.Keys.Union(progress.Identity.Keys, StringComparer.Ordinal))
        {
            (string? found, string? wanted) = (progress.Identity.GetValueOrDefault(key), _identity.GetValueOrDefault(key));
            if (found != wanted)
                throw new InvalidFileException(_path, $"belongs to another run: its {key} is {found ?? "not given"} and not {wanted ?? "given"}");
        }

        using var stream = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var start = new byte[header.Length];
        if (stream.Length != bytes || stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) < start.Length || !start.AsSpan().SequenceEqual(header))
            throw new InvalidFileException(_path, $"is not an .npy file of {Count}×{string.Join("×", RowShape)} float32 numbers");
        return progress.Completed;
    }

    /// <summary>What stands in the file beside the rows.</summary>
    internal sealed record Progress(int Completed, SortedDictionary<string, string> Identity);
}
