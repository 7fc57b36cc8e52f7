using System.Runtime.InteropServices;

namespace EDA.Kernels.Machine;

/// <summary>The processor that this runs on.</summary>
public static class Processor
{
    private const string List = "/proc/cpuinfo", Key = "model name";

    /// <summary>What it calls itself; its kind, such as X64, where the system does not say.</summary>
    public static string Name { get; } = Read() ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();

    private static string? Read()
    {
        try
        {
            return File.ReadLines(List).FirstOrDefault(line => line.StartsWith(Key, StringComparison.Ordinal))?.Split(':', 2)[^1].Trim() is { Length: > 0 } name ? name : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
