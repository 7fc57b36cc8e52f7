using System.Diagnostics;
using System.Globalization;

namespace EDA.Bench.Comparison;

/// <summary>The memory of a process.</summary>
internal static class ProcessMemory
{
    private const string HighWater = "VmHWM:";

    /// <summary>The most that a process has held in memory so far.</summary>
    /// <param name="process">The process, running.</param>
    /// <returns>Bytes; null where the system does not tell.</returns>
    public static long? Peak(Process process)
    {
        if (!OperatingSystem.IsLinux())
        {
            process.Refresh();
            return process.PeakWorkingSet64 is > 0 and long bytes ? bytes : null;
        }

        try
        {
            return Peak(File.ReadLines($"/proc/{process.Id}/status"));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Reads it out of Linux' status of a process: the line VmHWM, in units of 1024 bytes.</summary>
    internal static long? Peak(IEnumerable<string> status)
    {
        string? line = status.FirstOrDefault(each => each.StartsWith(HighWater, StringComparison.Ordinal));
        return line is not null && long.TryParse(line[HighWater.Length..].Replace("kB", string.Empty, StringComparison.Ordinal), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out long units)
            ? units * 1024
            : null;
    }
}
