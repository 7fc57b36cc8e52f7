using System.Security.Cryptography;

namespace EDA.Engine.Files;

/// <summary>Files that are there whole or not at all, also after a power cut: written under another name beside their own first.</summary>
public static class WholeFile
{
    private const string TemporaryStart = ".eda-", TemporaryEnd = ".tmp";
    private const int TemporaryDigits = 8;

    /// <summary>Writes a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="overwrite">Whether one of that name may be replaced; it stays until all of the new one is on disk.</param>
    /// <param name="write">Writes it under the name it is given, of which there is no file yet.</param>
    /// <exception cref="UnwritableFileException">No file can be made there.</exception>
    /// <exception cref="IOException">It is there and may not be replaced, or it cannot be written; then nothing is left of it.</exception>
    public static void Write(string path, bool overwrite, Action<string> write) =>
        Write(path, write, temporary => File.Move(temporary, path, overwrite));

    /// <summary>The same, with a say in how the file takes its name.</summary>
    internal static void Write(string path, Action<string> write, Action<string> name)
    {
        string temporary = TemporaryBeside(path);
        try
        {
            Try(path, temporary);
            write(temporary);
            Durable.Flush(temporary);
            FaultPoint.Pass(FaultPoint.Written, temporary);
            name(temporary);
            FaultPoint.Pass(FaultPoint.Named, path);
        }
        catch (Exception failure)
        {
            Remove(temporary);
            if (UnwritableFileException.Of(path, failure) is { } refusal && refusal != failure)
                throw refusal;
            throw;
        }

        Durable.FlushName(path);
    }

    /// <summary>Deletes what writers that were killed left behind in a folder.</summary>
    /// <param name="folder">A folder that no process writes to now.</param>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public static void RemoveTemporaries(string folder)
    {
        foreach (string left in Directory.EnumerateFiles(folder, TemporaryStart + "*" + TemporaryEnd))
        {
            if (Path.GetFileName(left).Length == TemporaryStart.Length + TemporaryDigits + TemporaryEnd.Length)
                Remove(left);
        }
    }

    /// <summary>A name beside a file's own that nothing has. It is short whatever the file's own is, which may be as long as the system allows.</summary>
    internal static string TemporaryBeside(string path) =>
        Path.Combine(Path.GetDirectoryName(path) ?? string.Empty, TemporaryStart + RandomNumberGenerator.GetHexString(TemporaryDigits, lowercase: true) + TemporaryEnd);

    // Every format is refused in the same words where no file can be made at all, whatever library is going to write it.
    private static void Try(string path, string temporary)
    {
        if (Path.GetFileName(path).Length == 0 || Directory.Exists(path))
            throw new UnwritableFileException(path, "it is a folder", new IOException());
        using (new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
        {
        }

        File.Delete(temporary);
    }

    private static void Remove(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Folder and all may be gone; what made the writing fail matters more.
        }
    }
}
