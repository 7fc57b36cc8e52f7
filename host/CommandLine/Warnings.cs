using System.Collections.Concurrent;

namespace EDA.Host.CommandLine;

/// <summary>What the user should know and is no reason to stop, on standard error.</summary>
internal static class Warnings
{
    private static readonly ConcurrentDictionary<string, bool> Said = new(StringComparer.Ordinal);

    /// <summary>Says a line, once a process however often it comes up.</summary>
    public static void Once(string line)
    {
        if (Said.TryAdd(line, true))
            Console.Error.WriteLine($"eda: warning: {line}");
    }
}
