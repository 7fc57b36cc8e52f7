using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Runs;
using EDA.Kernels;

namespace EDA.Engine.Baselines.Td3Bc;

/// <summary>The policy of TD3+BC, of states as they are: it normalises them itself.</summary>
public sealed class Td3BcPolicy : IDisposable
{
    private readonly IMlpOperations _operations;
    private readonly DeviceArray<float> _parameters;
    private readonly IDevice _device;
    private readonly StateNormalisation _normalisation;
    private readonly Critic _critic;
    private DeviceArray<float>? _states;
    private float[] _hostStates = [];

    /// <summary>Reads a policy.</summary>
    /// <param name="device">Where it goes.</param>
    /// <param name="path">What <see cref="MethodLearning"/> wrote.</param>
    /// <param name="stateSize">S.</param>
    /// <param name="actionSize">A.</param>
    /// <param name="width">H.</param>
    /// <exception cref="InvalidFileException">It is no such policy of these sizes.</exception>
    public Td3BcPolicy(IDevice device, string path, int stateSize, int actionSize, int width)
    {
        var weights = new MethodWeights(path);
        var shape = Td3BcLearning.PolicyShape(stateSize, actionSize, width);
        float[] parameters = weights.Network(MethodLearning.LayoutOf(Td3BcLearning.PolicyName, shape));
        _normalisation = StateNormalisation.From(weights, stateSize);
        var layout = new CriticLayout(new(stateSize, actionSize, width));
        float[] target = weights.Network(layout.Twin, isAverage: true);
        weights.Finish(Method.Td3Bc);
        (_device, Fingerprint) = (device, weights.Fingerprint);
        (_operations, _parameters) = (device.CreateMlp(shape), device.Upload<float>(parameters));
        _critic = Critic.FromWeights(device, new CriticWeights(layout, target, target, null));
    }

    /// <summary>A short name for its weights.</summary>
    public string Fingerprint { get; }

    /// <summary>π of each state.</summary>
    /// <param name="states">s [n×S].</param>
    /// <param name="rows">n.</param>
    /// <param name="actions">Overwritten [n×A].</param>
    public void Act(DeviceArray<float> states, int rows, DeviceArray<float> actions)
    {
        int count = rows * _normalisation.StateSize;
        if (_hostStates.Length < count)
        {
            _states?.Dispose();
            (_states, _hostStates) = (_device.Allocate<float>(count), new float[count]);
        }

        var used = _hostStates.AsSpan(0, count);
        states.CopyTo(used);
        _normalisation.Apply(used);
        _states!.CopyFrom(used);
        _operations.Forward(new() { Parameters = _parameters, Inputs = _states, Rows = rows, Outputs = actions });
    }

    /// <summary>What the target twins say of actions.</summary>
    /// <param name="states">s [n×S].</param>
    /// <param name="actions">a [n×A].</param>
    /// <returns>min(Q̄₁, Q̄₂) [n].</returns>
    public float[] Rate(ReadOnlySpan<float> states, ReadOnlySpan<float> actions)
    {
        float[] normalised = states.ToArray();
        _normalisation.Apply(normalised);
        return _critic.Labels(normalised, actions);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _critic.Dispose();
        _states?.Dispose();
        _parameters.Dispose();
        _operations.Dispose();
    }
}
