using EDA.Kernels;

namespace EDA.Engine.Optimizers;

/// <summary>Adam as PyTorch takes it, one fused operation of the device per step.</summary>
public sealed class Adam : IOptimizer
{
    private const string First = "first_moment";
    private const string Second = "second_moment";

    private readonly IVectorOperations _operations;
    private readonly DeviceArray<float> _parameters;
    private readonly DeviceArray<float> _firstMoment;
    private readonly DeviceArray<float> _secondMoment;
    private AdamSettings _settings;

    /// <summary>Makes an optimizer with zero moments.</summary>
    /// <param name="device">The device that holds the parameters.</param>
    /// <param name="parameters">θ [P], kept and not disposed.</param>
    /// <param name="settings">The constants; null for PyTorch's defaults with a learning rate of 1e-3.</param>
    public Adam(IDevice device, DeviceArray<float> parameters, AdamSettings? settings = null)
    {
        _operations = device.Vector;
        _parameters = parameters;
        _settings = settings ?? new AdamSettings(1e-3);
        _firstMoment = device.Allocate<float>(parameters.Length);
        _secondMoment = device.Allocate<float>(parameters.Length);
    }

    /// <summary>Makes Adam with PyTorch's constants.</summary>
    public static OptimizerFactory Factory { get; } = (device, parameters, _) => new Adam(device, parameters);

    /// <inheritdoc/>
    public string Name => "adam";

    /// <inheritdoc/>
    public double LearningRate
    {
        get => _settings.LearningRate;
        set => _settings = _settings with { LearningRate = value };
    }

    /// <inheritdoc/>
    public long StepCount { get; private set; }

    /// <inheritdoc/>
    public void Step(DeviceArray<float> gradient) =>
        _operations.Adam(new() { Trained = new(_parameters, gradient, _firstMoment, _secondMoment), Settings = _settings, Step = ++StepCount });

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, float[]> ExportState() => new Dictionary<string, float[]>
    {
        [First] = _firstMoment.ToArray(),
        [Second] = _secondMoment.ToArray(),
    };

    /// <inheritdoc/>
    public void ImportState(IReadOnlyDictionary<string, float[]> state, long stepCount)
    {
        if (state.Count != 2
            || !state.TryGetValue(First, out float[]? first)
            || !state.TryGetValue(Second, out float[]? second)
            || first.Length != _parameters.Length
            || second.Length != _parameters.Length)
        {
            throw new ArgumentException($"not a state of adam over {_parameters.Length} parameters", nameof(state));
        }

        ArgumentOutOfRangeException.ThrowIfNegative(stepCount);
        _firstMoment.CopyFrom(first);
        _secondMoment.CopyFrom(second);
        StepCount = stepCount;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _firstMoment.Dispose();
        _secondMoment.Dispose();
    }
}
