using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Kernels;

namespace EDA.Engine.Alignment;

/// <summary>The states, candidates and labels of one alignment step, on the device.</summary>
/// <param name="States">s [M×b×S]; null where S = 0.</param>
/// <param name="Candidates">The undiffused candidates [M×b×K×A].</param>
/// <param name="Labels">Q [M×b×K], unscaled.</param>
public readonly record struct AlignmentBatch(DeviceArray<float>? States, DeviceArray<float> Candidates, DeviceArray<float> Labels);

/// <summary>
/// Where policy alignment takes its batches from (method: section 5): states with K candidates each and their labels, or
/// points of bandits, drawn uniformly and with replacement. They are on the device where they fit; else they are read from
/// where they are kept, a step ahead. A batch depends on nothing but the draw, so that a resumed run sees what it would
/// have seen.
/// </summary>
public sealed class AlignmentBatches : IDisposable
{
    private readonly RowTable _rows;
    private readonly int _rowsOfState;
    private readonly RowColumn _candidates;
    private readonly RowColumn? _states;
    private readonly RowColumn? _labels;
    private readonly Critic? _critic;
    private readonly string[] _fingerprints;
    private DeviceArray<float>? _drawnLabels;

    // A row holds all candidates of a state; of a bandit, where each is drawn by itself, one of K.
    private AlignmentBatches(
        IDevice device, RowMemory? memory, RowStore? states, RowStore[] candidates, RowStore[]? labels, Critic? critic, string[] fingerprints, int rowsOfState = 1)
    {
        if (candidates[0].RowShape is not [var inRow, var actionSize] || inRow * rowsOfState < 2)
            throw new ArgumentException($"rows of {string.Join("×", candidates[0].RowShape)} where K×A, K at least 2, are needed", nameof(candidates));
        if (labels is not null && !labels[0].RowShape.SequenceEqual([inRow]))
            throw new ArgumentException($"rows of {string.Join("×", labels[0].RowShape)} labels where {inRow} are needed", nameof(labels));
        if (critic is not null && critic.Shape.ActionSize != actionSize)
            throw new ArgumentException($"candidates of A = {actionSize} for a critic of A = {critic.Shape.ActionSize}", nameof(candidates));
        (_rowsOfState, _critic, _fingerprints) = (rowsOfState, critic, fingerprints);
        (StateSize, ActionSize, CandidateCount) = (states?.RowLength ?? 0, actionSize, inRow * rowsOfState);
        _candidates = new RowColumn(candidates);
        _states = states is null ? null : new RowColumn(states);
        _labels = labels is null ? null : new RowColumn(labels);
        var purpose = rowsOfState == 1 ? RandomPurpose.BatchIndex : RandomPurpose.CandidateIndex;
        _rows = new RowTable(device, purpose, memory, [.. new[] { _candidates, _states, _labels }.OfType<RowColumn>()]);
    }

    /// <summary>Batches of a set in arrays, which are kept where they do not fit on the device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="candidates">The candidates [N×K×A].</param>
    /// <param name="labels">Q [N×K].</param>
    /// <param name="actionSize">A.</param>
    /// <param name="candidateCount">K, at least 2.</param>
    /// <param name="states">The states [N×S]; null where S = 0.</param>
    /// <param name="stateSize">S.</param>
    /// <param name="memory">How much of the device's memory they may take; null for the default.</param>
    /// <returns>The batches, owned by the caller.</returns>
    /// <exception cref="ArgumentException">The arrays do not have one row per state.</exception>
    public static AlignmentBatches OfArrays(
        IDevice device, float[] candidates, float[] labels, int actionSize, int candidateCount, float[]? states = null, int stateSize = 0, RowMemory? memory = null)
    {
        var rows = states is null && stateSize == 0 ? null : RowStore.Of(states ?? [], stateSize);
        string fingerprint = Checkpoints.Fingerprint.Of(candidates, labels, states);
        return new(device, memory, rows, [RowStore.Of(candidates, candidateCount, actionSize)], [RowStore.Of(labels, candidateCount)], null, [fingerprint]);
    }

    /// <summary>Batches of a set whose candidates and labels stand in stores.</summary>
    /// <param name="device">The device.</param>
    /// <param name="states">The states [N×S]; kept where they do not fit on the device.</param>
    /// <param name="stateSize">S, at least 1.</param>
    /// <param name="candidates">The candidates [N×K×A], complete. Not disposed of; not to be used by others while the batches exist, unless they are on the device.</param>
    /// <param name="labels">Q [N×K]; likewise.</param>
    /// <param name="memory">How much of the device's memory they may take; null for the default.</param>
    /// <returns>The batches, owned by the caller.</returns>
    /// <exception cref="ArgumentException">There is not one row per state, or a store is not complete.</exception>
    public static AlignmentBatches OfStores(IDevice device, float[] states, int stateSize, RowStore candidates, RowStore labels, RowMemory? memory = null)
    {
        string fingerprint = $"{Checkpoints.Fingerprint.Of(states)} {candidates.Fingerprint()} {labels.Fingerprint()}";
        return new(device, memory, RowStore.Of(states, stateSize), [candidates], [labels], null, [fingerprint]);
    }

