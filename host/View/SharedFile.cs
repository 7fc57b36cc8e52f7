using System.Text;

namespace EDA.Host.View;

/// <summary>Reads files that another process, on this machine or another, may be writing: no lock is taken, and a row that is half there counts as none.</summary>
internal static class SharedFile
{
    /// <summary>The whole text.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Its text.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string Read(string path)
    {
        using var reader = new StreamReader(Open(path), Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>The complete rows of a table, its header left out.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The rows; none where there is no file.</returns>
    public static IReadOnlyList<string> Rows(string path) => File.Exists(path) ? [.. Complete(Read(path)).Skip(1)] : [];

    /// <summary>The last complete row of a table, its header left out.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The row; null where there is none.</returns>
    public static string? LastRow(string path)
    {
        const int Enough = 4096;
        if (!File.Exists(path))
            return null;
        using var file = Open(path);
        bool isWhole = file.Length <= Enough;
        file.Position = isWhole ? 0 : file.Length - Enough;
        using var reader = new StreamReader(file, Encoding.UTF8);
        var rows = Complete(reader.ReadToEnd());
        return rows.Length > 1 ? rows[^1] : null;
    }

    private static string[] Complete(string text) => text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
}
