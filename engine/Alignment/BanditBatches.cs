using EDA.Engine.Data;
using EDA.Kernels;

namespace EDA.Engine.Alignment;

/// <summary>
/// Fresh candidates of a bandit: each step draws b·K dataset points, with replacement, and their energies. There is no
/// state, no sampling and no critic (method: section 7).
/// </summary>
public sealed class BanditBatches : IAlignmentBatches
{
    /// <summary>Copies a bandit to a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="dataset">The points and energies.</param>
    /// <param name="candidateCount">K, at least 2.</param>
    /// <exception cref="InvalidSettingException">K is below 2.</exception>
    public BanditBatches(IDevice device, BanditDataset dataset, int candidateCount) => throw new NotImplementedException();

    /// <inheritdoc/>
    public int StateSize => 0;

    /// <inheritdoc/>
    public int ActionSize => BanditDataset.Dimensions;

    /// <inheritdoc/>
    public int CandidateCount { get; }

    /// <inheritdoc/>
    public AlignmentBatch Next(int stateCount, in RandomDraw draw) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
