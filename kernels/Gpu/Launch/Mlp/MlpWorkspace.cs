namespace EDA.Kernels.Gpu;

/// <summary>
/// Every intermediate array of a multi-layer perceptron's operations, in one device array, laid out once for the largest
/// batch seen. Offsets are 32-bit: at most 8 GiB a model.
/// </summary>
internal sealed class MlpWorkspace : IDisposable
{
    private readonly GpuArray<float> _memory;
    private readonly int _models;
    private long _length;

    /// <param name="backend">Whose memory.</param>
    /// <param name="shape">The network.</param>
    /// <param name="rows">The most rows at a time.</param>
    /// <param name="models">The number of models.</param>
    /// <param name="backward">Whether there is a backward pass: else hidden layers take turns at two regions.</param>
    public MlpWorkspace(GpuBackend backend, MlpShape shape, int rows, int models, bool backward)
    {
        (Rows, _models, IsBackward) = (rows, models, backward);
        var widths = shape.HiddenWidths;
        if (backward)
        {
            Input = Take(shape.InputSize);
            Hidden = [.. widths.Select(Take)];
            Slope = [.. widths.Select(Take)];
            Output = Take(shape.OutputSize);
            OutputSlope = Take(shape.OutputSize);
            OutputAdjoint = Take(shape.OutputSize);
        }
        else
        {
            int widest = widths.Count > 0 ? widths.Max() : 1;
            Region[] turns = [Take(widest), Take(widths.Count > 1 ? widest : 1)];
            Hidden = [.. widths.Select((width, l) => turns[l % 2] with { Columns = width })];
            Slope = [];
        }

        _memory = backend.Allocate<float>(checked(_length * models));
    }

    public int Rows { get; }

    public bool IsBackward { get; }

    /// <summary>x, where weight gradients read it [n×in].</summary>
    public Region Input { get; }

    /// <summary>The activation of each hidden layer.</summary>
    public Region[] Hidden { get; }

    /// <summary>Its slope, then ∂L/∂z of the layer.</summary>
    public Region[] Slope { get; }

    /// <summary>y, where the caller has no use for it [n×out].</summary>
    public Region Output { get; }

    /// <summary>The slope of the output's tanh [n×out].</summary>
    public Region OutputSlope { get; }

    /// <summary>∂L/∂z of the last layer [n×out].</summary>
    public Region OutputAdjoint { get; }

    /// <summary>All of it.</summary>
    public ModelView All => View(0, _length);

    /// <summary>A region's elements.</summary>
    public ModelView this[Region region] => View(region.Offset, (long)region.Rows * region.Columns);

    /// <summary>∂L/∂z of a layer.</summary>
    public Region Adjoint(int layer) => layer < Slope.Length ? Slope[layer] : OutputAdjoint;

    public void Dispose() => _memory.Dispose();

    private ModelView View(long offset, long count) => new()
    {
        All = _memory.View.SubView(offset, (_length * (_models - 1)) + count),
        Stride = _models > 1 ? _length : 0,
        Length = count,
        IsAligned = 1, // regions begin at multiples of 64 elements
    };

    private Region Take(int columns)
    {
        if (_length + ((long)Rows * columns) > int.MaxValue)
            throw new DeviceException($"working on {Rows} rows at a time takes more than the 8 GiB that a workspace may have; smaller layers or a smaller batch take less");
        var region = new Region((int)_length, Rows, columns);
        _length += (((long)Rows * columns) + 63) / 64 * 64;
        return region;
    }
}
