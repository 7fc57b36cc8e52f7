using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using EDA.Kernels.Cpu;
using MathNet.Numerics.Statistics;

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
    private readonly List<(string Name, int Lanes, Action Loop, List<double> Rates)> _widths = [];

    public FmaPeak(int threads)
    {
        _threads = threads;
        if (CpuOptions.BestSimd >= SimdLevel.Avx512)
            _widths.Add(("AVX-512", 16, () => Loop<Vector512<float>, Width512>(), []));
        if (CpuOptions.BestSimd >= SimdLevel.Avx2)
            _widths.Add(("AVX2", 8, () => Loop<Vector256<float>, Width256>(), []));
        if (_widths.Count == 0)
            _widths.Add(("128-bit", 4, () => Loop<Vector128<float>, Width128>(), []));
    }

    /// <summary>The multiply-adder of a vector width.</summary>
    private interface IWidth<TVector>
    {
        /// <summary>The same number in every lane.</summary>
        static abstract TVector All(float value);

        /// <summary>a·b + c.</summary>
        static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);

        /// <summary>The sum of all lanes.</summary>
        static abstract float Sum(TVector lanes);
    }

    /// <summary>The median rate of the best width so far, in GFLOP/s.</summary>
    public double Gflops => _widths.Max(width => width.Rates.Median());

    /// <summary>The width that gave it.</summary>
    public string Best => _widths.MaxBy(width => width.Rates.Median()).Name;

    /// <summary>Measures every width once.</summary>
    public void Measure()
    {
        foreach (var (_, lanes, loop, rates) in _widths)
            rates.Add(2.0 * lanes * Accumulators * Iterations * _threads / AllThreads.Seconds([.. Enumerable.Repeat(loop, _threads)]) / 1e9);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float Loop<TVector, TWidth>()
        where TVector : struct
        where TWidth : IWidth<TVector>
    {
        TVector factor = TWidth.All(0.999999f), addend = TWidth.All(1e-6f);
        TVector x0 = addend, x1 = addend, x2 = addend, x3 = addend, x4 = addend, x5 = addend;
        TVector x6 = addend, x7 = addend, x8 = addend, x9 = addend, x10 = addend, x11 = addend;
        for (int i = 0; i < Iterations; i++)
        {
            x0 = TWidth.MultiplyAdd(factor, addend, x0);
            x1 = TWidth.MultiplyAdd(factor, addend, x1);
            x2 = TWidth.MultiplyAdd(factor, addend, x2);
            x3 = TWidth.MultiplyAdd(factor, addend, x3);
            x4 = TWidth.MultiplyAdd(factor, addend, x4);
            x5 = TWidth.MultiplyAdd(factor, addend, x5);
            x6 = TWidth.MultiplyAdd(factor, addend, x6);
            x7 = TWidth.MultiplyAdd(factor, addend, x7);
            x8 = TWidth.MultiplyAdd(factor, addend, x8);
            x9 = TWidth.MultiplyAdd(factor, addend, x9);
            x10 = TWidth.MultiplyAdd(factor, addend, x10);
            x11 = TWidth.MultiplyAdd(factor, addend, x11);
        }

        return TWidth.Sum(x0) + TWidth.Sum(x1) + TWidth.Sum(x2) + TWidth.Sum(x3) + TWidth.Sum(x4) + TWidth.Sum(x5)
            + TWidth.Sum(x6) + TWidth.Sum(x7) + TWidth.Sum(x8) + TWidth.Sum(x9) + TWidth.Sum(x10) + TWidth.Sum(x11);
    }

    private readonly struct Width512 : IWidth<Vector512<float>>
    {
        public static Vector512<float> All(float value) => Vector512.Create(value);

        public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) => Avx512F.FusedMultiplyAdd(a, b, c);

        public static float Sum(Vector512<float> lanes) => Vector512.Sum(lanes);
    }

    private readonly struct Width256 : IWidth<Vector256<float>>
    {
        public static Vector256<float> All(float value) => Vector256.Create(value);

        public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Fma.MultiplyAdd(a, b, c);

        public static float Sum(Vector256<float> lanes) => Vector256.Sum(lanes);
    }

    private readonly struct Width128 : IWidth<Vector128<float>>
    {
        public static Vector128<float> All(float value) => Vector128.Create(value);

        public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) => Vector128.MultiplyAddEstimate(a, b, c);

        public static float Sum(Vector128<float> lanes) => Vector128.Sum(lanes);
    }
}
