using System.Diagnostics;

namespace EDA.Bench.Peaks;

/// <summary>Runs loads on all threads at once.</summary>
internal static class AllThreads
{
    /// <summary>Times some loads, each on a thread of its own, let go together: a pool might run two on one thread and flatter every share.</summary>
    /// <param name="loads">The loads.</param>
    /// <returns>Seconds until the last has ended.</returns>
    public static double Seconds(IReadOnlyList<Action> loads)
    {
        using var barrier = new Barrier(loads.Count + 1);
        Thread[] threads = [.. loads.Select(load => new Thread(() =>
        {
            barrier.SignalAndWait();
            load();
            barrier.SignalAndWait();
        }))];
        foreach (var thread in threads)
            thread.Start();
        barrier.SignalAndWait();
        long start = Stopwatch.GetTimestamp();
        barrier.SignalAndWait();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        foreach (var thread in threads)
            thread.Join();
        return seconds;
    }
}
