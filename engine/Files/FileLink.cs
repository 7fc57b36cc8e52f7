using System.Runtime.InteropServices;

namespace EDA.Engine.Files;

/// <summary>A second name for a file.</summary>
internal static partial class FileLink
{
    /// <summary>Makes a hard link: whichever name is written anew or deleted, the file stays under the other.</summary>
    /// <param name="from">The file.</param>
    /// <param name="to">The second name.</param>
    /// <returns>False where the name is taken, or the file system has no such links.</returns>
    public static bool TryHard(string from, string to) => !OperatingSystem.IsWindows() && HardLink(from, to) == 0;

    /// <summary>Makes a hard link, or where there are none, as across file systems, a symbolic one.</summary>
    /// <param name="from">The file.</param>
    /// <param name="to">The second name, which must be free.</param>
    /// <exception cref="IOException">It is taken, or cannot be made.</exception>
    public static void Make(string from, string to)
    {
        if (!TryHard(from, to))
            File.CreateSymbolicLink(to, Path.GetFullPath(from));
    }

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int HardLink(string from, string to);
}
