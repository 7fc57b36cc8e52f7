using EDA.Kernels;

namespace EDA.Engine.Alignment;

/// <summary>
/// A fixed set of states, each with K candidates and their labels, resident on a device (method: section 5). A batch
/// is drawn uniformly, with replacement, over states.
/// </summary>
public sealed class AlignmentDataset : IAlignmentBatches
{
    /// <summary>Copies a set to a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="candidates">The candidates [N×K×A].</param>
    /// <param name="labels">Q [N×K].</param>
    /// <param name="actionSize">A.</param>
    /// <param name="candidateCount">K, at least 2.</param>
    /// <param name="states">The states [N×S]; empty where S = 0.</param>
    /// <param name="stateSize">S.</param>
    /// <exception cref="ArgumentException">The arrays do not have one row per state.</exception>
    public AlignmentDataset(
        IDevice device,
        ReadOnlySpan<float> candidates,
        ReadOnlySpan<float> labels,
        int actionSize,
        int candidateCount,
        ReadOnlySpan<float> states = default,
        int stateSize = 0) => throw new NotImplementedException();

    /// <summary>N.</summary>
    public int Count { get; }

    /// <inheritdoc/>
    public int StateSize { get; }

    /// <inheritdoc/>
    public int ActionSize { get; }

    /// <inheritdoc/>
    public int CandidateCount { get; }

    /// <inheritdoc/>
    public AlignmentBatch Next(int stateCount, in RandomDraw draw) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
