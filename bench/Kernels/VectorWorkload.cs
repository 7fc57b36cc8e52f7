using EDA.Kernels;

namespace EDA.Bench.Kernels;

/// <summary>What training does to whole arrays: Adam and averages over a model's weights, batches and noise.</summary>
public sealed class VectorWorkload : WorkloadArrays
{
    private readonly int _rows;
    private readonly int _width;
    private readonly int _count;
    private readonly TrainedArrays _trained;
    private readonly DeviceArray<float> _dataset;
    private readonly DeviceArray<float> _batch;
    private readonly DeviceArray<int> _indices;
    private uint _step;

    /// <summary>Makes the arrays.</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="weights">Weights that are trained.</param>
    /// <param name="rows">Rows of a batch.</param>
    /// <param name="width">Numbers of a row.</param>
    /// <param name="count">Rows of the dataset.</param>
    public VectorWorkload(IDevice device, int weights, int rows, int width, int count)
        : base(device, 8)
    {
        (_rows, _width, _count) = (rows, width, count);
        _trained = Trained(Values(weights, Uniform), hasGradient: false) with { Gradient = Fill(weights, Uniform) };
        (_dataset, _batch) = (Fill(count * width, Uniform), Unwritten(rows * width));
        _indices = Own(device.Allocate<int>(rows));
        FillIndices();
    }

    /// <summary>A step of Adam on all weights.</summary>
    public void Adam() => Device.Vector.Adam(new() { Trained = _trained, Settings = new(1e-4), Step = ++_step });

    /// <summary>An average of all weights.</summary>
    public void PolyakAverage() => Device.Vector.PolyakAverage(new() { Target = _trained.Parameters, Source = _trained.Gradient!, Rate = 0.005f });

    /// <summary>The rows of a batch, drawn.</summary>
    public void FillIndices() => Device.Vector.FillIndices(new() { Indices = _indices, Count = _rows, Upper = _count, Draw = Next(), Purpose = RandomPurpose.BatchIndex });

    /// <summary>A batch's noise.</summary>
    public void FillNormal() => Device.Vector.FillNormal(new() { Values = _batch, Count = _rows * _width, Draw = Next(), Purpose = RandomPurpose.Noise });

    /// <summary>A batch's states, taken from the dataset.</summary>
    public void Gather() => Device.Vector.Gather(new() { Source = _dataset, Width = _width, Indices = _indices, Count = _rows, Destination = _batch });

    private RandomDraw Next() => new(0, RandomStage.Behavior, ++_step);
}
