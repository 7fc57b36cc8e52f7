using EDA.Engine.Data;
using EDA.Kernels;

namespace EDA.Engine.Alignment;

/// <summary>
/// Fresh candidates of a bandit: each step draws b·K dataset points, with replacement, and their energies. There is no
/// state, no sampling and no critic (method: section 5).
/// </summary>
public sealed class BanditBatches : IAlignmentBatches
{
    private readonly IDevice _device;
    private readonly string[] _fingerprints;
    private readonly int _count;
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
        : this(device, [dataset], candidateCount)
    {
    }

    /// <summary>Copies a bandit of its own for each of several models to a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="datasets">The points and energies by model, equally many.</param>
    /// <param name="candidateCount">K, at least 2.</param>
    /// <exception cref="InvalidSettingException">K is below 2.</exception>
    /// <exception cref="ArgumentException">The datasets do not have one size.</exception>
    public BanditBatches(IDevice device, IReadOnlyList<BanditDataset> datasets, int candidateCount)
    {
        if (datasets.Count == 0 || datasets.Any(dataset => dataset.Count != datasets[0].Count))
            throw new ArgumentException("the datasets do not have equally many points", nameof(datasets));
        CandidateCount = Setting.Range(candidateCount, 2, name: "candidates");
        _device = device;
        _count = datasets[0].Count;
        _fingerprints = [.. datasets.Select(dataset => Checkpoints.Fingerprint.Of(dataset.Points, dataset.Energies))];
        _points = device.UploadEach(datasets.Select(dataset => dataset.Points));
        _energies = device.UploadEach(datasets.Select(dataset => dataset.Energies));
    }

    /// <inheritdoc/>
    public int StateSize => 0;

    /// <inheritdoc/>
    public int ActionSize => BanditDataset.Dimensions;

    /// <inheritdoc/>
    public int CandidateCount { get; }

    /// <inheritdoc/>
    public int Models => _fingerprints.Length;

    /// <inheritdoc/>
    public string Fingerprint => _fingerprints[0];

    /// <inheritdoc/>
    public string FingerprintOf(int model) => _fingerprints[model];

    /// <inheritdoc/>
    public AlignmentBatch Next(int stateCount, in RandomDraw draw)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stateCount, 1);
        int count = checked(stateCount * CandidateCount);
        if (_indices is null || _indices.Length < (long)count * Models)
            Resize((long)count * Models);
        _device.Vector.FillIndices(new()
        {
            Indices = _indices!,
            Count = count,
            Upper = _count,
            Draw = draw,
            Purpose = RandomPurpose.CandidateIndex,
            Models = Models,
        });
        _device.Vector.Gather(new()
        {
            Source = _points,
            Width = ActionSize,
            Indices = _indices!,
            Count = count,
            Destination = _candidates!,
            Models = Models,
        });
        _device.Vector.Gather(new() { Source = _energies, Width = 1, Indices = _indices!, Count = count, Destination = _labels!, Models = Models });
        return new AlignmentBatch(null, _candidates!, _labels!);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        DisposeBatch();
        _points.Dispose();
        _energies.Dispose();
    }

    private void Resize(long count)
    {
        DisposeBatch();
        _indices = _device.Allocate<int>(count);
        _candidates = _device.Allocate<float>(count * ActionSize);
        _labels = _device.Allocate<float>(count);
    }

    private void DisposeBatch()
    {
        _indices?.Dispose();
        _candidates?.Dispose();
        _labels?.Dispose();
    }
}
