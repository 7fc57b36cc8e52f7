using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace EDA.Kernels.Gpu;

/// <summary>
/// An NVIDIA GPU. Launches go to one stream, and nothing waits for the GPU but a copy, <see cref="GpuBackend.Synchronize"/>
/// and giving memory back; operations are replayed as CUDA graphs from their third call on.
/// </summary>
public sealed class CudaBackend : IlgpuBackend
{
    /// <summary>Set to 1, this variable of the environment turns <see cref="GpuBackend.ChecksRecordings"/> on.</summary>
    public const string CheckVariable = "EDA_CHECK_GRAPHS";

    private static readonly Version TensorCores = new(8, 0);

    private readonly CudaAccelerator _accelerator;
    private readonly CudaGpu _gpu;
    private readonly CudaGraphs _graphs;
    private readonly Recordings<nint> _recordings;
    private readonly bool _records;
    private readonly Action<string>? _notice;

    private CudaBackend(CudaAccelerator accelerator, CudaStream stream, bool records, Action<string>? notice)
        : base(accelerator, stream)
    {
        _accelerator = accelerator;
        _gpu = CudaMachine.Describe(accelerator.Device);
        _graphs = new CudaGraphs(accelerator, stream);
        ChecksRecordings = Environment.GetEnvironmentVariable(CheckVariable) == "1";
        _recordings = new Recordings<nint>(_graphs, check: ChecksRecordings ? this : null);
        (_records, _notice) = (records, notice);
    }

    /// <inheritdoc/>
    public override string Name => $"cuda:{_gpu.Number} ({_gpu.Name}, compute capability {_gpu.ComputeCapability}, driver for CUDA {_gpu.DriverVersion})";

    /// <summary>The memory that is free, in bytes.</summary>
    /// <exception cref="DeviceException">The driver does not tell.</exception>
    public long FreeMemory
    {
        get
        {
            try
            {
                return _accelerator.GetFreeMemory();
            }
            catch (CudaException failure)
            {
                throw Failed("asking for its free memory", failure);
            }
        }
    }

    /// <inheritdoc/>
    protected override string ShortName => $"cuda:{_gpu.Number} ({_gpu.Name})";

    /// <summary>Opens a GPU.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="precision">The precision that it must be able to compute in.</param>
    /// <param name="records">Whether operations are recorded as CUDA graphs and replayed.</param>
    /// <param name="notice">Is told, in a line, what does not work as well as it might; null for none.</param>
    /// <returns>The backend, owned by the caller.</returns>
    /// <exception cref="DeviceException">There is no such GPU, or it or its driver is too old, or its memory is full.</exception>
    public static CudaBackend Open(int number, GpuPrecision precision = GpuPrecision.Fp32, bool records = true, Action<string>? notice = null)
    {
        if (CudaMachine.Problem is { } reason)
            throw new DeviceException($"cuda:{number} cannot be used: {reason}");
        var (devices, others) = CudaMachine.Devices();
        if (others.FirstOrDefault(gpu => gpu.Number == number) is { } unreadable)
            throw new DeviceException($"cuda:{number}{(unreadable.Name is null ? string.Empty : $" ({unreadable.Name})")} cannot be used: {unreadable.Problem}");
        if (devices.FirstOrDefault(device => device.DeviceId == number) is not { } chosen)
        {
            string there = devices.Count == 0 ? "no GPU that can be used" : string.Join(", ", devices.Select(device => $"cuda:{device.DeviceId}"));
            throw new DeviceException($"cuda:{number} is not there; the NVIDIA driver shows {there}");
        }

        Require(CudaMachine.Describe(chosen), chosen, precision);
        IlgpuTrace.Listen();
        try
        {
            var accelerator = CudaMachine.Accelerator(chosen);
            accelerator.Bind();
            return new CudaBackend(accelerator, accelerator.CreateStream(StreamFlags.CU_STREAM_NON_BLOCKING), records, notice);
        }
        catch (CudaException failure)
        {
            throw new DeviceException($"cuda:{number} cannot be used: the NVIDIA driver says: {failure.Message}", failure);
        }
        catch (EntryPointNotFoundException failure)
        {
            throw new DeviceException($"cuda:{number} cannot be used: the NVIDIA driver lacks a call: {failure.Message}", failure);
        }
    }

    /// <inheritdoc/>
    public override GpuArray<T> Allocate<T>(long length)
    {
        try
        {
            return base.Allocate<T>(length);
        }
        catch (CudaException failure) when (failure.Error == nameof(CudaError.CUDA_ERROR_OUT_OF_MEMORY))
        {
            string wanted = GpuMemory.Text(length * Interop.SizeOf<T>());
            throw new DeviceException(
                $"cuda:{_gpu.Number} has {GpuMemory.Text(FreeMemory)} of its {GpuMemory.Text(_gpu.MemoryBytes)} of memory free, and {wanted} more are needed; a smaller width, batch or dataset needs less",
                failure);
        }
    }

    /// <inheritdoc/>
    public override LoadedKernel<TArguments> Load<TArguments>(string name, int groupSize, Action<TArguments> kernel)
    {
        _ = IlgpuTrace.Said();
        try
        {
            return base.Load(name, groupSize, kernel);
        }
        catch (CudaException failure)
        {
            string said = IlgpuTrace.Said();
            throw Failed(said.Length == 0 ? $"loading the kernel {name}" : $"loading the kernel {name} ({said})", failure);
        }
    }

    /// <inheritdoc/>
    public override void Run<TOwner, TCall>(TOwner owner, in TCall call, Launches<TOwner, TCall> launches)
    {
        // An observer wants to see each launch.
        if (!_records || Observer is not null)
        {
            base.Run(owner, call, launches);
            return;
        }

        int failures = _recordings.Failures;
        try
        {
            _recordings.Run(owner, call, launches);
        }
        catch (CudaException failure)
        {
            throw Failed($"recording or replaying {NameOf(typeof(TCall))}", failure);
        }

        if (failures == 0 && _recordings.Failures > 0)
            Tell($"cuda:{_gpu.Number} cannot record its launches as a CUDA graph, or cannot run one; it goes on without, and slower");
    }

    /// <inheritdoc/>
    public override void Forget(object owner) => GiveBack(() => _recordings.Forget(owner));

    /// <inheritdoc/>
    protected override bool WillRepeat() => _graphs.Spoil();

    /// <inheritdoc/>
    protected override void Tell(string line) => _notice?.Invoke(line);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            GiveBack(_recordings.Clear);
            GiveBack(Stream.Dispose);
        }

        base.Dispose(disposing);
    }

    private static void Require(CudaGpu gpu, CudaDevice device, GpuPrecision precision)
    {
        if (!CudaAccelerator.TryGetInstructionSet(device.Architecture.GetValueOrDefault(), device.DriverVersion, out var least, out _))
            throw new DeviceException($"cuda:{gpu.Number} ({gpu.Name}) cannot be used: its driver is for CUDA {gpu.DriverVersion}, and it takes one for CUDA {least} or newer");

        if (precision != GpuPrecision.Fp32 && gpu.ComputeCapability < TensorCores)
        {
            throw new DeviceException(
                $"cuda:{gpu.Number} ({gpu.Name}) has compute capability {gpu.ComputeCapability}; {precision.ToString().ToLowerInvariant()} takes {TensorCores} or newer, fp32 runs");
        }
    }

    // The operation that a record holds the arguments of.
    private static string NameOf(Type call) => call.Name.EndsWith("Call", StringComparison.Ordinal) ? call.Name[..^"Call".Length] : call.Name;
}
