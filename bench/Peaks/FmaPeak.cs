using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using EDA.Kernels.Cpu;

namespace EDA.Bench.Peaks;

/// <summary>
/// What the machine's multiply-adders give when nothing else is in the way: loops on registers alone, on all threads
/// at once. The best of the vector widths is the peak every share is taken of.
/// </summary>
internal sealed class FmaPeak
{
    // Two 256-bit units with a latency of 4 or 5 cycles want ten sums under way; twelve leave a margin.
    private const int Accumulators = 12;

    // Tens of milliseconds: a loop too short to be interrupted would measure a machine that no step ever has.
    private const int Iterations = 10_000_000;

    private readonly int _threads;
    private readonly List<(string Name, int Lanes, Func<float> Loop, List<double> Rates)> _widths = [];

    public FmaPeak(int threads)
    {
        _threads = threads;
        if (CpuOptions.BestSimd >= SimdLevel.Avx512)
            _widths.Add(("AVX-512", 16, Loop512, []));
        if (CpuOptions.BestSimd >= SimdLevel.Avx2)
            _widths.Add(("AVX2", 8, Loop256, []));
        if (_widths.Count == 0)
            _widths.Add(("128-bit", 4, Loop128, []));
    }

    /// <summary>The median rate of the best width so far, in GFLOP/s.</summary>
    public double Gflops => _widths.Max(width => Statistics.Median(width.Rates));

    /// <summary>The width that gave it.</summary>
    public string Best => _widths.MaxBy(width => Statistics.Median(width.Rates)).Name;

    /// <summary>Measures every width once.</summary>
    public void Measure()
    {
        foreach (var (_, lanes, loop, rates) in _widths)
        {
            // A thread each, let go together: a pool might run two turns on one thread and flatter every share.
            using var barrier = new Barrier(_threads + 1);
            var threads = new Thread[_threads];
            for (int i = 0; i < _threads; i++)
            {
                threads[i] = new Thread(() =>
                {
                    barrier.SignalAndWait();
                    loop();
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
            rates.Add(2.0 * lanes * Accumulators * Iterations * _threads / seconds / 1e9);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float Loop512()
    {
        var factor = Vector512.Create(0.999999f);
        var addend = Vector512.Create(1e-6f);
        Vector512<float> x0 = addend, x1 = addend, x2 = addend, x3 = addend, x4 = addend, x5 = addend;
        Vector512<float> x6 = addend, x7 = addend, x8 = addend, x9 = addend, x10 = addend, x11 = addend;
        for (int i = 0; i < Iterations; i++)
        {
            x0 = Avx512F.FusedMultiplyAdd(factor, addend, x0);
            x1 = Avx512F.FusedMultiplyAdd(factor, addend, x1);
            x2 = Avx512F.FusedMultiplyAdd(factor, addend, x2);
            x3 = Avx512F.FusedMultiplyAdd(factor, addend, x3);
            x4 = Avx512F.FusedMultiplyAdd(factor, addend, x4);
            x5 = Avx512F.FusedMultiplyAdd(factor, addend, x5);
            x6 = Avx512F.FusedMultiplyAdd(factor, addend, x6);
            x7 = Avx512F.FusedMultiplyAdd(factor, addend, x7);
            x8 = Avx512F.FusedMultiplyAdd(factor, addend, x8);
            x9 = Avx512F.FusedMultiplyAdd(factor, addend, x9);
            x10 = Avx512F.FusedMultiplyAdd(factor, addend, x10);
            x11 = Avx512F.FusedMultiplyAdd(factor, addend, x11);
        }

        return Vector512.Sum(x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + x10 + x11);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float Loop256()
    {
        var factor = Vector256.Create(0.999999f);
        var addend = Vector256.Create(1e-6f);
        Vector256<float> x0 = addend, x1 = addend, x2 = addend, x3 = addend, x4 = addend, x5 = addend;
        Vector256<float> x6 = addend, x7 = addend, x8 = addend, x9 = addend, x10 = addend, x11 = addend;
        for (int i = 0; i < Iterations; i++)
        {
            x0 = Fma.MultiplyAdd(factor, addend, x0);
            x1 = Fma.MultiplyAdd(factor, addend, x1);
            x2 = Fma.MultiplyAdd(factor, addend, x2);
            x3 = Fma.MultiplyAdd(factor, addend, x3);
            x4 = Fma.MultiplyAdd(factor, addend, x4);
            x5 = Fma.MultiplyAdd(factor, addend, x5);
            x6 = Fma.MultiplyAdd(factor, addend, x6);
            x7 = Fma.MultiplyAdd(factor, addend, x7);
            x8 = Fma.MultiplyAdd(factor, addend, x8);
            x9 = Fma.MultiplyAdd(factor, addend, x9);
            x10 = Fma.MultiplyAdd(factor, addend, x10);
            x11 = Fma.MultiplyAdd(factor, addend, x11);
        }

        return Vector256.Sum(x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + x10 + x11);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float Loop128()
    {
        var factor = Vector128.Create(0.999999f);
        var addend = Vector128.Create(1e-6f);
        Vector128<float> x0 = addend, x1 = addend, x2 = addend, x3 = addend, x4 = addend, x5 = addend;
        Vector128<float> x6 = addend, x7 = addend, x8 = addend, x9 = addend, x10 = addend, x11 = addend;
        for (int i = 0; i < Iterations; i++)
        {
            x0 = Vector128.MultiplyAddEstimate(factor, addend, x0);
            x1 = Vector128.MultiplyAddEstimate(factor, addend, x1);
            x2 = Vector128.MultiplyAddEstimate(factor, addend, x2);
            x3 = Vector128.MultiplyAddEstimate(factor, addend, x3);
            x4 = Vector128.MultiplyAddEstimate(factor, addend, x4);
            x5 = Vector128.MultiplyAddEstimate(factor, addend, x5);
            x6 = Vector128.MultiplyAddEstimate(factor, addend, x6);
            x7 = Vector128.MultiplyAddEstimate(factor, addend, x7);
            x8 = Vector128.MultiplyAddEstimate(factor, addend, x8);
            x9 = Vector128.MultiplyAddEstimate(factor, addend, x9);
            x10 = Vector128.MultiplyAddEstimate(factor, addend, x10);
            x11 = Vector128.MultiplyAddEstimate(factor, addend, x11);
        }

        return Vector128.Sum(x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + x10 + x11);
    }
}
