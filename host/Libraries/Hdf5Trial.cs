using System.Diagnostics;
using EDA.Engine;
using EDA.Engine.Data;
using EDA.Engine.Data.Hdf5;
using EDA.Host.CommandLine;

namespace EDA.Host.Libraries;

/// <summary>
/// Reads an HDF5 file in a process of its own first: of a few damaged files in a thousand the C library ends the process
/// that reads them, or does not come to an end.
/// </summary>
internal static class Hdf5Trial
{
    /// <summary>The word by which this program is asked to try a file and do nothing else.</summary>
    public const string Word = "--try-hdf5";

    // A slow disk gives 2 MB a second; the rest is for a machine that is busy.
    private const double LeastSeconds = 60, BytesPerSecond = 2e6;

    // What a process that a signal ended leaves: 128 and the signal's number, of those that it brought on itself.
    private static readonly int[] Crashes = [128 + 4, 128 + 6, 128 + 7, 128 + 8, 128 + 10, 128 + 11];

    /// <summary>Refuses a file that the library does not survive; anything else is reported by the next reader.</summary>
    /// <param name="path">The file; of another format nothing is done.</param>
    /// <exception cref="InvalidFileException">The library crashes on it, or does not come to an end.</exception>
    public static void Require(string path)
    {
        if (!Hdf5File.HasSignature(path) || !Hdf5File.Library.IsFound || Start(path) is not { } process)
            return;
        using (process)
        {
            // What the C library prints when it crashes is dropped.
            process.OutputDataReceived += (_, _) => { };
            process.ErrorDataReceived += (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            if (!process.WaitForExit(TimeSpan.FromSeconds(LeastSeconds + (new FileInfo(path).Length / BytesPerSecond))))
            {
                process.Kill();
                throw new InvalidFileException(path, "is broken: the HDF5 library does not come to an end with it");
            }

            if (Crashes.Contains(process.ExitCode) || process.ExitCode < 0)
                throw new InvalidFileException(path, "is broken: the HDF5 library crashes on it");
        }
    }

    /// <summary>What the process of its own does.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The exit status, success whatever was found.</returns>
    public static int Run(string path)
    {
        try
        {
            DatasetInspection.Of(path);
        }
        catch (Exception)
        {
            // The next reader reports it.
        }

        return 0;
    }

    // Another program that uses this one's parts cannot start itself to try a file.
    private static Process? Start(string path) => OwnProgram.StartInfo(Word, path) is { } start ? Process.Start(start) : null;
}