    /// <summary>The same, labelled when they are drawn, by a critic that is being trained meanwhile.</summary>
    /// <param name="states">The states [N×S]; kept where they do not fit on the device.</param>
    /// <param name="candidates">The candidates [N×K×A], complete. Not disposed of; not to be used by others while the batches exist, unless they are on the device.</param>
    /// <param name="critic">The critic; its device is the batches'. Kept and not disposed of.</param>
    /// <param name="memory">How much of the device's memory they may take; null for the default.</param>
    /// <returns>The batches, owned by the caller.</returns>
    /// <exception cref="ArgumentException">There is not one row per state, they do not fit the critic, or the store is not complete.</exception>
    public static AlignmentBatches LabelledAsDrawn(float[] states, RowStore candidates, Critic critic, RowMemory? memory = null)
    {
        string fingerprint = $"{Checkpoints.Fingerprint.Of(states)} {candidates.Fingerprint()} labelled as drawn";
        return new(critic.Device, memory, RowStore.Of(states, critic.Shape.StateSize), [candidates], null, critic, [fingerprint]);
    }

    /// <summary>
    /// Fresh candidates of bandits, one for each of several models: each step draws b·K points of each, and their energies.
    /// There is no state, no sampling and no critic.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <param name="datasets">The points and energies by model, equally many; kept where they do not fit on the device.</param>
    /// <param name="candidateCount">K, at least 2.</param>
    /// <param name="memory">How much of the device's memory they may take; null for the default.</param>
    /// <returns>The batches, owned by the caller.</returns>
    /// <exception cref="InvalidSettingException">K is below 2.</exception>
    /// <exception cref="ArgumentException">The datasets do not have one size.</exception>
    public static AlignmentBatches OfBandits(IDevice device, IReadOnlyList<BanditDataset> datasets, int candidateCount, RowMemory? memory = null)
    {
        Setting.Range(candidateCount, 2, name: "candidates");
        if (datasets.Count == 0)
            throw new ArgumentException("there is no dataset", nameof(datasets));
        string[] fingerprints = [.. datasets.Select(dataset => Checkpoints.Fingerprint.Of(dataset.Points, dataset.Energies))];
        var points = datasets.Select(dataset => RowStore.Of(dataset.Points, 1, BanditDataset.Dimensions));
        return new(device, memory, null, [.. points], [.. datasets.Select(dataset => RowStore.Of(dataset.Energies, 1))], null, fingerprints, candidateCount);
    }

    /// <summary>N: the states of a set, the points of a bandit.</summary>
    public int Count => _rows.Count;

    /// <summary>S, 0 where there is no state.</summary>
    public int StateSize { get; }

    /// <summary>A.</summary>
    public int ActionSize { get; }

    /// <summary>K, at least 2.</summary>
    public int CandidateCount { get; }

    /// <summary>M, the number of models that a batch is for, side by side.</summary>
    public int Models => _rows.Models;

    /// <summary>Whether all is on the device, so that a batch copies nothing.</summary>
    public bool IsResident => _rows.IsResident;

    /// <summary>A short name for the contents, by which a saved state of training knows its candidates again; of the first model's where there are several.</summary>
    public string Fingerprint => _fingerprints[0];

    /// <summary>A short name for the contents that a model's batches come from.</summary>
    /// <param name="model">The model.</param>
    /// <returns>The name, the same as where the model is alone.</returns>
    public string FingerprintOf(int model) => _fingerprints[model];

    /// <summary>Makes a batch. Its arrays belong to this and hold until the next call.</summary>
    /// <param name="stateCount">b, of each model.</param>
    /// <param name="draw">The random stream of the step; model m draws from the seed plus m.</param>
    /// <returns>The batch.</returns>
    public AlignmentBatch Next(int stateCount, in RandomDraw draw)
    {
        _rows.Draw(checked(stateCount * _rowsOfState), draw);
        return new AlignmentBatch(_states?.Batch, _candidates.Batch, _labels?.Batch ?? Label(stateCount));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _rows.Dispose();
        _drawnLabels?.Dispose();
    }

    private DeviceArray<float> Label(int stateCount)
    {
        long count = (long)stateCount * CandidateCount;
        if (_drawnLabels?.Length != count)
        {
            _drawnLabels?.Dispose();
            _drawnLabels = _critic!.Device.Allocate<float>(count);
        }

        _critic!.Label(_states!.Batch, _candidates.Batch, stateCount, CandidateCount, _drawnLabels);
        return _drawnLabels;
    }
}
