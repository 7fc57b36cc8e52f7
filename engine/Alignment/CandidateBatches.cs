using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Kernels;

namespace EDA.Engine.Alignment;

/// <summary>
/// Batches out of candidates that are kept in a <see cref="RowStore"/>: only a batch is on the device at a time, so that
/// a million states' candidates may stand in a file. A batch is drawn uniformly, with replacement, over states, and is
/// the one that an <see cref="AlignmentDataset"/> of the same numbers would draw.
/// </summary>
public sealed class CandidateBatches : IAlignmentBatches
{
    private readonly IDevice _device;
    private readonly ReadOnlyMemory<float> _states;
    private readonly RowStore _candidates;
    private readonly RowStore? _labels;
    private readonly Critic? _critic;
    private int[] _rows = [];
    private float[] _hostStates = [];
    private float[] _hostCandidates = [];
    private float[] _hostLabels = [];
    private DeviceArray<float>? _batchStates;
    private DeviceArray<float>? _batchCandidates;
    private DeviceArray<float>? _batchLabels;

    /// <summary>Batches with labels that are there already.</summary>
    /// <param name="device">The device.</param>
    /// <param name="states">The states [N×S], kept.</param>
    /// <param name="stateSize">S, at least 1.</param>
    /// <param name="candidates">The candidates [N×K×A], complete; kept and not disposed.</param>
    /// <param name="labels">Q [N×K], complete; kept and not disposed.</param>
    /// <exception cref="ArgumentException">The arrays do not have one row per state, or a store is not complete.</exception>
    public CandidateBatches(IDevice device, ReadOnlyMemory<float> states, int stateSize, RowStore candidates, RowStore labels)
        : this(device, states, stateSize, candidates)
    {
        if (labels.Count != Count || !labels.RowShape.SequenceEqual([CandidateCount]) || !labels.IsComplete)
            throw new ArgumentException($"{labels.Completed} rows of {string.Join("×", labels.RowShape)} labels where {Count} of {CandidateCount} are needed", nameof(labels));
        _labels = labels;
        Fingerprint += " " + labels.Fingerprint();
    }

    /// <summary>Batches that are labelled when they are drawn, by a critic that is being trained meanwhile.</summary>
    /// <param name="states">The states [N×S], kept.</param>
    /// <param name="candidates">The candidates [N×K×A], complete; kept and not disposed.</param>
    /// <param name="critic">The critic; its device is the batches'. Kept and not disposed.</param>
    /// <exception cref="ArgumentException">The arrays do not have one row per state or do not fit the critic, or the store is not complete.</exception>
    public CandidateBatches(ReadOnlyMemory<float> states, RowStore candidates, Critic critic)
        : this(critic.Device, states, critic.Shape.StateSize, candidates)
    {
        if (ActionSize != critic.Shape.ActionSize)
            throw new ArgumentException($"candidates of A = {ActionSize} for a critic of A = {critic.Shape.ActionSize}", nameof(candidates));
        _critic = critic;
        Fingerprint += " labelled as drawn";
    }

    private CandidateBatches(IDevice device, ReadOnlyMemory<float> states, int stateSize, RowStore candidates)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stateSize, 1);
        if (candidates.RowShape is not [>= 2, _] || candidates.Count == 0 || !candidates.IsComplete)
            throw new ArgumentException($"{candidates.Completed} rows of {string.Join("×", candidates.RowShape)} where {candidates.Count} of K×A, K at least 2, are needed", nameof(candidates));
        if (states.Length != (long)candidates.Count * stateSize)
            throw new ArgumentException($"{states.Length} numbers are not {candidates.Count} rows of {stateSize}", nameof(states));
        (_device, _states, _candidates, StateSize) = (device, states, candidates, stateSize);
        Fingerprint = $"{Checkpoints.Fingerprint.Of(states.Span)} {candidates.Fingerprint()}";
    }

    /// <summary>N.</summary>
    public int Count => _candidates.Count;

    /// <inheritdoc/>
    public int StateSize { get; }

    /// <inheritdoc/>
    public int ActionSize => _candidates.RowShape[1];

    /// <inheritdoc/>
    public int CandidateCount => _candidates.RowShape[0];

    /// <inheritdoc/>
    public string Fingerprint { get; }

    /// <inheritdoc/>
    public AlignmentBatch Next(int stateCount, in RandomDraw draw)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stateCount, 1);
        if (_rows.Length != stateCount)
            Resize(stateCount);
        BatchRows.Draw(draw, Count, _rows);
        var states = _states.Span;
        for (int i = 0; i < stateCount; i++)
            states.Slice(_rows[i] * StateSize, StateSize).CopyTo(_hostStates.AsSpan(i * StateSize));
        _batchStates!.CopyFrom(_hostStates);
        _candidates.Gather(_rows, _hostCandidates);
        _batchCandidates!.CopyFrom(_hostCandidates);
        if (_critic is not null)
        {
            _critic.Label(_batchStates, _batchCandidates, stateCount, CandidateCount, _batchLabels!);
        }
        else
        {
            _labels!.Gather(_rows, _hostLabels);
            _batchLabels!.CopyFrom(_hostLabels);
        }

        return new AlignmentBatch(_batchStates, _batchCandidates, _batchLabels!);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _batchStates?.Dispose();
        _batchCandidates?.Dispose();
        _batchLabels?.Dispose();
    }

    private void Resize(int stateCount)
    {
        Dispose();
        _rows = new int[stateCount];
        _hostStates = new float[stateCount * StateSize];
        _hostCandidates = new float[stateCount * _candidates.RowLength];
        _hostLabels = new float[stateCount * CandidateCount];
        _batchStates = _device.Allocate<float>(_hostStates.Length);
        _batchCandidates = _device.Allocate<float>(_hostCandidates.Length);
        _batchLabels = _device.Allocate<float>(_hostLabels.Length);
    }
}
