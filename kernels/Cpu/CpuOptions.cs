using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using EDA.Kernels.Cpu.Matrix;

namespace EDA.Kernels.Cpu;

/// <summary>The vector width the CPU kernels use.</summary>
public enum SimdLevel
{
    /// <summary>128-bit vectors: every machine.</summary>
    Portable,

    /// <summary>256-bit vectors with fused multiply-add.</summary>
    Avx2,

    /// <summary>512-bit vectors.</summary>
    Avx512,
}

/// <summary>How a CPU device works.</summary>
/// <param name="Simd">The vector width; no higher than <see cref="BestSimd"/>.</param>
/// <param name="Threads">The number of threads, at least 1; results do not depend on it.</param>
public sealed record CpuOptions(SimdLevel Simd, int Threads)
{
    /// <summary>The environment variable that forces a vector width: portable, avx2 or avx512.</summary>
    public const string SimdVariable = "EDA_SIMD";

    /// <summary>The environment variable that sets the number of threads.</summary>
    public const string ThreadsVariable = "EDA_THREADS";

    /// <summary>
    /// The environment variable that puts every native buffer between protected pages, to find errors of
    /// memory (Linux): 1, or exact, where buffers end at their last element and not at the last cache line of it.
    /// </summary>
    public const string GuardVariable = "EDA_GUARD";

    /// <summary>What the factors of matrix products are rounded to, and what multiplies them.</summary>
    public MatrixChoice Matrix { get; init; } = MatrixChoice.Fp32;

    /// <summary>The widest vectors this machine has.</summary>
    public static SimdLevel BestSimd =>
        Vector512.IsHardwareAccelerated && Avx512F.IsSupported ? SimdLevel.Avx512
        : Vector256.IsHardwareAccelerated && Avx2.IsSupported && Fma.IsSupported ? SimdLevel.Avx2
        : SimdLevel.Portable;

    /// <summary>The widest vectors and one thread per processor, unless the environment says otherwise.</summary>
    /// <returns>The options.</returns>
    /// <exception cref="ArgumentException">A variable is set to something that is not allowed.</exception>
    public static CpuOptions FromEnvironment()
    {
        var simd = BestSimd;
        string? wanted = Environment.GetEnvironmentVariable(SimdVariable);
        if (!string.IsNullOrEmpty(wanted))
        {
            simd = wanted.ToLowerInvariant() switch
            {
                "portable" => SimdLevel.Portable,
                "avx2" => SimdLevel.Avx2,
                "avx512" => SimdLevel.Avx512,
                _ => throw new ArgumentException($"{SimdVariable} is '{wanted}'; allowed are portable, avx2, avx512"),
            };
            if (simd > BestSimd)
                throw new ArgumentException($"{SimdVariable} is '{wanted}', which this machine lacks; its best is {BestSimd.ToString().ToLowerInvariant()}");
        }

        int threads = Environment.ProcessorCount;
        string? count = Environment.GetEnvironmentVariable(ThreadsVariable);
        if (!string.IsNullOrEmpty(count) && (!int.TryParse(count, out threads) || threads is < 1 or > 1024))
            throw new ArgumentException($"{ThreadsVariable} is '{count}'; allowed is a number from 1 to 1024");
        GuardedPages.RequireKnown();
        return new CpuOptions(simd, threads);
    }
}
