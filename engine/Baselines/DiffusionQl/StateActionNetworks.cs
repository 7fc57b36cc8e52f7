using EDA.Kernels;

namespace EDA.Engine.Baselines.DiffusionQl;

/// <summary>Q(s, a) of Diffusion-QL on the multi-layer perceptron seam, [s, a] → H × 3 → 1 with Mish, for any parameters of it: the twins' or their targets'.</summary>
public sealed class StateActionNetworks : IDisposable
{
    private readonly IMlpOperations _operations;
    private readonly int _stateSize;
    private readonly int _actionSize;
    private readonly DeviceArray<float> _inputs;
    private readonly DeviceArray<float> _q;
    private readonly DeviceArray<float> _inputsGradient;
    private readonly float[] _hostInputs;

    /// <summary>Prepares the networks.</summary>
    /// <param name="device">The device.</param>
    /// <param name="stateSize">S.</param>
    /// <param name="actionSize">A.</param>
    /// <param name="width">H.</param>
    /// <param name="rows">The most rows.</param>
    public StateActionNetworks(IDevice device, int stateSize, int actionSize, int width, int rows)
    {
        (_stateSize, _actionSize) = (stateSize, actionSize);
        _operations = device.CreateMlp(Shape(stateSize, actionSize, width));
        _hostInputs = new float[rows * (stateSize + actionSize)];
        (_inputs, _inputsGradient, _q) = (device.Allocate<float>(_hostInputs.Length), device.Allocate<float>(_hostInputs.Length), device.Allocate<float>(rows));
    }

    /// <summary>The sizes of one of them.</summary>
    /// <param name="stateSize">S.</param>
    /// <param name="actionSize">A.</param>
    /// <param name="width">H.</param>
    /// <returns>The shape.</returns>
    public static MlpShape Shape(int stateSize, int actionSize, int width) => new(stateSize + actionSize, [width, width, width], 1, MlpActivation.Mish);

    /// <summary>Says of what all following calls are, until the next.</summary>
    /// <param name="states">s [n/K×S].</param>
    /// <param name="repeats">K, the actions of each state.</param>
    /// <param name="actions">a [n×A].</param>
    public void Look(ReadOnlySpan<float> states, int repeats, ReadOnlySpan<float> actions)
    {
        int rows = actions.Length / _actionSize, width = _stateSize + _actionSize;
        for (int row = 0; row < rows; row++)
        {
            states.Slice(row / repeats * _stateSize, _stateSize).CopyTo(_hostInputs.AsSpan(row * width));
            actions.Slice(row * _actionSize, _actionSize).CopyTo(_hostInputs.AsSpan((row * width) + _stateSize));
        }

        _inputs.CopyFrom(_hostInputs.AsSpan(0, rows * width));
    }

    /// <summary>Q of each row.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <param name="q">Filled [n].</param>
    public void Evaluate(DeviceArray<float> parameters, Span<float> q)
    {
        _operations.Forward(new() { Parameters = parameters, Inputs = _inputs, Rows = q.Length, Outputs = _q });
        _q.CopyTo(q);
    }

    /// <summary>From ∂L/∂Q to the parameters' gradient.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <param name="slopes">∂L/∂Q [n].</param>
    /// <param name="gradient">Overwritten.</param>
    public void Gradient(DeviceArray<float> parameters, ReadOnlySpan<float> slopes, DeviceArray<float> gradient)
    {
        _q.CopyFrom(slopes);
        _operations.Gradient(new() { Parameters = parameters, Inputs = _inputs, Rows = slopes.Length, OutputsGradient = _q, ParametersGradient = gradient });
    }

    /// <summary>From ∂L/∂Q to ∂L/∂a.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <param name="slopes">∂L/∂Q [n].</param>
    /// <param name="actionsGradient">Filled [n×A].</param>
    public void ActionGradient(DeviceArray<float> parameters, ReadOnlySpan<float> slopes, Span<float> actionsGradient)
    {
        int width = _stateSize + _actionSize;
        var inputs = _hostInputs.AsSpan(0, slopes.Length * width);
        _q.CopyFrom(slopes);
        _operations.Gradient(new() { Parameters = parameters, Inputs = _inputs, Rows = slopes.Length, OutputsGradient = _q, InputsGradient = _inputsGradient });
        _inputsGradient.CopyTo(inputs);
        for (int row = 0; row < slopes.Length; row++)
            inputs.Slice((row * width) + _stateSize, _actionSize).CopyTo(actionsGradient[(row * _actionSize)..]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _inputs.Dispose();
        _inputsGradient.Dispose();
        _q.Dispose();
        _operations.Dispose();
    }
}
