using EDA.Engine.Checkpoints;
using EDA.Kernels;

namespace EDA.Engine.Data;

/// <summary>
/// Splits the state-action pairs of a Q-learning view into those that behavior pretraining sees and a few that are kept
/// back, on which its loss is measured. Single rows are kept back, drawn over the whole dataset: of the smaller files
/// one episode in a hundred would be one episode.
/// </summary>
public static class HeldOutRows
{
    /// <summary>The largest share that is kept back, so that a small dataset keeps most of its rows.</summary>
    private const int LeastPart = 10;

    /// <summary>Draws the rows to keep back.</summary>
    /// <param name="count">The number of pairs, N.</param>
    /// <param name="wanted">How many; a tenth of the pairs are kept back at most.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>Their numbers, ascending; none where none is wanted.</returns>
    public static int[] Choose(int count, int wanted, ulong seed)
    {
        int chosen = Math.Min(wanted, count / LeastPart);
        return chosen == 0 ? [] : RowSelection.Choose(count, chosen, new RandomDraw(seed, RandomStage.Data, 0), RandomPurpose.HeldOut);
    }

    /// <summary>Copies the pairs that remain to a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="view">All pairs.</param>
    /// <param name="heldOut">Those that are kept back, ascending.</param>
    /// <returns>The pairs for pretraining, owned by the caller.</returns>
    public static BehaviorDataset Remaining(IDevice device, QLearningView view, ReadOnlySpan<int> heldOut)
    {
        long count = view.Count - heldOut.Length;
        var (actions, states) = (device.Allocate<float>(count * view.ActionSize), device.Allocate<float>(count * view.StateSize));
        using var fingerprint = new FingerprintInParts();
        int[] left = heldOut.ToArray();
        Copy(actions, (first, length) => view.Actions(first, length));
        Copy(states, (first, length) => view.States(first, length));
        return new BehaviorDataset(device, actions, view.ActionSize, states, view.StateSize, fingerprint.Finish());

        // Run by run to the device, without another copy in between.
        void Copy(DeviceArray<float> array, Run run)
        {
            fingerprint.Begin(array.Length);
            long at = 0;
            foreach (var (first, length) in view.Runs(left))
            {
                var rows = run(first, length);
                array.CopyFrom(rows, at);
                fingerprint.Append(rows);
                at += rows.Length;
            }
        }
    }

    private delegate ReadOnlySpan<float> Run(int first, int length);
}
