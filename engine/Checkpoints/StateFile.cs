using EDA.Engine.Files;

namespace EDA.Engine.Checkpoints;

/// <summary>
/// A file of saved state and the one before it. The one before stays until the next has been written, read back and
/// named, so that whatever happens to the newest there is one to go on from.
/// </summary>
internal static class StateFile
{
    /// <summary>The name of the state before: <c>x.previous.safetensors</c> beside <c>x.safetensors</c>.</summary>
    public static string Before(string path) => Path.ChangeExtension(path, ".previous" + Path.GetExtension(path));

    /// <summary>Whether there is a state, the newest or the one before.</summary>
    public static bool Exists(string path) => File.Exists(path) || File.Exists(Before(path));

    /// <summary>The files there are, the newest first.</summary>
    public static IEnumerable<string> All(string path) => ((string[])[path, Before(path)]).Where(File.Exists);

    /// <summary>Writes the next state.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes it under the name it is given.</param>
    /// <param name="verify">Reads it back from there, and throws where it is not what was written.</param>
    public static void Write(string path, Action<string> write, Action<string> verify) => WholeFile.Write(path, write, temporary =>
    {
        verify(temporary);
        if (File.Exists(path))
            File.Move(path, Before(path), overwrite: true);
        FaultPoint.Pass(FaultPoint.Between, Before(path));
        File.Move(temporary, path);
    });
}
