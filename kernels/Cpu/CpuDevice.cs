using System.Diagnostics;
using System.Runtime.Intrinsics;
using EDA.Kernels.Cpu.Matrix;

namespace EDA.Kernels.Cpu;

/// <summary>The processor as a device: SIMD kernels on a pool of threads.</summary>
public sealed class CpuDevice : IDevice
{
    private readonly WorkerPool _pool;

    /// <summary>Makes a device.</summary>
    /// <param name="options">Vector width and threads; null for <see cref="CpuOptions.FromEnvironment"/>.</param>
    /// <exception cref="ArgumentException">The machine lacks the vector width or the matrix unit, there are no threads, or <see cref="CpuOptions.GuardVariable"/> is not understood.</exception>
    public CpuDevice(CpuOptions? options = null)
    {
        GuardedPages.RequireKnown();
        Options = options ?? CpuOptions.FromEnvironment();
        if (Options.Simd > CpuOptions.BestSimd)
            throw new ArgumentException($"this machine has no {Options.Simd}; its best is {CpuOptions.BestSimd}", nameof(options));
        var (precision, unit) = Options.Matrix;
        if (precision != CpuPrecision.Fp32 && MatrixUnits.Problem(unit) is { } problem)
            throw new ArgumentException($"this machine cannot compute in {Options.Matrix.Name}: {problem}", nameof(options));
        _pool = new WorkerPool(Options.Threads, precision == CpuPrecision.Fp32 ? null : new BlockArithmetic(unit, precision));
        Vector = Options.Simd switch
        {
            SimdLevel.Avx512 => new CpuVectorOperations<Vector512<float>, Simd512>(_pool),
            SimdLevel.Avx2 => new CpuVectorOperations<Vector256<float>, Simd256>(_pool),
            SimdLevel.Portable => new CpuVectorOperations<Vector128<float>, Simd128>(_pool),
            _ => throw Unknown(Options.Simd),
        };
    }

    /// <summary>Vector width and threads.</summary>
    public CpuOptions Options { get; }

    /// <inheritdoc/>
    public string Name
    {
        get
        {
            string simd = Options.Simd switch { SimdLevel.Avx512 => "AVX-512", SimdLevel.Avx2 => "AVX2", SimdLevel.Portable => "128-bit", _ => throw Unknown(Options.Simd) };
            string matrix = Options.Matrix.Precision == CpuPrecision.Fp32 ? "" : $", {PrecisionName}";
            return $"cpu ({simd}{matrix}, {Options.Threads} {(Options.Threads == 1 ? "thread" : "threads")})";
        }
    }

    /// <inheritdoc/>
    public string PrecisionName => Options.Matrix.Name;

    /// <inheritdoc/>
    public IVectorOperations Vector { get; }

    /// <inheritdoc/>
    public DeviceArray<T> Allocate<T>(long length)
        where T : unmanaged => new CpuArray<T>(length);

    /// <inheritdoc/>
    public IBdmOperations CreateBdm(BdmShape shape, VarianceSchedule schedule, int models = 1) => Options.Simd switch
    {
        SimdLevel.Avx512 => new CpuBdmOperations<Vector512<float>, Simd512>(shape, schedule, models, _pool),
        SimdLevel.Avx2 => new CpuBdmOperations<Vector256<float>, Simd256>(shape, schedule, models, _pool),
        SimdLevel.Portable => new CpuBdmOperations<Vector128<float>, Simd128>(shape, schedule, models, _pool),
        _ => throw Unknown(Options.Simd),
    };

    /// <inheritdoc/>
    public ICriticOperations CreateCritic(CriticShape shape) => Options.Simd switch
    {
        SimdLevel.Avx512 => new CpuCriticOperations<Vector512<float>, Simd512>(shape, _pool),
        SimdLevel.Avx2 => new CpuCriticOperations<Vector256<float>, Simd256>(shape, _pool),
        SimdLevel.Portable => new CpuCriticOperations<Vector128<float>, Simd128>(shape, _pool),
        _ => throw Unknown(Options.Simd),
    };

    /// <inheritdoc/>
    public IMlpOperations CreateMlp(MlpShape shape, int models = 1) => Options.Simd switch
    {
        SimdLevel.Avx512 => new CpuMlpOperations<Vector512<float>, Simd512>(shape, models, _pool),
        SimdLevel.Avx2 => new CpuMlpOperations<Vector256<float>, Simd256>(shape, models, _pool),
        SimdLevel.Portable => new CpuMlpOperations<Vector128<float>, Simd128>(shape, models, _pool),
        _ => throw Unknown(Options.Simd),
    };

    /// <inheritdoc/>
    public void Synchronize()
    {
    }

    /// <inheritdoc/>
    public void Dispose() => _pool.Dispose();

    private static UnreachableException Unknown(SimdLevel level) => new($"vector width {level}");
}
