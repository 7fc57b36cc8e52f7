using System.IO.Compression;

namespace EDA.Engine.Data.Formats;

/// <summary>
/// NumPy's archive of named arrays: a ZIP file of .npy files. Arrays are read as they unpack, so that none is held
/// twice; what a library for numpy's arrays would do is load them whole, float64 and all.
/// </summary>
public sealed class NpzFile : IDisposable
{
    private const string Suffix = ".npy";
    private static readonly byte[] SingleArray = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];
    private readonly ZipArchive _archive;
    private readonly Dictionary<string, ZipArchiveEntry> _entries = new(StringComparer.Ordinal);

    private NpzFile(string path, ZipArchive archive)
    {
        (Path, _archive) = (path, archive);
        // numpy takes a member by its whole name, too.
        foreach (var entry in archive.Entries)
        {
            if (!_entries.TryAdd(NameOf(entry), entry))
                throw new InvalidFileException(path, $"{NameOf(entry)} stands in the archive twice; allowed is once");
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The arrays' names, in the file's order.</summary>
    public IReadOnlyList<string> Names => [.. _archive.Entries.Where(entry => entry.FullName.EndsWith(Suffix, StringComparison.Ordinal)).Select(NameOf)];

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The archive.</returns>
    /// <exception cref="InvalidFileException">It is no ZIP archive, cut short, or has a name twice.</exception>
    public static NpzFile Open(string path)
    {
        var stream = FileToRead.Open(path);
        try
        {
            if (stream.Length == 0)
                throw new InvalidFileException(path, "the file is empty");
            Span<byte> start = stackalloc byte[SingleArray.Length];
            if (stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.SequenceEqual(SingleArray))
                throw new InvalidFileException(path, "is a single array (.npy); allowed is an archive of named ones, as numpy.savez writes it");
            stream.Position = 0;
            var archive = new ZipArchive(stream, ZipArchiveMode.Read);
            // The list of entries stands at the end: asking for it finds a file that was cut short.
            var file = new NpzFile(path, archive);
            RequireNames(path, stream);
            return file;
        }
        catch (Exception broken) when (broken is InvalidDataException or ArgumentException or OverflowException)
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

    private static void RequireNames(string path, FileStream stream)
    {
        try
        {
            ZipNames.RequireAgreement(stream);
        }
        catch (InvalidDataException broken)
        {
            throw new InvalidFileException(path, $"is damaged: {broken.Message}", broken);
        }
    }

    /// <summary>Opens an array.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The array, owned by the caller, to be read once; null where there is none of that name.</returns>
    /// <exception cref="InvalidFileException">It is no .npy file.</exception>
    public NpzArray? Array(string name)
    {
        if (!_entries.TryGetValue(name, out var entry))
            return null;
        var member = new NpzMember(Path, name, entry);
        try
        {
            var header = NpyHeader.Read(member);
            if (header.Type.IsNumeric && (header.Elements < 0 || entry.Length != header.Length + (header.Elements * header.Type.Size)))
                throw member.Refusal($"is broken: {entry.Length - header.Length} bytes for the shape [{string.Join("×", header.Shape)}] of {header.Type.Name}");
            return new NpzArray(member, header);
        }
        catch (FormatException broken)
        {
            member.Dispose();
            throw member.Refusal(broken.Message, broken);
        }
        catch
        {
            member.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _archive.Dispose();

    private static string NameOf(ZipArchiveEntry entry) => entry.FullName.EndsWith(Suffix, StringComparison.Ordinal) ? entry.FullName[..^Suffix.Length] : entry.FullName;
}
