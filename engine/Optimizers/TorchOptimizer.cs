using EDA.Kernels;
using EDA.Kernels.Cpu;
using TorchSharp;
using TorchSharp.Modules;
using NamedParameter = (string name, TorchSharp.Modules.Parameter parameter);
using Scheduler = TorchSharp.torch.optim.lr_scheduler.LRScheduler;

namespace EDA.Engine.Optimizers;

/// <summary>
/// Any optimizer of torch.optim, with any of its schedulers, over the engine's parameters. On the CPU device both work on
/// the same memory: parameters and gradients are the engine's arrays, seen as tensors. Arrays of another device are copied
/// to the host and back at every step.
/// <para>
/// The optimizer is given each tensor of the network by its PyTorch name and in its PyTorch shape, so that it can put them
/// into groups; those of model m of several begin with <c>m.</c>. It does not see the fixed frequencies, which weight decay
/// would move. The rate of a step is <see cref="LearningRate"/>'s as a stage sets it, times what the scheduler and the
/// group's own rate make of the first group's rate as it was made.
/// </para>
/// </summary>
public sealed class TorchOptimizer : IOptimizer
{
    private readonly torch.optim.Optimizer _optimizer;
    private readonly Func<torch.optim.Optimizer, Scheduler>? _createScheduler;
    private readonly TorchGroups _groups;
    private readonly TorchState _state;
    private readonly TrainedTensors _tensors;
    private Scheduler? _scheduler;

    /// <summary>Makes an optimizer.</summary>
    /// <param name="parameters">θ, one model's or several's <see cref="ParameterLayout.Stride"/> apart; kept and not disposed.</param>
    /// <param name="layout">The order of a model's parameters.</param>
    /// <param name="create">Makes the optimizer over named tensors, for instance <c>p =&gt; torch.optim.AdamW(p, lr: 3e-4)</c>.</param>
    /// <param name="scheduler">Makes a scheduler, which advances by one at every step; null for none.</param>
    /// <exception cref="MissingLibraryException">libtorch is missing.</exception>
    /// <exception cref="ArgumentException">
    /// The array is too short, the optimizer does not step along a gradient it is given (LBFGS) or has no learning rate above
    /// 0, or the scheduler follows a loss rather than the step (ReduceLROnPlateau).
    /// </exception>
    public TorchOptimizer(
        DeviceArray<float> parameters,
        ParameterLayout layout,
        Func<IReadOnlyList<NamedParameter>, torch.optim.Optimizer> create,
        Func<torch.optim.Optimizer, Scheduler>? scheduler = null)
    {
        TorchLibrary.OfMachine.Require();
        _tensors = CpuMemory.Holds(parameters) ? new SharedTensors(parameters, layout) : new CopiedTensors(parameters, layout);
        _optimizer = create(_tensors.Named);
        if (_optimizer is not OptimizerHelper helper)
            throw new ArgumentException($"{_optimizer.GetType().Name} evaluates the loss itself; allowed is an optimizer that steps along a gradient", nameof(create));
        _createScheduler = scheduler;
        _groups = new TorchGroups(helper);
        _state = new TorchState(helper, _tensors);
        StartScheduler();
        string constants = _groups.Describe();
        Name = $"torch.optim.{_optimizer.GetType().Name}({constants}){(_scheduler is null ? string.Empty : $" {_scheduler.GetType().Name}")}";
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public double LearningRate
    {
        get => _groups.Rate;
        set => _groups.StageRate = value;
    }

    /// <inheritdoc/>
    public long StepCount { get; private set; }

    /// <summary>What a stage is given to train with an optimizer of torch.optim.</summary>
    /// <param name="create">As for the constructor.</param>
    /// <param name="scheduler">As for the constructor.</param>
    /// <returns>The factory.</returns>
    public static OptimizerFactory Factory(
        Func<IReadOnlyList<NamedParameter>, torch.optim.Optimizer> create,
        Func<torch.optim.Optimizer, Scheduler>? scheduler = null) =>
        (_, parameters, layout) => new TorchOptimizer(parameters, layout, create, scheduler);

    /// <inheritdoc/>
    public void Step(DeviceArray<float> gradient)
    {
        _tensors.Begin(gradient);
        _groups.SetRates();
        using (var loss = _optimizer.step())
            StepCount++;
        _tensors.End();
        Advance();
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, float[]> ExportState() => _state.Export();

    /// <inheritdoc/>
    public void ImportState(IReadOnlyDictionary<string, float[]> state, long stepCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(stepCount);
        _state.Import(state, stepCount, Name);
        StepCount = stepCount;
        StartScheduler();
        for (long step = 0; step < stepCount && _scheduler is not null; step++)
            Advance();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _optimizer.Dispose();
        _tensors.Dispose();
    }

    private void StartScheduler()
    {
        _groups.Reset();
        _scheduler = _createScheduler?.Invoke(_optimizer);
        if (_scheduler is torch.optim.lr_scheduler.impl.ReduceLROnPlateau)
            throw new ArgumentException("ReduceLROnPlateau follows a loss; allowed is a scheduler that follows the step");
        _groups.ReadScheduled();
    }

    private void Advance()
    {
        if (_scheduler is null)
            return;
        _groups.RestoreScheduled();
        _scheduler.step();
        _groups.ReadScheduled();
    }
}
