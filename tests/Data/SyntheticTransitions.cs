using EDA.Engine.Data;

namespace EDA.Tests.Data;

/// <summary>Random rows, the same for the same seed.</summary>
internal sealed class SyntheticTransitions
{
    public SyntheticTransitions(int seed, int rows, int stateSize = 3, int actionSize = 2, double terminals = 0.1, double timeouts = 0.1)
    {
        var random = new Random(seed);
        (Rows, StateSize, ActionSize) = (rows, stateSize, actionSize);
        States = Numbers(rows * stateSize, 10);
        Actions = Numbers(rows * actionSize, 1);
        Rewards = Numbers(rows, 5);
        Terminals = [.. Enumerable.Range(0, rows).Select(_ => random.NextDouble() < terminals)];
        Timeouts = [.. Enumerable.Range(0, rows).Select(_ => random.NextDouble() < timeouts)];

        float[] Numbers(int count, double scale) => [.. Enumerable.Range(0, count).Select(_ => (float)(scale * ((2 * random.NextDouble()) - 1)))];
    }

    public int Rows { get; }

    public int StateSize { get; }

    public int ActionSize { get; }

    public float[] States { get; }

    public float[] Actions { get; }

    public float[] Rewards { get; }

    public bool[] Terminals { get; }

    public bool[] Timeouts { get; }

    public OfflineDataset Dataset(bool withTimeouts = true, int episodeLimit = 1000) =>
        OfflineDataset.Create(States, StateSize, Actions, ActionSize, Rewards, Terminals, withTimeouts ? Timeouts : null, DatasetProvenance.Generated("test"), episodeLimit);
}
