namespace EDA.Engine.Data;

/// <summary>A file to be read whole, which must not be written meanwhile.</summary>
internal static class FileToRead
{
    // What the systems call it: EAGAIN on Linux, EWOULDBLOCK on macOS, a sharing violation on Windows.
    private static readonly int[] HeldElsewhere = [11, 35, unchecked((int)0x80070020)];

    /// <summary>Opens it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="share">What others may do with it meanwhile.</param>
    /// <returns>Its bytes.</returns>
    /// <exception cref="InvalidFileException">Another program has it open for writing.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static FileStream Open(string path, FileShare share = FileShare.Read)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, share);
        }
        catch (IOException held) when (HeldElsewhere.Contains(held.HResult))
        {
            throw new InvalidFileException(path, "is open for writing in another program: wait until that has closed it", held);
        }
    }
}
