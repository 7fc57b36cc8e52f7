namespace EDA.Kernels.Gpu;

/// <summary>The precision of matrix products on a GPU. All else is float32 with double precision where a row needs few numbers.</summary>
public enum GpuPrecision
{
    /// <summary>float32 multiply-adds, exact but for float32 rounding: the default.</summary>
    Fp32,
}

/// <summary>A <see cref="GpuBackend"/> as a device: the same operations and launches whatever runs the kernels.</summary>
public sealed class GpuDevice : IDevice
{
    private readonly GpuBackend _backend;
    private readonly GpuVectorOperations _vector;
    private readonly Lazy<BdmKernels<Fp32Product>> _fp32;

    /// <summary>Makes a device.</summary>
    /// <param name="backend">What runs the kernels; the device owns it.</param>
    /// <param name="precision">The precision of matrix products.</param>
    public GpuDevice(GpuBackend backend, GpuPrecision precision = GpuPrecision.Fp32)
    {
        ArgumentNullException.ThrowIfNull(backend);
        (_backend, Precision) = (backend, precision);
        _vector = new GpuVectorOperations(backend);
        _fp32 = new(() => new BdmKernels<Fp32Product>(backend));
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
        new GpuBdmOperations<Fp32Product>(_backend, _fp32.Value, shape, schedule, models);

    /// <inheritdoc/>
    public void Synchronize() => _backend.Synchronize();

    /// <inheritdoc/>
    public void Dispose()
    {
        _vector.Dispose();
        _backend.Dispose();
    }
}
