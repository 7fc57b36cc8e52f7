using EDA.Kernels;

namespace EDA.Engine.Data;

/// <summary>
/// The standard Q-learning view of a dataset (method: section 7; D4RL's <c>qlearning_dataset</c>), bit for bit: one
/// transition for each row but the last and those with a timeout, its next state being the row below. It is a list of
/// row numbers over the dataset's own arrays.
/// </summary>
public sealed class QLearningView
{
    private readonly int[] _rows;

    /// <summary>Makes the view.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <exception cref="InvalidFileException">It has no transition: every row is a timeout.</exception>
    public QLearningView(OfflineDataset dataset)
    {
        Dataset = dataset;
        var timeouts = dataset.Timeouts.Span[..^1];
        _rows = new int[timeouts.Count(false)];
        if (_rows.Length == 0)
            throw new InvalidFileException(dataset.Provenance.Path, "there is no transition: each row but the last is a timeout");
        int index = 0;
        for (int row = 0; row < timeouts.Length; row++)
        {
            if (!timeouts[row])
                _rows[index++] = row;
        }
    }

    /// <summary>The dataset it is a view of.</summary>
    public OfflineDataset Dataset { get; }

    /// <summary>The number of transitions, N.</summary>
    public int Count => _rows.Length;

    /// <summary>S.</summary>
    public int StateSize => Dataset.StateSize;

    /// <summary>A.</summary>
    public int ActionSize => Dataset.ActionSize;

    /// <summary>The dataset's row of each transition [N], ascending; the next state is the row below it.</summary>
    public ReadOnlySpan<int> Rows => _rows;

    /// <summary>A state [S].</summary>
    /// <param name="transition">From 0 to N − 1.</param>
    /// <returns>The numbers, in the dataset's memory.</returns>
    public ReadOnlySpan<float> State(int transition) => Dataset.States.Slice(_rows[transition] * StateSize, StateSize);

    /// <summary>A next state [S].</summary>
    /// <param name="transition">From 0 to N − 1.</param>
    /// <returns>The numbers, in the dataset's memory.</returns>
    public ReadOnlySpan<float> NextState(int transition) => Dataset.States.Slice((_rows[transition] + 1) * StateSize, StateSize);

    /// <summary>An action [A].</summary>
    /// <param name="transition">From 0 to N − 1.</param>
    /// <returns>The numbers, in the dataset's memory.</returns>
    public ReadOnlySpan<float> Action(int transition) => Dataset.Actions.Slice(_rows[transition] * ActionSize, ActionSize);

    /// <summary>A reward, untreated.</summary>
    /// <param name="transition">From 0 to N − 1.</param>
    /// <returns>The reward.</returns>
    public float Reward(int transition) => Dataset.Rewards[_rows[transition]];

    /// <summary>Whether the next state is terminal.</summary>
    /// <param name="transition">From 0 to N − 1.</param>
    /// <returns>True if it is.</returns>
    public bool IsTerminal(int transition) => Dataset.Terminals[_rows[transition]];

    /// <summary>Copies the states.</summary>
    /// <returns>[N×S].</returns>
    public float[] States() => Copy(Dataset.States, StateSize, 0);

    /// <summary>Copies the next states.</summary>
    /// <returns>[N×S].</returns>
    public float[] NextStates() => Copy(Dataset.States, StateSize, 1);

    /// <summary>Copies the actions.</summary>
    /// <returns>[N×A].</returns>
    public float[] Actions() => Copy(Dataset.Actions, ActionSize, 0);

    /// <summary>Copies the rewards, untreated; <see cref="RewardTreatments.Apply"/> gives what a critic trains on.</summary>
    /// <returns>[N].</returns>
    public float[] Rewards() => Copy(Dataset.Rewards, 1, 0);

    /// <summary>Copies the terminal flags as numbers.</summary>
    /// <returns>[N], 1 where the next state is terminal and 0 elsewhere.</returns>
    public float[] Terminals() => Array.ConvertAll(_rows, row => Dataset.Terminals[row] ? 1f : 0f);

    /// <summary>Copies the states to a device, without another copy in between.</summary>
    /// <param name="device">The device.</param>
    /// <returns>[N×S], owned by the caller.</returns>
    public DeviceArray<float> UploadStates(IDevice device) => Upload(device, Dataset.States, StateSize, 0);

    /// <summary>Copies the next states to a device, without another copy in between.</summary>
    /// <param name="device">The device.</param>
    /// <returns>[N×S], owned by the caller.</returns>
    public DeviceArray<float> UploadNextStates(IDevice device) => Upload(device, Dataset.States, StateSize, 1);

    /// <summary>Copies the actions to a device, without another copy in between.</summary>
    /// <param name="device">The device.</param>
    /// <returns>[N×A], owned by the caller.</returns>
    public DeviceArray<float> UploadActions(IDevice device) => Upload(device, Dataset.Actions, ActionSize, 0);

    /// <summary>The next states that are not the state of the transition below: where rows that follow each other end.</summary>
    /// <returns>Each with its transition, ascending.</returns>
    internal IReadOnlyList<(int Transition, float[] State)> LastNextStates()
    {
        var last = new List<(int, float[])>();
        for (int first = 0; first < Count;)
        {
            first += RunFrom(first);
            last.Add((first - 1, NextState(first - 1).ToArray()));
        }

        return last;
    }

    /// <summary>The runs of neighbouring rows among transitions: each a first transition and how many follow each other.</summary>
    /// <param name="left">Transitions that are left out, ascending.</param>
    /// <returns>The runs, ascending.</returns>
    internal IEnumerable<(int First, int Length)> Runs(int[] left)
    {
        int next = 0;
        for (int first = 0; first < Count;)
        {
            if (next < left.Length && left[next] == first)
            {
                (first, next) = (first + 1, next + 1);
                continue;
            }

            int length = RunFrom(first);
            if (next < left.Length)
                length = Math.Min(length, left[next] - first);
            yield return (first, length);
            first += length;
        }
    }

    /// <summary>The states of a run [length×S].</summary>
    internal ReadOnlySpan<float> States(int first, int length) => Dataset.States.Slice(_rows[first] * StateSize, length * StateSize);

    /// <summary>The actions of a run [length×A].</summary>
    internal ReadOnlySpan<float> Actions(int first, int length) => Dataset.Actions.Slice(_rows[first] * ActionSize, length * ActionSize);

    private float[] Copy(ReadOnlySpan<float> source, int width, int below)
    {
        var copy = HostMemory.Allocate<float>((long)Count * width, "a copy of the states");
        for (int first = 0; first < Count;)
        {
            int length = RunFrom(first);
            source.Slice((_rows[first] + below) * width, length * width).CopyTo(copy.AsSpan(first * width));
            first += length;
        }

        return copy;
    }

    private DeviceArray<float> Upload(IDevice device, ReadOnlySpan<float> source, int width, int below)
    {
        var copy = device.Allocate<float>((long)Count * width);
        for (int first = 0; first < Count;)
        {
            int length = RunFrom(first);
            copy.CopyFrom(source.Slice((_rows[first] + below) * width, length * width), (long)first * width);
            first += length;
        }

        return copy;
    }

    /// <summary>How many transitions from one on are neighbouring rows: as a rule up to the next timeout.</summary>
    private int RunFrom(int first)
    {
        int last = first;
        while (last + 1 < _rows.Length && _rows[last + 1] == _rows[last] + 1)
            last++;
        return last + 1 - first;
    }
}
