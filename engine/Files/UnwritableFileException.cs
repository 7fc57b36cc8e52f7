namespace EDA.Engine.Files;

/// <summary>A file cannot be made where it was asked for. The message is one line that names it and says why.</summary>
/// <param name="path">The file.</param>
/// <param name="reason">Why, to stand after "cannot be written: ".</param>
/// <param name="cause">What the system said.</param>
public sealed class UnwritableFileException(string path, string reason, Exception cause) : IOException($"{path} cannot be written: {reason}", cause)
{
    private const int NotPermitted = 1, ReadOnlyFileSystem = 30;

    /// <summary>The refusal that an error of the system comes to; null where it is no matter of the place, such as a full disk.</summary>
    /// <param name="path">The file.</param>
    /// <param name="error">The error.</param>
    /// <returns>The refusal.</returns>
    internal static UnwritableFileException? Of(string path, Exception error) => error switch
    {
        UnwritableFileException known => known,
        UnauthorizedAccessException when Directory.Exists(path) => new(path, "it is a folder", error),
        UnauthorizedAccessException => new(path, "its folder gives no permission to", error),
        DirectoryNotFoundException when IsBelowAFile(path) => new(path, "what should be its folder is a file", error),
        DirectoryNotFoundException => new(path, "its folder does not exist", error),
        FileNotFoundException => new(path, "its folder takes no files", error),
        PathTooLongException => new(path, "its name is too long for this file system", error),
        IOException { HResult: ReadOnlyFileSystem } => new(path, "its file system is read-only", error),
        IOException { HResult: NotPermitted } => new(path, "its file system does not permit it", error),
        _ => null,
    };

    private static bool IsBelowAFile(string path)
    {
        for (string? folder = Path.GetDirectoryName(path); !string.IsNullOrEmpty(folder); folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(folder))
                return true;
        }

        return false;
    }
}
