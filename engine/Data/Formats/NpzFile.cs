using System.IO.Compression;

namespace EDA.Engine.Data.Formats;

/// <summary>
/// NumPy's archive of named arrays: a ZIP file of .npy files. Arrays are read as they unpack, so that none is held
/// twice; what a library for numpy's arrays would do is load them whole, float64 and all.
/// </summary>
public sealed class NpzFile : IDisposable
{
    private const string Suffix = ".npy";
    private readonly ZipArchive _archive;

    private NpzFile(string path, ZipArchive archive) => (Path, _archive) = (path, archive);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The arrays' names, in the file's order.</summary>
    public IReadOnlyList<string> Names => [.. _archive.Entries.Select(entry => entry.FullName)
        .Where(name => name.EndsWith(Suffix, StringComparison.Ordinal)).Select(name => name[..^Suffix.Length])];

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The archive.</returns>
    /// <exception cref="InvalidFileException">It is no ZIP archive, or cut short.</exception>
    public static NpzFile Open(string path)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            if (stream.Length == 0)
                throw new InvalidFileException(path, "the file is empty");
            var archive = new ZipArchive(stream, ZipArchiveMode.Read);
            // The list of entries stands at the end: asking for it finds a file that was cut short.
            _ = archive.Entries.Count;
            return new NpzFile(path, archive);
        }
        catch (InvalidDataException broken)
        {
            stream.Dispose();
            throw new InvalidFileException(path, "not an NPZ file, or cut short: the list of its arrays is not at its end", broken);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Opens an array.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The array, owned by the caller, to be read once; null where there is none of that name.</returns>
    /// <exception cref="InvalidFileException">It is no .npy file.</exception>
    public NpzArray? Array(string name)
    {
        var entry = _archive.GetEntry(name + Suffix);
        if (entry is null)
            return null;
        try
        {
            var stream = entry.Open();
            try
            {
                var header = NpyHeader.Read(stream) ?? throw new InvalidFileException(Path, $"{name} is no array: the header of an .npy file is missing or broken");
                if (header.IsNumeric && (header.Elements < 0 || entry.Length != header.Length + (header.Elements * header.Size)))
                    throw new InvalidFileException(Path, $"{name} is broken: {entry.Length - header.Length} bytes for the shape [{string.Join("×", header.Shape)}] of {header.TypeName}");
                return new NpzArray(Path, name, header, stream, entry.CompressedLength < entry.Length);
            }
            catch
            {
                stream.Dispose();
                throw;
            }
        }
        catch (InvalidDataException broken)
        {
            throw new InvalidFileException(Path, $"{name} is broken: it does not unpack", broken);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _archive.Dispose();
}
