using System.Diagnostics;
using System.Globalization;

namespace EDA.Tests.Crash;

/// <summary>A small disk of its own, in memory, that can be filled up: for root on Linux.</summary>
internal sealed class FullDisk : IDisposable
{
    private const int Kibibytes = 8192;

    private readonly string _filler;

    public FullDisk(string path)
    {
        Path = path;
        Directory.CreateDirectory(path);
        if (!Mount("mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={Kibibytes}k"), "tmpfs", path))
            throw new InvalidOperationException($"nothing can be mounted on {path}");
        _filler = System.IO.Path.Combine(path, "filler");
    }

    /// <summary>Whether there can be one on this machine.</summary>
    public static bool CanBeHad { get; } = OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && CanMount();

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>Takes all the room there is left but for some bytes.</summary>
    public void Fill(int left)
    {
        using (var stream = new FileStream(_filler, FileMode.Create))
        {
            try
            {
                var block = new byte[4096];
                while (true)
                {
                    stream.Write(block);
                    stream.Flush();
                }
            }
            catch (IOException)
            {
                // Full.
            }
        }

        using var filler = new FileStream(_filler, FileMode.Open);
        filler.SetLength(Math.Max(0, filler.Length - left));
    }

    /// <summary>Gives it back.</summary>
    public void Clear() => File.Delete(_filler);

    public void Dispose()
    {
        Mount("umount", Path);
        Directory.Delete(Path);
    }

    private static bool CanMount()
    {
        string path = Directory.CreateTempSubdirectory("eda-disk-").FullName;
        try
        {
            new FullDisk(path).Dispose();
            return true;
        }
        catch (InvalidOperationException)
        {
            Directory.Delete(path);
            return false;
        }
    }

    private static bool Mount(string command, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
