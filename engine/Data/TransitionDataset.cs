using EDA.Engine.Checkpoints;
using EDA.Kernels;

namespace EDA.Engine.Data;

/// <summary>Transitions with rewards, resident on a device: what critics are trained on. Rewards are as the critic is to see them.</summary>
public sealed class TransitionDataset : IDisposable
{
    /// <summary>Takes over arrays that are on a device already.</summary>
    /// <param name="device">The device.</param>
    /// <param name="transitions">The arrays, owned by the dataset from now on.</param>
    /// <param name="stateSize">S, at least 1.</param>
    /// <param name="actionSize">A, at least 1.</param>
    /// <param name="fingerprint">A short name for the contents, by which a saved state of training knows its data again.</param>
    /// <exception cref="ArgumentException">The arrays do not have one row per transition, or there is no row.</exception>
    public TransitionDataset(IDevice device, in Transitions transitions, int stateSize, int actionSize, string fingerprint)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stateSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(actionSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(transitions.Count, 1);
        long count = transitions.Count;
        Require(transitions.States, count * stateSize, "states");
        Require(transitions.Actions, count * actionSize, "actions");
        Require(transitions.Rewards, count, "rewards");
        Require(transitions.Terminals, count, "terminals");
        Require(transitions.NextStates, count * stateSize, "nextStates");
        (Device, Transitions, StateSize, ActionSize, Fingerprint) = (device, transitions, stateSize, actionSize, fingerprint);

        static void Require(DeviceArray<float> array, long length, string name)
        {
            if (array.Length != length)
                throw new ArgumentException($"{array.Length} numbers where {length} are needed", name);
        }
    }

    /// <summary>Copies transitions to a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="states">s [N×S].</param>
    /// <param name="actions">a [N×A].</param>
    /// <param name="rewards">r [N].</param>
    /// <param name="terminals">d [N], 1 where the next state is terminal and 0 elsewhere.</param>
    /// <param name="nextStates">s' [N×S].</param>
    /// <param name="stateSize">S, at least 1.</param>
    /// <param name="actionSize">A, at least 1.</param>
    /// <returns>The dataset, owned by the caller.</returns>
    /// <exception cref="ArgumentException">The arrays do not have one row per transition, or there is no row.</exception>
    public static TransitionDataset Upload(
        IDevice device,
        ReadOnlySpan<float> states,
        ReadOnlySpan<float> actions,
        ReadOnlySpan<float> rewards,
        ReadOnlySpan<float> terminals,
        ReadOnlySpan<float> nextStates,
        int stateSize,
        int actionSize)
    {
        string fingerprint = $"{Checkpoints.Fingerprint.Of(states, actions, nextStates)} {Checkpoints.Fingerprint.Of(rewards, terminals)}";
        var transitions = new Transitions(
            device.Upload(states), device.Upload(actions), device.Upload(rewards), device.Upload(terminals), device.Upload(nextStates), rewards.Length);
        try
        {
            return new TransitionDataset(device, transitions, stateSize, actionSize, fingerprint);
        }
        catch
        {
            Dispose(transitions);
            throw;
        }
    }

    /// <summary>
    /// Copies the standard Q-learning view of a dataset to a device. A million transitions are never there twice over: the
    /// dataset gives back its rows (<see cref="OfflineDataset.Release"/>) before the next states, which are mostly the
    /// states of the transitions below, are made of what is on the device.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <param name="view">The view.</param>
    /// <param name="treatment">What is done to the rewards.</param>
    /// <returns>The dataset, owned by the caller.</returns>
    /// <exception cref="InvalidFileException">The rewards have no range of returns to be divided by.</exception>
    public static TransitionDataset Upload(IDevice device, QLearningView view, RewardTreatment treatment)
    {
        float[] rewards = RewardTreatments.Apply(view, treatment);
        string fingerprint = $"{view.Dataset.Fingerprint} {treatment}";
        var (actions, states) = (view.UploadActions(device), view.UploadStates(device));
        var terminals = device.Upload<float>(view.Terminals());
        var last = view.LastNextStates();
        view.Dataset.Release();
        var transitions = new Transitions(states, actions, device.Upload<float>(rewards), terminals, NextStates(device, states, last, view.StateSize), view.Count);
        return new TransitionDataset(device, transitions, view.StateSize, view.ActionSize, fingerprint);
    }

    /// <summary>The device.</summary>
    public IDevice Device { get; }

    /// <summary>The arrays.</summary>
    public Transitions Transitions { get; }

    /// <summary>N.</summary>
    public int Count => Transitions.Count;

    /// <summary>S.</summary>
    public int StateSize { get; }

    /// <summary>A.</summary>
    public int ActionSize { get; }

    /// <summary>A short name for the contents, by which a saved state of training knows its data again.</summary>
    public string Fingerprint { get; }

    /// <inheritdoc/>
    public void Dispose() => Dispose(Transitions);

    private static void Dispose(in Transitions transitions)
    {
        transitions.States.Dispose();
        transitions.Actions.Dispose();
        transitions.Rewards.Dispose();
        transitions.Terminals.Dispose();
        transitions.NextStates.Dispose();
    }

    /// <summary>s': the state below, but where the rows that follow each other end.</summary>
    private static DeviceArray<float> NextStates(IDevice device, DeviceArray<float> states, IReadOnlyList<(int Transition, float[] State)> last, int stateSize)
    {
        const int RowsAtOnce = 1 << 14;
        long count = states.Length / stateSize;
        var next = device.Allocate<float>(states.Length);
        var buffer = new float[Math.Min(count, RowsAtOnce) * stateSize];
        for (long first = 0; first < count - 1; first += RowsAtOnce)
        {
            var rows = buffer.AsSpan(0, (int)(Math.Min(RowsAtOnce, count - 1 - first) * stateSize));
            states.CopyTo(rows, (first + 1) * stateSize);
            next.CopyFrom(rows, first * stateSize);
        }

        foreach (var (transition, state) in last)
            next.CopyFrom(state, (long)transition * stateSize);
        return next;
    }
}
