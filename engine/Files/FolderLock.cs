using System.Text.Json;

namespace EDA.Engine.Files;

/// <summary>
/// One process to a folder, on this machine or on any that shares it. The lock is a file that names its holder; it comes
/// into being whole, by a hard link, which also shared file systems make for one of two at a time. Its holder touches it
/// every few seconds. A lock whose process is gone from this machine, or which no other machine has touched for
/// minutes, is that of a dead one and taken over.
/// </summary>
public sealed class FolderLock : IDisposable
{
    /// <summary>The file's name.</summary>
    public const string FileName = "run.lock";

    private const string TakeOverName = FileName + ".taken";
    private static readonly TimeSpan _beat = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _silence = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan _making = TimeSpan.FromSeconds(30);
    private static readonly JsonSerializerOptions _json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    private readonly string _path;
    private readonly LockHolder _self;
    private readonly Timer _timer;

    private FolderLock(string path, LockHolder self)
    {
        (_path, _self) = (path, self);
        _timer = new Timer(_ => Touch(), null, _beat, _beat);
    }

    /// <summary>Takes the lock of a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>The lock, until it is disposed of.</returns>
    /// <exception cref="FolderInUseException">Another process works in the folder.</exception>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    public static FolderLock Take(string folder)
    {
        var self = LockHolder.This();
        string path = Path.Combine(folder, FileName);
        while (!TryCreate(path, self))
        {
            if (IsAlive(path, self, out var holder))
                throw new FolderInUseException(folder, holder);
            TakeOver(path, self);
        }

        return new FolderLock(path, self);
    }

    /// <summary>Who works in a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>A process, in words; null if it is free.</returns>
    public static string? HolderOf(string folder)
    {
        string path = Path.Combine(folder, FileName);
        return File.Exists(path) && IsAlive(path, LockHolder.This(), out var holder) ? holder?.ToString() ?? "a process that is about to say so" : null;
    }

    /// <summary>The process of this machine that took a folder and ended without giving it back.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>Its number; null where there is none.</returns>
    public static int? LeftBy(string folder)
    {
        var (holder, self) = (Read(Path.Combine(folder, FileName)), LockHolder.This());
        return holder?.Machine == self.Machine && !holder.IsRunning ? holder.Process : null;
    }

    /// <summary>Requires that the lock is still this process's: one that was stopped for minutes may have lost it to another machine's.</summary>
    /// <exception cref="LostFolderException">It is not.</exception>
    public void Require()
    {
        var holder = Read(_path);
        if (holder?.Token != _self.Token)
            throw new LostFolderException(Path.GetDirectoryName(_path)!, holder);
    }

    /// <summary>Gives the folder back.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        try
        {
            if (Read(_path)?.Token == _self.Token)
                File.Delete(_path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The next process sees that this one is gone.
        }
    }

    private static bool TryCreate(string path, LockHolder self)
    {
        string temporary = WholeFile.TemporaryBeside(path);
        try
        {
            File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(self, _json));
            return Link(temporary, path);
        }
        catch (Exception error) when (UnwritableFileException.Of(path, error) is { } refusal)
        {
            throw refusal;
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    // The process that makes the second file may remove the lock that both saw; the other then sees a new one.
    private static void TakeOver(string path, LockHolder self)
    {
        string second = Path.Combine(Path.GetDirectoryName(path)!, TakeOverName);
        if (!TryCreate(second, self))
        {
            if (File.Exists(second) && !IsAlive(second, self, out _))
                File.Delete(second);
            Thread.Sleep(20);
            return;
        }

        try
        {
            // A dead one cannot be removed by another process now, nor replaced.
            if (File.Exists(path) && !IsAlive(path, self, out _))
                File.Delete(path);
        }
        finally
        {
            File.Delete(second);
        }
    }

    // A lock that says nothing is one that is being made, or that a power cut has emptied.
    private static bool IsAlive(string path, LockHolder self, out LockHolder? holder)
    {
        holder = Read(path);
        if (holder is null)
            return File.Exists(path) && SilenceOf(path) < _making;
        return holder.Machine == self.Machine ? holder.IsRunning : SilenceOf(path) < _silence;
    }

    // By the clock of the file system, which dates both files.
    private static TimeSpan SilenceOf(string path)
    {
        string now = WholeFile.TemporaryBeside(path);
        try
        {
            File.WriteAllText(now, string.Empty);
            return File.GetLastWriteTimeUtc(now) - File.GetLastWriteTimeUtc(path);
        }
        finally
        {
            File.Delete(now);
        }
    }

    private static LockHolder? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<LockHolder>(File.ReadAllBytes(path), _json);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }

    private static bool Link(string from, string to)
    {
        if (FileLink.TryHard(from, to))
            return true;
        if (File.Exists(to))
            return false;

        // Where there are no hard links: a name that is free is taken by one alone all the same.
        try
        {
            using var stream = new FileStream(to, FileMode.CreateNew, FileAccess.Write);
            stream.Write(File.ReadAllBytes(from));
            return true;
        }
        catch (IOException) when (File.Exists(to))
        {
            return false;
        }
    }

    private void Touch()
    {
        try
        {
            // The same bytes again: the file system dates them by its own clock.
            byte[] bytes = File.ReadAllBytes(_path);
            if (JsonSerializer.Deserialize<LockHolder>(bytes, _json)?.Token != _self.Token)
                return;
            using var stream = new FileStream(_path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            stream.Write(bytes);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            // A folder that is away for a moment: what is saved next says so, if it lasts.
        }
    }
}
