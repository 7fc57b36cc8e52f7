using System.Text.Json;
using EDA.Engine;

namespace EDA.Host.Downloads;

/// <summary>
/// The part of a file that has arrived so far, <c>NAME.part</c>, and what must not have changed at the server for the
/// rest to fit it, <c>NAME.part.json</c>.
/// </summary>
internal sealed class PartialFile(string path)
{
    private readonly string _origin = path + ".part.json";

    /// <summary>The part's path.</summary>
    public string Path { get; } = path + ".part";

    /// <summary>Bytes that are there and of which it is known where they came from; 0 otherwise.</summary>
    public long Length(Uri address) => Origin(address) is not null && File.Exists(Path) ? new FileInfo(Path).Length : 0;

    /// <summary>What the bytes belong to; null where that is not known.</summary>
    public Origin? Origin(Uri address)
    {
        if (!File.Exists(_origin))
            return null;
        try
        {
            var origin = JsonSerializer.Deserialize<Origin>(File.ReadAllBytes(_origin));
            return origin?.Address == address.AbsoluteUri ? origin : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Opens the part to add to it, or anew; no other process can open it meanwhile.</summary>
    /// <param name="start">Where the first byte goes; 0 begins anew.</param>
    /// <param name="origin">What the bytes belong to.</param>
    /// <exception cref="InvalidFileException">There is a file of that name which no download left.</exception>
    /// <exception cref="DownloadException">Another download is at work on it.</exception>
    public FileStream Open(long start, Origin origin)
    {
        bool anew = start == 0;
        if (new FileInfo(Path) is { Exists: true, Length: > 0 } && !File.Exists(_origin))
            throw new InvalidFileException(Path, "is in the way, and no download left it there; nothing is overwritten");
        FileStream stream;
        try
        {
            stream = new FileStream(Path, anew ? FileMode.Create : FileMode.Append, FileAccess.Write, FileShare.None);
        }
        catch (IOException error) when (File.Exists(Path))
        {
            throw new DownloadException($"{Path} cannot be written, perhaps because another download is at work on it: {error.Message}", error);
        }

        try
        {
            if (stream.Position != start)
                throw new DownloadException($"{Path} has grown meanwhile: another download is at work on it");
            if (anew)
                File.WriteAllBytes(_origin, JsonSerializer.SerializeToUtf8Bytes(origin));
            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Forgets what has arrived.</summary>
    public void Delete()
    {
        File.Delete(Path);
        File.Delete(_origin);
    }

    /// <summary>Gives the whole file its name, which nothing has yet.</summary>
    public void Finish(string target)
    {
        File.Move(Path, target, overwrite: false);
        File.Delete(_origin);
    }
}

/// <summary>What a part belongs to.</summary>
/// <param name="Address">Where it came from.</param>
/// <param name="Validator">The server's ETag or date of change, in the form of an If-Range header.</param>
/// <param name="Length">The length of the whole, if the server told it.</param>
internal sealed record Origin(string Address, string? Validator, long? Length);
