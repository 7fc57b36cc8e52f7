namespace EDA.Engine;

/// <summary>Files that are there whole or not at all: written under another name beside their own first.</summary>
public static class WholeFile
{
    /// <summary>Writes a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="overwrite">Whether one of that name may be replaced; it stays until all of the new one is written.</param>
    /// <param name="write">Writes it under the name it is given, of which there is no file yet.</param>
    /// <exception cref="IOException">It is there and may not be replaced, or it cannot be written; then nothing is left of it.</exception>
    public static void Write(string path, bool overwrite, Action<string> write)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            write(temporary);
            File.Move(temporary, path, overwrite);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
