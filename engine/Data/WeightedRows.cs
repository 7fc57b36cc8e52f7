using EDA.Engine.Checkpoints;
using EDA.Kernels;

namespace EDA.Engine.Data;

/// <summary>State-action pairs that count differently, as a dataset in which each stands as often as it counts.</summary>
/// <remarks>
/// Drawn uniformly, its rows come as rows drawn in proportion to their weights would, so that a mean over a batch estimates
/// the weighted mean with the variance of a batch of rows that all count, and no work goes into rows that hardly do.
/// </remarks>
public static class WeightedRows
{
    // How finely weights are resolved: rows of the new dataset for each of the old, and how many there are at most, the old
    // ones' number apart.
    private const int PerRow = 4, Most = 1 << 22;

    /// <summary>How often each row stands in M rows: M w/Σw, rounded up or down by systematic resampling, so that the sum is M.</summary>
    /// <param name="weights">The weights, none below 0, not all 0.</param>
    /// <param name="total">M, at least 1.</param>
    /// <param name="offset">Where the comb begins, from 0 to below 1: uniform draws of it make the counts unbiased.</param>
    /// <returns>A count for each row.</returns>
    /// <exception cref="ArgumentException">A weight is no number or below 0, or all are 0.</exception>
    public static int[] Counts(ReadOnlySpan<double> weights, int total, double offset)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(total, 1);
        double sum = 0;
        foreach (double weight in weights)
            sum += weight >= 0 ? weight : throw new ArgumentException($"{weight} is no weight", nameof(weights));
        if (!(sum > 0 && double.IsFinite(sum)))
            throw new ArgumentException("the weights have no sum to share out", nameof(weights));
        var counts = new int[weights.Length];
        double passed = 0;
        long before = 0;
        for (int row = 0; row < weights.Length; row++)
        {
            // Teeth of the comb at offset, offset + 1, …: those that lie in this row's stretch. The last row takes what rounding left.
            passed += weights[row];
            long reached = row == weights.Length - 1 ? total : Math.Clamp((long)Math.Ceiling((passed / sum * total) - offset), before, total);
            (counts[row], before) = ((int)(reached - before), reached);
        }

        return counts;
    }

    /// <summary>How many rows the weights are worth: (Σw)² / Σw².</summary>
    /// <param name="weights">The weights.</param>
    /// <returns>From 1 to their number, where all are equal.</returns>
    public static double EffectiveCount(ReadOnlySpan<double> weights)
    {
        double sum = 0, squares = 0;
        foreach (double weight in weights)
            (sum, squares) = (sum + weight, squares + (weight * weight));
        return sum * sum / squares;
    }

    /// <summary>Makes the dataset on a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="view">The pairs.</param>
    /// <param name="rows">Those of them that are taken.</param>
    /// <param name="weights">Their weights.</param>
    /// <param name="draw">The random stream that the comb's beginning is from.</param>
    /// <returns>The dataset, owned by the caller.</returns>
    public static BehaviorDataset Upload(IDevice device, QLearningView view, ReadOnlySpan<int> rows, ReadOnlySpan<double> weights, in RandomDraw draw)
    {
        int total = (int)Math.Min((long)PerRow * rows.Length, Math.Max(rows.Length, Most));
        int[] counts = Counts(weights, total, Philox.Block(draw, RandomPurpose.BatchIndex, 0)[0] / 4294967296.0);
        var actions = HostMemory.Allocate<float>((long)total * view.ActionSize, "the weighted rows");
        var states = HostMemory.Allocate<float>((long)total * view.StateSize, "the weighted rows");
        int at = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            for (int k = 0; k < counts[i]; k++, at++)
            {
                view.Action(rows[i]).CopyTo(actions.AsSpan(at * view.ActionSize));
                view.State(rows[i]).CopyTo(states.AsSpan(at * view.StateSize));
            }
        }

        return new BehaviorDataset(device, actions, view.ActionSize, states, view.StateSize);
    }
}
