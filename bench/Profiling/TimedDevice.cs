using EDA.Kernels;

namespace EDA.Bench.Profiling;

/// <summary>A device whose every operation is timed. Arrays are the inner device's own.</summary>
/// <param name="inner">What does the work; not owned.</param>
/// <param name="timer">Told of every operation; not owned.</param>
internal sealed class TimedDevice(IDevice inner, OperationTimer timer) : IDevice
{
    public string Name => inner.Name;

    public IVectorOperations Vector { get; } = new TimedVectorOperations(inner.Vector, timer);

    public DeviceArray<T> Allocate<T>(long length)
        where T : unmanaged => inner.Allocate<T>(length);

    public IBdmOperations CreateBdm(BdmShape shape, VarianceSchedule schedule) => new TimedBdmOperations(inner.CreateBdm(shape, schedule), timer);

    public void Synchronize() => inner.Synchronize();

    public void Dispose()
    {
    }
}
