using System.Runtime.InteropServices;
using MathNet.Numerics.Statistics;

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
    public double Gbps => _rates.Median();

    /// <summary>Measures once.</summary>
    public void Measure()
    {
        Action[] copies = [.. _sources.Zip(_destinations, (source, destination) => (Action)(() => NativeMemory.Copy((void*)source, (void*)destination, BytesPerThread)))];
        _rates.Add(2.0 * BytesPerThread * copies.Length / AllThreads.Seconds(copies) / 1e9);
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
