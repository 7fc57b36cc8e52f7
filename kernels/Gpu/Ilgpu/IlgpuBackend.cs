using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace EDA.Kernels.Gpu;

/// <summary>An accelerator of ILGPU as a backend: its kernels compiled for the accelerator, launched on one stream.</summary>
public class IlgpuBackend : GpuBackend
{
    private readonly bool _ownsAccelerator;
    private readonly Dictionary<string, Delegate> _launchers = [];

    /// <summary>Makes a backend.</summary>
    /// <param name="accelerator">What runs the kernels.</param>
    /// <param name="stream">The stream they run on; null for the accelerator's own.</param>
    /// <param name="ownsAccelerator">Whether the accelerator, and its context, go with the backend.</param>
    public IlgpuBackend(Accelerator accelerator, AcceleratorStream? stream = null, bool ownsAccelerator = false)
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        (Accelerator, Stream, _ownsAccelerator) = (accelerator, stream ?? accelerator.DefaultStream, ownsAccelerator);
    }

    /// <inheritdoc/>
    public override string Name => Accelerator.Name;

    /// <inheritdoc/>
    public override bool IsAsynchronous => Accelerator.AcceleratorType != AcceleratorType.CPU;

    /// <inheritdoc/>
    public override IReadOnlyCollection<KernelResources> Resources => [.. _launchers.Select(kernel => CudaKernelResources.Of(kernel.Key, kernel.Value)).OfType<KernelResources>()];

    /// <inheritdoc/>
    public override bool HasTensorCores => Accelerator is CudaAccelerator cuda && cuda.Architecture >= CudaArchitecture.SM_80;

    /// <summary>What runs the kernels.</summary>
    protected Accelerator Accelerator { get; }

    /// <summary>The stream they run on.</summary>
    protected AcceleratorStream Stream { get; }

    /// <inheritdoc/>
    public override GpuArray<T> Allocate<T>(long length) => new IlgpuArray<T>(this, Accelerator, Stream, length);

    /// <inheritdoc/>
    public override LoadedKernel<TArguments> Load<TArguments>(string name, int groupSize, Action<TArguments> kernel)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        var launch = Accelerator.LoadKernel<Action<AcceleratorStream, KernelConfig, TArguments>>(NamedEntryPoint.Of(name, kernel.Method));
        _launchers[name] = launch;
        return new Loaded<TArguments>(this, name, groupSize, launch);
    }

    /// <inheritdoc/>
    public override void Synchronize()
    {
        Settle();
        Stream.Synchronize();
    }

    /// <summary>Ends what an exception left half done, so that the stream can be waited for.</summary>
    internal virtual void Settle()
    {
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">The accelerator's context was made without <c>Profiling()</c>.</exception>
    public override ITimeMark Mark() => new IlgpuMark(Stream.AddProfilingMarker());

    /// <summary>Whether a launch that failed will be repeated, so that its failure is none.</summary>
    /// <param name="failure">Why it failed.</param>
    /// <returns>False: it will not.</returns>
    protected virtual bool WillRepeat(Exception failure) => false;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (!disposing || !_ownsAccelerator)
            return;
        var context = Accelerator.Context;
        Accelerator.Dispose();
        context.Dispose();
    }

    private sealed class Loaded<TArguments>(
        IlgpuBackend backend, string name, int groupSize, Action<AcceleratorStream, KernelConfig, TArguments> launch)
        : LoadedKernel<TArguments>(backend, name, groupSize)
        where TArguments : struct
    {
        protected override void Run(GridSize grid, in TArguments arguments)
        {
            if (grid is not { X: > 0, Y: > 0, Z: > 0 })
                return;
            try
            {
                launch(backend.Stream, new KernelConfig(new Index3D(grid.X, grid.Y, grid.Z), new Index3D(GroupSize, 1, 1)), arguments);
            }
            catch (Exception failure) when (backend.WillRepeat(failure))
            {
                // A launch that could not be recorded: the whole operation is launched again.
            }
        }
    }
}
