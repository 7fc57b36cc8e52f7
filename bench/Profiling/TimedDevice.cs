using EDA.Kernels;

namespace EDA.Bench.Profiling;

/// <summary>A device whose every operation is timed. Arrays are the inner device's own.</summary>
/// <param name="inner">What does the work; not owned.</param>
/// <param name="timer">Told of every operation; not owned.</param>
public sealed class TimedDevice(IDevice inner, OperationTimer timer) : IDevice
{
    /// <inheritdoc/>
    public string Name => inner.Name;

    /// <inheritdoc/>
    public IVectorOperations Vector { get; } = new TimedVectorOperations(inner.Vector, timer);

    /// <inheritdoc/>
    public DeviceArray<T> Allocate<T>(long length)
        where T : unmanaged => inner.Allocate<T>(length);

    /// <inheritdoc/>
    public IBdmOperations CreateBdm(BdmShape shape, VarianceSchedule schedule, int models = 1) => new TimedBdmOperations(inner.CreateBdm(shape, schedule, models), timer);

    /// <inheritdoc/>
    public ICriticOperations CreateCritic(CriticShape shape) => new TimedCriticOperations(inner.CreateCritic(shape), timer);

    /// <inheritdoc/>
    public IMlpOperations CreateMlp(MlpShape shape, int models = 1) => new TimedMlpOperations(inner.CreateMlp(shape, models), timer);

    /// <inheritdoc/>
    public void Synchronize() => inner.Synchronize();

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
