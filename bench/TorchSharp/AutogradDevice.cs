using EDA.Bench.Devices;
using EDA.Engine.Optimizers;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using TorchSharp;

namespace EDA.Bench.Torch;

/// <summary>
/// The engine's operations by autograd: the networks as a PyTorch program writes them, gradients of gradients by
/// <c>torch.autograd.grad(..., create_graph: true)</c>. A reference for truth and for speed, on the processor. Arrays are
/// those of a CPU device and tensors views of them; that device draws the random numbers and gathers batches, which
/// autograd has no part in. Unlike the engine's own devices it allocates at every step, as autograd does.
/// </summary>
public sealed class AutogradDevice : IReferenceDevice
{
    /// <summary>What --device calls it.</summary>
    public const string ProgramName = "torchsharp";

    /// <summary>What it computes in.</summary>
    public const string Fp32 = "fp32";

    /// <summary>Dense layers in bf16, as torch.autocast has them.</summary>
    public const string Bf16 = "bf16";

    private readonly CpuDevice _arrays;

    /// <summary>Makes a device.</summary>
    /// <param name="options">The number of threads, of libtorch's too; null for <see cref="CpuOptions.FromEnvironment"/>.</param>
    /// <param name="precision">fp32, or bf16 for dense layers as torch.autocast has them.</param>
    /// <exception cref="MissingLibraryException">libtorch is missing.</exception>
    public AutogradDevice(CpuOptions? options = null, string precision = Fp32)
    {
        PrecisionName = precision;
        TorchLibrary.OfMachine.Require();
        _arrays = new CpuDevice(options);
        Threads = _arrays.Options.Threads;
        torch.set_num_threads(Threads);
        Vector = new AutogradVectorOperations(_arrays.Vector);
    }

    /// <inheritdoc/>
    public string Program => ProgramName;

    /// <inheritdoc/>
    public string Version => $"{TorchLibrary.TorchSharpVersion} with libtorch {TorchLibrary.Version}";

    /// <inheritdoc/>
    public string Name => $"torchsharp ({Version}{(PrecisionName == Fp32 ? "" : $", {PrecisionName}")}, {Threads} {(Threads == 1 ? "thread" : "threads")})";

    /// <inheritdoc/>
    public IVectorOperations Vector { get; }

    /// <inheritdoc/>
    public string PrecisionName { get; }

    /// <summary>How dense layers are computed.</summary>
    internal AutogradLinear Dense => new(PrecisionName == Bf16);

    /// <summary>Threads of libtorch.</summary>
    internal int Threads { get; }

    /// <inheritdoc/>
    public DeviceArray<T> Allocate<T>(long length)
        where T : unmanaged => _arrays.Allocate<T>(length);

    /// <inheritdoc/>
    public IBdmOperations CreateBdm(BdmShape shape, VarianceSchedule schedule, int models = 1) => new AutogradBdmOperations(this, shape, schedule, models);

    /// <inheritdoc/>
    public ICriticOperations CreateCritic(CriticShape shape) => new AutogradCriticOperations(this, shape);

    /// <inheritdoc/>
    public IMlpOperations CreateMlp(MlpShape shape, int models = 1) => new AutogradMlpOperations(this, shape, models);

    /// <inheritdoc/>
    public void Synchronize()
    {
    }

    /// <inheritdoc/>
    public void Dispose() => _arrays.Dispose();
}
