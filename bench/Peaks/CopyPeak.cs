using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EDA.Bench.Peaks;

/// <summary>What the machine's memory gives: each thread copies arrays of its own that no cache holds.</summary>
internal sealed unsafe class CopyPeak : IDisposable
{
    private const int BytesPerThread = 64 << 20;

    private readonly nint[] _sources;
    private readonly nint[] _destinations;
    private readonly List<double> _rates = [];

    public CopyPeak(int threads)
    {
        _sources = [.. Enumerable.Range(0, threads).Select(_ => Touched())];
        _destinations = [.. Enumerable.Range(0, threads).Select(_ => Touched())];
    }

    /// <summary>The median rate so far, in GB/s, bytes read and bytes written added.</summary>
    public double Gbps => Statistics.Median(_rates);

    /// <summary>Measures once.</summary>
    public void Measure()
    {
        using var barrier = new Barrier(_sources.Length + 1);
        var threads = new Thread[_sources.Length];
        for (int i = 0; i < threads.Length; i++)
        {
            var (source, destination) = (_sources[i], _destinations[i]);
            threads[i] = new Thread(() =>
            {
                barrier.SignalAndWait();
                NativeMemory.Copy((void*)source, (void*)destination, BytesPerThread);
                barrier.SignalAndWait();
            });
            threads[i].Start();
        }

        barrier.SignalAndWait();
        long start = Stopwatch.GetTimestamp();
        barrier.SignalAndWait();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        foreach (var thread in threads)
            thread.Join();
        _rates.Add(2.0 * BytesPerThread * threads.Length / seconds / 1e9);
    }

    public void Dispose()
    {
        foreach (nint memory in _sources.Concat(_destinations))
            NativeMemory.Free((void*)memory);
    }

    // Written once, so that the pages are there.
    private static nint Touched()
    {
        void* memory = NativeMemory.Alloc(BytesPerThread);
        NativeMemory.Fill(memory, BytesPerThread, 1);
        return (nint)memory;
    }
}
