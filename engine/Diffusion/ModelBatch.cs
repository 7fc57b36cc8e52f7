using EDA.Kernels;

namespace EDA.Engine.Diffusion;

/// <summary>
/// Networks of one shape on a device that are trained side by side, as one batched problem: each comes to the bits it
/// would come to alone.
/// </summary>
public sealed class ModelBatch : IDisposable
{
    private readonly IBdmOperations? _each;
    private readonly bool _ownsModel;

    /// <summary>A batch of one model, trained in place.</summary>
    /// <param name="model">The model, which stays its owner's.</param>
    public ModelBatch(BottleneckDiffusionModel model) =>
        (Device, Schedule, Operations, Parameters, Models) = (model.Device, model.Schedule, model.Operations, model.Parameters, [model]);

    private ModelBatch(BottleneckDiffusionModel model, bool owned)
        : this(model) => _ownsModel = owned;

    private ModelBatch(IDevice device, BdmShape shape, NoiseSchedule schedule, int count)
    {
        (Device, Schedule) = (device, schedule);
        Operations = device.CreateBdm(shape, schedule.Variance, count);
        _each = device.CreateBdm(shape, schedule.Variance);
        Parameters = device.Allocate<float>((long)count * Layout.ModelStride);
        Models = [.. Enumerable.Range(0, count).Select(m =>
            new BottleneckDiffusionModel(device, schedule, _each, Parameters.Slice((long)m * Layout.ModelStride, Layout.Length)))];
    }

    /// <summary>The device.</summary>
    public IDevice Device { get; }

    /// <summary>The noise schedule.</summary>
    public NoiseSchedule Schedule { get; }

    /// <summary>The sizes of each network.</summary>
    public BdmShape Shape => Operations.Shape;

    /// <summary>The order of each network's parameters.</summary>
    public BdmLayout Layout => Operations.Layout;

    /// <summary>The fused operations on all models at once.</summary>
    public IBdmOperations Operations { get; }

    /// <summary>
    /// The parameters of all models, on the device: one after the other, <see cref="BdmLayout.ModelStride"/> apart, with
    /// zeros between.
    /// </summary>
    public DeviceArray<float> Parameters { get; }

    /// <summary>M.</summary>
    public int Count => Models.Count;

    /// <summary>Each model by itself, on the same memory, valid as long as the batch.</summary>
    public IReadOnlyList<BottleneckDiffusionModel> Models { get; }

    /// <summary>Makes networks with PyTorch's initial weights.</summary>
    /// <param name="device">The device.</param>
    /// <param name="shape">The sizes of each network.</param>
    /// <param name="seed">The seed of the first; the others have the seeds that follow.</param>
    /// <param name="count">M, at least 1.</param>
    /// <param name="schedule">The noise schedule; null for the published one.</param>
    /// <returns>The batch, owned by the caller.</returns>
    public static ModelBatch Create(IDevice device, BdmShape shape, ulong seed, int count, NoiseSchedule? schedule = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (count == 1)
            return new ModelBatch(BottleneckDiffusionModel.Create(device, shape, seed, schedule), owned: true);
        var batch = new ModelBatch(device, shape, schedule ?? NoiseSchedule.Published, count);
        for (int m = 0; m < count; m++)
            batch.Models[m].SetParameters(BdmInitialisation.Draw(batch.Layout, checked(seed + (ulong)m)));
        return batch;
    }

    /// <summary>Makes a second batch on the same device that starts with this one's parameters.</summary>
    /// <returns>The batch, owned by the caller.</returns>
    public ModelBatch Copy()
    {
        if (Count == 1)
            return new ModelBatch(Models[0].Copy(), owned: true);
        var copy = new ModelBatch(Device, Shape, Schedule, Count);
        copy.CopyFrom(this);
        return copy;
    }

    /// <summary>Takes over another batch's parameters.</summary>
    /// <param name="other">A batch of as many models of the same shape.</param>
    /// <exception cref="ArgumentException">It is not.</exception>
    public void CopyFrom(ModelBatch other)
    {
        if (other.Shape != Shape || other.Count != Count)
            throw new ArgumentException($"{other.Count} models of another shape where {Count} of this one are needed", nameof(other));
        Parameters.CopyFrom(other.Parameters.ToArray());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_each is not null)
        {
            Parameters.Dispose();
            Operations.Dispose();
            _each.Dispose();
        }
        else if (_ownsModel)
        {
            Models[0].Dispose();
        }
    }
}
