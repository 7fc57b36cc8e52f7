namespace EDA.Kernels.Cpu;

/// <summary>The processor as a device: SIMD kernels on a pool of threads.</summary>
public sealed class CpuDevice : IDevice
{
    /// <summary>Makes a device.</summary>
    /// <param name="options">Vector width and threads; null for <see cref="CpuOptions.FromEnvironment"/>.</param>
    /// <exception cref="ArgumentException">The machine lacks the vector width, or there are no threads.</exception>
    public CpuDevice(CpuOptions? options = null) => Options = options ?? CpuOptions.FromEnvironment();

    /// <summary>Vector width and threads.</summary>
    public CpuOptions Options { get; }

    /// <inheritdoc/>
    public string Name => $"cpu ({Options.Simd}, {Options.Threads} threads)";

    /// <inheritdoc/>
    public IVectorOperations Vector => throw new NotSupportedException();

    /// <inheritdoc/>
    public DeviceArray<T> Allocate<T>(long length)
        where T : unmanaged => throw new NotSupportedException();

    /// <inheritdoc/>
    public IBdmOperations CreateBdm(BdmShape shape, VarianceSchedule schedule) => throw new NotSupportedException();

    /// <inheritdoc/>
    public void Synchronize()
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
