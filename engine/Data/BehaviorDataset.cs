using EDA.Engine.Checkpoints;
using EDA.Kernels;

namespace EDA.Engine.Data;

/// <summary>
/// State-action pairs without rewards, resident on a device: what behavior pretraining reads. One set serves any number
/// of models; or each model has a set of its own.
/// </summary>
public sealed class BehaviorDataset : IDisposable
{
    private readonly IVectorOperations _vector;
    private readonly string[] _fingerprints;

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
        _vector = device.Vector;
        _fingerprints = [Checkpoints.Fingerprint.Of(actions, states)];
        Actions = device.Upload(actions);
        States = stateSize > 0 ? device.Upload(states) : null;
    }

    /// <summary>Takes over arrays that are on the device already.</summary>
    internal BehaviorDataset(IDevice device, DeviceArray<float> actions, int actionSize, DeviceArray<float> states, int stateSize, string fingerprint)
    {
        (Count, ActionSize, StateSize) = ((int)(actions.Length / actionSize), actionSize, stateSize);
        (_vector, _fingerprints, Actions, States) = (device.Vector, [fingerprint], actions, states);
    }

    private BehaviorDataset(IDevice device, IReadOnlyList<float[]> actions, int actionSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(actionSize, 1);
        if (actions.Count == 0 || actions[0].Length == 0 || actions.Any(set => set.Length != actions[0].Length) || actions[0].Length % actionSize != 0)
            throw new ArgumentException($"the sets do not have equally many rows of {actionSize}", nameof(actions));
        (Count, ActionSize) = (actions[0].Length / actionSize, actionSize);
        _vector = device.Vector;
        _fingerprints = [.. actions.Select(set => Checkpoints.Fingerprint.Of(set))];
        Actions = device.UploadEach(actions);
    }

    /// <summary>N, of each set.</summary>
    public int Count { get; }

    /// <summary>The number of sets: one a model, or 1 that all models share.</summary>
    public int Sets => _fingerprints.Length;

    /// <summary>A.</summary>
    public int ActionSize { get; }

    /// <summary>S.</summary>
    public int StateSize { get; }

    /// <summary>A short name for the contents, by which a saved state of training knows its data again; of the first set where there are several.</summary>
    public string Fingerprint => _fingerprints[0];

    /// <summary>The actions [N×A], set after set.</summary>
    public DeviceArray<float> Actions { get; }

    /// <summary>The states [N×S]; null where S = 0.</summary>
    public DeviceArray<float>? States { get; }

    /// <summary>Copies actions to a device, a set of its own for each model. There are no states.</summary>
    /// <param name="device">The device.</param>
    /// <param name="actions">The actions [N×A] by model.</param>
    /// <param name="actionSize">A.</param>
    /// <returns>The dataset, owned by the caller.</returns>
    /// <exception cref="ArgumentException">The sets do not have one size, or there is no row.</exception>
    public static BehaviorDataset OfEach(IDevice device, IReadOnlyList<float[]> actions, int actionSize) => new(device, actions, actionSize);

    /// <summary>A short name for the contents that a model reads.</summary>
    /// <param name="model">The model.</param>
    /// <returns>The name, the same as of a dataset of these contents alone.</returns>
    public string FingerprintOf(int model) => _fingerprints[Sets == 1 ? 0 : model];

    /// <summary>Takes a batch for each of several models.</summary>
    /// <param name="indices">The rows [models×count].</param>
    /// <param name="count">Rows a model.</param>
    /// <param name="models">The number of models; <see cref="Sets"/> where there are several.</param>
    /// <param name="actions">Overwritten [models×count×A].</param>
    /// <param name="states">Overwritten [models×count×S]; null where S = 0.</param>
    public void Gather(DeviceArray<int> indices, int count, int models, DeviceArray<float> actions, DeviceArray<float>? states)
    {
        if (Sets > 1 && Sets != models)
            throw new ArgumentException($"{Sets} sets for {models} models", nameof(models));
        int rows = Sets == 1 ? checked(models * count) : count;
        _vector.Gather(new() { Source = Actions, Width = ActionSize, Indices = indices, Count = rows, Destination = actions, Models = Sets });
        if (States is not null)
            _vector.Gather(new() { Source = States, Width = StateSize, Indices = indices, Count = rows, Destination = states!, Models = Sets });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Actions.Dispose();
        States?.Dispose();
    }
}
