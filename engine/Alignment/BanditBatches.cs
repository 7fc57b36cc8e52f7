using EDA.Engine.Data;
using EDA.Kernels;

namespace EDA.Engine.Alignment;

/// <summary>
/// Fresh candidates of a bandit: each step draws b·K dataset points, with replacement, and their energies. There is no
/// state, no sampling and no critic (method: section 7).
/// </summary>
public sealed class BanditBatches : IAlignmentBatches
{
    private readonly IDevice _device;
    private readonly DeviceArray<float> _points;
    private readonly DeviceArray<float> _energies;
    private DeviceArray<int>? _indices;
    private DeviceArray<float>? _candidates;
    private DeviceArray<float>? _labels;

    /// <summary>Copies a bandit to a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="dataset">The points and energies.</param>
    /// <param name="candidateCount">K, at least 2.</param>
    /// <exception cref="InvalidSettingException">K is below 2.</exception>
    public BanditBatches(IDevice device, BanditDataset dataset, int candidateCount)
    {
        CandidateCount = Setting.Range(candidateCount, 2, name: "candidates");
        _device = device;
        Fingerprint = Checkpoints.Fingerprint.Of(dataset.Points, dataset.Energies);
        _points = device.Upload<float>(dataset.Points);
        _energies = device.Upload<float>(dataset.Energies);
    }

    /// <inheritdoc/>
    public int StateSize => 0;

    /// <inheritdoc/>
    public int ActionSize => BanditDataset.Dimensions;

    /// <inheritdoc/>
    public int CandidateCount { get; }

    /// <inheritdoc/>
    public string Fingerprint { get; }

    /// <inheritdoc/>
    public AlignmentBatch Next(int stateCount, in RandomDraw draw)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stateCount, 1);
        int count = checked(stateCount * CandidateCount);
        if (_indices is null || _indices.Length < count)
            Resize(count);
        _device.Vector.FillIndices(_indices!, count, (int)_energies.Length, draw, RandomPurpose.CandidateIndex);
        _device.Vector.Gather(_points, ActionSize, _indices!, count, _candidates!);
        _device.Vector.Gather(_energies, 1, _indices!, count, _labels!);
        return new AlignmentBatch(null, _candidates!, _labels!);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        DisposeBatch();
        _points.Dispose();
        _energies.Dispose();
    }

    private void Resize(int count)
    {
        DisposeBatch();
        _indices = _device.Allocate<int>(count);
        _candidates = _device.Allocate<float>((long)count * ActionSize);
        _labels = _device.Allocate<float>(count);
    }

    private void DisposeBatch()
    {
        _indices?.Dispose();
        _candidates?.Dispose();
        _labels?.Dispose();
    }
}
