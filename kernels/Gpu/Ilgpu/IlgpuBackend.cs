using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace EDA.Kernels.Gpu;

/// <summary>An accelerator of ILGPU as a backend: its kernels compiled for the accelerator, launched on one stream.</summary>
public class IlgpuBackend : GpuBackend
{
    private readonly bool _ownsAccelerator;
    private readonly Dictionary<string, Delegate> _launchers = [];
    private DeviceException? _failure;

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

    /// <summary>The name in a line that says what failed.</summary>
    protected virtual string ShortName => Name;

    /// <summary>What runs the kernels.</summary>
    protected Accelerator Accelerator { get; }

    /// <summary>The stream they run on.</summary>
    protected AcceleratorStream Stream { get; }

    /// <inheritdoc/>
    public override GpuArray<T> Allocate<T>(long length)
    {
        try
        {
            return new IlgpuArray<T>(this, Accelerator, Stream, length);
        }
        catch (CudaException failure) when (failure.Error != nameof(CudaError.CUDA_ERROR_OUT_OF_MEMORY))
        {
            throw Failed($"allocating {length * Interop.SizeOf<T>()} bytes", failure);
        }
    }

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
        try
        {
            Stream.Synchronize();
        }
        catch (CudaException failure)
        {
            throw Failed("waiting for it", failure);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">The accelerator's context was made without <c>Profiling()</c>.</exception>
    public override ITimeMark Mark()
    {
        try
        {
            return new IlgpuMark(this, Stream.AddProfilingMarker());
        }
        catch (CudaException failure)
        {
            throw Failed("marking the time", failure);
        }
    }

    /// <summary>
    /// The driver's failure as a line for the user. A GPU that has failed fails from then on, whatever it is asked: the user
    /// hears of the first failure.
    /// </summary>
    /// <param name="doing">What was being done.</param>
    /// <param name="failure">What the driver says.</param>
    /// <returns>What to throw.</returns>
    internal DeviceException Failed(string doing, CudaException failure) =>
        _failure ??= new DeviceException($"{ShortName}: {doing} failed: {failure.Message.ReplaceLineEndings(" ")}", failure) { HasFailed = true };

    /// <summary>
    /// Gives something back. It does not throw, which would put itself before the failure that the user is to hear of; a
    /// failure that shows here first is told.
    /// </summary>
    /// <param name="giving">Gives it back.</param>
    internal void GiveBack(Action giving)
    {
        bool known = _failure is not null;
        try
        {
            giving();
        }
        catch (Exception error) when (error is CudaException or DeviceException)
        {
            var failure = error as DeviceException ?? Failed("giving memory back", (CudaException)error);
            if (!known)
                Tell(failure.Message);
        }
    }

    /// <summary>Tells the user something, in a line.</summary>
    /// <param name="line">The line.</param>
    protected virtual void Tell(string line)
    {
    }

    /// <summary>Whether a launch that failed will be repeated, so that its failure is none.</summary>
    /// <returns>False: it will not.</returns>
    protected virtual bool WillRepeat() => false;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (!disposing || !_ownsAccelerator)
            return;
        var context = Accelerator.Context;
        GiveBack(Accelerator.Dispose);
        GiveBack(context.Dispose);
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
            catch (CudaException failure)
            {
                // A launch that could not be recorded is no failure: the whole operation is launched again.
                if (!backend.WillRepeat())
                    throw backend.Failed($"launching {Name}", failure);
            }
        }
    }
}
