using EDA.Engine.Data;
using EDA.Kernels;

namespace EDA.Engine.Baselines.Gaussian;

/// <summary>The state-action pairs that a Gaussian policy learns from, each with a weight or all alike, on a device.</summary>
public sealed class GaussianPairs : IDisposable
{
    /// <summary>Copies pairs to a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="states">s [N×S].</param>
    /// <param name="actions">a [N×A].</param>
    /// <param name="weights">w [N]; none where all are 1.</param>
    /// <param name="stateSize">S, at least 1.</param>
    /// <param name="actionSize">A, at least 1.</param>
    /// <exception cref="ArgumentException">There is no pair, or the arrays do not have one row for each.</exception>
    public GaussianPairs(IDevice device, ReadOnlySpan<float> states, ReadOnlySpan<float> actions, ReadOnlySpan<float> weights, int stateSize, int actionSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stateSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(actionSize, 1);
        int count = states.Length / stateSize;
        if (count == 0 || states.Length != (long)count * stateSize || actions.Length != (long)count * actionSize || (weights.Length != 0 && weights.Length != count))
            throw new ArgumentException($"{states.Length} numbers of states, {actions.Length} of actions and {weights.Length} weights are not rows of {stateSize}, {actionSize} and 1", nameof(states));
        (Count, StateSize, ActionSize) = (count, stateSize, actionSize);
        Fingerprint = Checkpoints.Fingerprint.Of(states, actions);
        States = device.Upload(states);
        Actions = device.Upload(actions);
        Weights = weights.Length == 0 ? null : device.Upload(weights);
    }

    /// <summary>N.</summary>
    public int Count { get; }

    /// <summary>S.</summary>
    public int StateSize { get; }

    /// <summary>A.</summary>
    public int ActionSize { get; }

    /// <summary>s [N×S].</summary>
    public DeviceArray<float> States { get; }

    /// <summary>a [N×A].</summary>
    public DeviceArray<float> Actions { get; }

    /// <summary>w [N]; null where all are 1.</summary>
    public DeviceArray<float>? Weights { get; }

    /// <summary>A short name for states and actions, without the weights.</summary>
    public string Fingerprint { get; }

    /// <summary>Copies some transitions of a dataset to a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="view">The transitions.</param>
    /// <param name="rows">Which of them.</param>
    /// <param name="weights">A weight for each; null where all are 1.</param>
    /// <returns>The pairs, owned by the caller.</returns>
    public static GaussianPairs Of(IDevice device, QLearningView view, ReadOnlySpan<int> rows, double[]? weights = null)
    {
        var states = HostMemory.Allocate<float>((long)rows.Length * view.StateSize, "the policy's states");
        var actions = HostMemory.Allocate<float>((long)rows.Length * view.ActionSize, "the policy's actions");
        for (int i = 0; i < rows.Length; i++)
        {
            view.State(rows[i]).CopyTo(states.AsSpan(i * view.StateSize));
            view.Action(rows[i]).CopyTo(actions.AsSpan(i * view.ActionSize));
        }

        return new GaussianPairs(device, states, actions, weights is null ? [] : Array.ConvertAll(weights, weight => (float)weight), view.StateSize, view.ActionSize);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        States.Dispose();
        Actions.Dispose();
        Weights?.Dispose();
    }
}
