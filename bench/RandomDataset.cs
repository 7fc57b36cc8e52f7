using EDA.Engine.Data;

namespace EDA.Bench;

/// <summary>Datasets for measurements: random numbers, episodes of the usual length.</summary>
public static class RandomDataset
{
    private const int EpisodeLength = 1000;

    /// <summary>Makes one.</summary>
    /// <param name="rows">Its rows.</param>
    /// <param name="stateSize">S.</param>
    /// <param name="actionSize">A.</param>
    /// <returns>The dataset.</returns>
    public static OfflineDataset Create(int rows, int stateSize, int actionSize)
    {
        var random = new Random(5);
        var timeouts = new bool[rows];
        for (int row = EpisodeLength - 1; row < rows; row += EpisodeLength)
            timeouts[row] = true;
        return OfflineDataset.Create(
            Values(random, rows * stateSize), stateSize, Values(random, rows * actionSize), actionSize, Values(random, rows), new bool[rows], timeouts, DatasetProvenance.Generated("random"));
    }

    /// <summary>Numbers in [-1, 1).</summary>
    internal static float[] Values(Random random, int count)
    {
        var values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = (float)((2 * random.NextDouble()) - 1);
        return values;
    }
}
