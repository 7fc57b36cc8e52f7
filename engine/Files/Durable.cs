using System.Runtime.InteropServices;

namespace EDA.Engine.Files;

/// <summary>Sees to it that what was written is on the disk itself, so that a power cut does not take it back.</summary>
internal static partial class Durable
{
    private const int ReadOnly = 0;

    /// <summary>Waits until a file's contents are on disk.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">They could not be written.</exception>
    public static void Flush(string path)
    {
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>Waits until a file's name is on disk, where the system has a way to ask for that.</summary>
    /// <param name="path">The file.</param>
    public static void FlushName(string path)
    {
        if (OperatingSystem.IsWindows() || Path.GetDirectoryName(Path.GetFullPath(path)) is not { } folder)
            return;
        int descriptor = Open(folder, ReadOnly);
        if (descriptor < 0)
            return; // the file is there: a folder that may not be opened is no reason to stop
        _ = Sync(descriptor);
        _ = Close(descriptor);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
