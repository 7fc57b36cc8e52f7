namespace EDA.Engine;

/// <summary>
/// A file does not hold what it should: broken, of another kind, or not fitting. The message is one line that names
/// the file and what is wrong with it.
/// </summary>
public sealed class InvalidFileException : IOException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="path">The file.</param>
    /// <param name="reason">What is wrong, in words that follow "path: ".</param>
    /// <param name="inner">What was thrown underneath, if anything.</param>
    public InvalidFileException(string path, string reason, Exception? inner = null)
        : base($"{path}: {OneLine(reason)}", inner)
    {
        Path = path;
        Reason = OneLine(reason);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>What is wrong with it.</summary>
    public string Reason { get; }

    // Names within a broken file may hold anything.
    private static string OneLine(string text) => string.Concat(text.Select(character => char.IsControl(character) ? ' ' : character));
}
