using EDA.Kernels;

namespace EDA.Engine.Alignment;

/// <summary>
/// A fixed set of states, each with K candidates and their labels, resident on a device (method: section 5). A batch
/// is drawn uniformly, with replacement, over states.
/// </summary>
public sealed class AlignmentDataset : IAlignmentBatches
{
    private readonly IDevice _device;
    private readonly DeviceArray<float> _candidates;
    private readonly DeviceArray<float> _labels;
    private readonly DeviceArray<float>? _states;
    private DeviceArray<int>? _indices;
    private DeviceArray<float>? _batchCandidates;
    private DeviceArray<float>? _batchLabels;
    private DeviceArray<float>? _batchStates;

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
        int stateSize = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(actionSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(candidateCount, 2);
        ArgumentOutOfRangeException.ThrowIfNegative(stateSize);
        if (labels.Length == 0 || labels.Length % candidateCount != 0)
            throw new ArgumentException($"{labels.Length} labels are not rows of {candidateCount}", nameof(labels));
        Count = labels.Length / candidateCount;
        if (candidates.Length != (long)labels.Length * actionSize)
            throw new ArgumentException($"{candidates.Length} numbers are not {labels.Length} candidates of {actionSize}", nameof(candidates));
        if (states.Length != (long)Count * stateSize)
            throw new ArgumentException($"{states.Length} numbers are not {Count} rows of {stateSize}", nameof(states));
        (StateSize, ActionSize, CandidateCount) = (stateSize, actionSize, candidateCount);
        _device = device;
        Fingerprint = Checkpoints.Fingerprint.Of(candidates, labels, states);
        _candidates = device.Upload(candidates);
        _labels = device.Upload(labels);
        _states = stateSize > 0 ? device.Upload(states) : null;
    }

    /// <summary>N.</summary>
    public int Count { get; }

    /// <inheritdoc/>
    public int StateSize { get; }

    /// <inheritdoc/>
    public int ActionSize { get; }

    /// <inheritdoc/>
    public int CandidateCount { get; }

    /// <inheritdoc/>
    public string Fingerprint { get; }

    /// <inheritdoc/>
    public AlignmentBatch Next(int stateCount, in RandomDraw draw)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stateCount, 1);
        if (_indices is null || _indices.Length < stateCount)
            Resize(stateCount);
        _device.Vector.FillIndices(new() { Indices = _indices!, Count = stateCount, Upper = Count, Draw = draw, Purpose = RandomPurpose.BatchIndex });
        _device.Vector.Gather(new()
        {
            Source = _candidates,
            Width = CandidateCount * ActionSize,
            Indices = _indices!,
            Count = stateCount,
            Destination = _batchCandidates!,
        });
        _device.Vector.Gather(new()
        {
            Source = _labels,
            Width = CandidateCount,
            Indices = _indices!,
            Count = stateCount,
            Destination = _batchLabels!,
        });
        if (_states is not null)
            _device.Vector.Gather(new()
            {
                Source = _states,
                Width = StateSize,
                Indices = _indices!,
                Count = stateCount,
                Destination = _batchStates!,
            });
        return new AlignmentBatch(_batchStates, _batchCandidates!, _batchLabels!);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        DisposeBatch();
        _candidates.Dispose();
        _labels.Dispose();
        _states?.Dispose();
    }

    private void Resize(int stateCount)
    {
        DisposeBatch();
        _indices = _device.Allocate<int>(stateCount);
        _batchCandidates = _device.Allocate<float>((long)stateCount * CandidateCount * ActionSize);
        _batchLabels = _device.Allocate<float>((long)stateCount * CandidateCount);
        _batchStates = StateSize > 0 ? _device.Allocate<float>((long)stateCount * StateSize) : null;
    }

    private void DisposeBatch()
    {
        _indices?.Dispose();
        _batchCandidates?.Dispose();
        _batchLabels?.Dispose();
        _batchStates?.Dispose();
    }
}
