namespace EDA.Kernels.Gpu;

/// <summary>The precision of matrix products on a GPU. All else is float32 with double precision where a row needs few numbers.</summary>
public enum GpuPrecision
{
    /// <summary>float32 multiply-adds, exact but for float32 rounding: the default.</summary>
    Fp32,

    /// <summary>Factors rounded to TF32 (10 bits behind the point), sums in float32, on the tensor cores.</summary>
    Tf32,

    /// <summary>Factors rounded to bfloat16 (7 bits behind the point), sums in float32, on the tensor cores. Parameters and all arrays stay float32.</summary>
    Bf16,

    /// <summary>
    /// The blocks' factors stored with 16 bits a number, 10 of them behind the point as in TF32; sums in float32, on the tensor cores. As exact as TF32, with
    /// half the bytes; beyond 65504 a number becomes infinite, and training ends as diverged.
    /// </summary>
    Fp16,
}

/// <summary>A <see cref="GpuBackend"/> as a device: the same operations and launches whatever runs the kernels.</summary>
public sealed partial class GpuDevice : IMeasuredDevice
{
    private readonly GpuBackend _backend;
    private readonly GpuVectorOperations _vector;
    private readonly Lazy<BdmKernels> _kernels;
    private readonly Lazy<CriticKernels> _critics;
    private readonly Lazy<MlpKernels> _mlps;

    /// <summary>Makes a device.</summary>
    /// <param name="backend">What runs the kernels; the device owns it.</param>
    /// <param name="precision">The precision of matrix products.</param>
    /// <exception cref="NotSupportedException">The precision needs tensor cores, and the backend has none.</exception>
    public GpuDevice(GpuBackend backend, GpuPrecision precision = GpuPrecision.Fp32)
    {
        ArgumentNullException.ThrowIfNull(backend);
        (_backend, Precision) = (backend, precision);
        _vector = new GpuVectorOperations(backend);
        var products = ProductLoader.Of(precision, backend);
        _kernels = new(() => new BdmKernels(backend, products, precision == GpuPrecision.Fp16 ? new HalfKernels(backend) : null));
        _critics = new(() => new CriticKernels(backend));
        _mlps = new(() => new MlpKernels(backend));
    }

    /// <summary>The precision of matrix products.</summary>
    public GpuPrecision Precision { get; }

    /// <summary>What runs the kernels.</summary>
    public GpuBackend Backend => _backend;

    /// <inheritdoc/>
    public string Name => _backend.Name;

    /// <inheritdoc/>
    public IVectorOperations Vector => _vector;

    /// <inheritdoc/>
    public DeviceArray<T> Allocate<T>(long length)
        where T : unmanaged => _backend.Allocate<T>(length);

    /// <inheritdoc/>
    public IBdmOperations CreateBdm(BdmShape shape, VarianceSchedule schedule, int models = 1) =>
        new GpuBdmOperations(_backend, _kernels.Value, shape, schedule, models);

    /// <inheritdoc/>
    /// <remarks>Critics are float32 in every precision: their products are small, and their errors add up over a million steps.</remarks>
    public ICriticOperations CreateCritic(CriticShape shape) => new GpuCriticOperations(_backend, _vector, _critics.Value, _mlps, shape);

    /// <inheritdoc/>
    /// <remarks>They are float32 in every precision, as critics are.</remarks>
    public IMlpOperations CreateMlp(MlpShape shape, int models = 1) => new GpuMlpOperations(_backend, _mlps.Value, shape, models);

    /// <inheritdoc/>
    public void Synchronize() => _backend.Synchronize();

    /// <inheritdoc/>
    public void Dispose()
    {
        _vector.Dispose();
        _backend.Dispose();
    }
}
