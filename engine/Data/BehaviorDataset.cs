using EDA.Engine.Checkpoints;
using EDA.Kernels;

namespace EDA.Engine.Data;

/// <summary>State-action pairs without rewards, resident on a device: what behavior pretraining reads.</summary>
public sealed class BehaviorDataset : IDisposable
{
    /// <summary>Copies a dataset to a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="actions">The actions [N×A].</param>
    /// <param name="actionSize">A.</param>
    /// <param name="states">The states [N×S]; empty where S = 0.</param>
    /// <param name="stateSize">S.</param>
    /// <exception cref="ArgumentException">The arrays do not have one row per pair, or there is no row.</exception>
    public BehaviorDataset(IDevice device, ReadOnlySpan<float> actions, int actionSize, ReadOnlySpan<float> states = default, int stateSize = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(actionSize, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(stateSize);
        if (actions.Length == 0 || actions.Length % actionSize != 0)
            throw new ArgumentException($"{actions.Length} numbers are not rows of {actionSize}", nameof(actions));
        Count = actions.Length / actionSize;
        if (states.Length != (long)Count * stateSize)
            throw new ArgumentException($"{states.Length} numbers are not {Count} rows of {stateSize}", nameof(states));
        ActionSize = actionSize;
        StateSize = stateSize;
        Fingerprint = Checkpoints.Fingerprint.Of(actions, states);
        Actions = device.Upload(actions);
        States = stateSize > 0 ? device.Upload(states) : null;
    }

    /// <summary>N.</summary>
    public int Count { get; }

    /// <summary>A.</summary>
    public int ActionSize { get; }

    /// <summary>S.</summary>
    public int StateSize { get; }

    /// <summary>A short name for the contents, by which a saved state of training knows its data again.</summary>
    public string Fingerprint { get; }

    /// <summary>The actions [N×A].</summary>
    public DeviceArray<float> Actions { get; }

    /// <summary>The states [N×S]; null where S = 0.</summary>
    public DeviceArray<float>? States { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Actions.Dispose();
        States?.Dispose();
    }
}
