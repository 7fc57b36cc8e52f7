namespace EDA.Kernels.Gpu;

/// <content>What a measurement asks of the device.</content>
public sealed partial class GpuDevice
{
    /// <inheritdoc/>
    public string PrecisionName => Precision.ToString().ToLowerInvariant();

    /// <inheritdoc/>
    public bool IsAsynchronous => _backend.IsAsynchronous;

    /// <inheritdoc/>
    public IReadOnlyCollection<KernelResources> Resources => _backend.Resources;

    /// <inheritdoc/>
    public ITimeMark Mark() => _backend.Mark();

    /// <inheritdoc/>
    public ILaunchProfile StartProfile() => new LaunchProfile(_backend);

    /// <inheritdoc/>
    public IPeakLoads CreatePeakLoads() => PeakLoads.Create(_backend, Precision);
}
