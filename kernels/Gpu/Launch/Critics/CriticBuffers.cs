namespace EDA.Kernels.Gpu;

/// <summary>Some equal networks' intermediate arrays: one region a network, one after the other.</summary>
/// <param name="Hidden1">After the first ReLU [rows×H].</param>
/// <param name="Hidden2">After the second [rows×H].</param>
/// <param name="Output">[rows×out].</param>
/// <param name="Seed">∂L/∂output [rows×out].</param>
/// <param name="Adjoint1">The adjoint before the first ReLU [rows×H].</param>
/// <param name="Adjoint2">The adjoint before the second [rows×H].</param>
internal sealed record MlpBuffers(Region[] Hidden1, Region[] Hidden2, Region[] Output, Region[] Seed, Region[] Adjoint1, Region[] Adjoint2);

/// <summary>Every intermediate array of a critic's operations, in one device array, for the largest batch seen.</summary>
internal sealed class CriticBuffers : IDisposable
{
    private readonly GpuArray<float> _memory;
    private long _length;

    /// <param name="backend">Whose memory.</param>
    /// <param name="layout">The networks.</param>
    /// <param name="rows">The most rows of a batch at a time.</param>
    /// <param name="evaluated">The most rows that the target twins are evaluated on at a time.</param>
    public CriticBuffers(GpuBackend backend, CriticLayout layout, int rows, int evaluated)
    {
        var shape = layout.Shape;
        (Rows, Evaluated) = (rows, evaluated);
        int h = shape.Width;
        States = Take(2 * rows, shape.StateSize);
        Inputs = Take(rows, shape.InputSize);
        Joined = Take(evaluated, shape.InputSize);
        Returns = Take(rows, 2);
        Losses = Take(rows, CriticLosses.Count);
        Value = Mlp(1, 2 * rows, rows, h, 1);
        Twin = Mlp(2, rows, rows, h, 1);
        Target = Mlp(2, evaluated, 0, h, 1);
        Policy = Mlp(1, rows, rows, h, shape.ActionSize);
        ValueGradient = Take(1, layout.Value.Length);
        TwinGradient = Take(1, layout.Twin.Length);
        _memory = backend.Allocate<float>(_length);
    }

    public int Rows { get; }

    public int Evaluated { get; }

    /// <summary>s, then s' [2n×S].</summary>
    public Region States { get; }

    /// <summary>[a; s] [n×(A+S)].</summary>
    public Region Inputs { get; }

    /// <summary>[a; s] of candidates.</summary>
    public Region Joined { get; }

    public Region Returns { get; }

    public Region Losses { get; }

    public MlpBuffers Value { get; }

    public MlpBuffers Twin { get; }

    public MlpBuffers Target { get; }

    public MlpBuffers Policy { get; }

    /// <summary>∂L/∂(V's parameters) of an implicit step.</summary>
    public Region ValueGradient { get; }

    /// <summary>∂L/∂(the twins' parameters) of an implicit step.</summary>
    public Region TwinGradient { get; }

    /// <summary>All of it.</summary>
    public ModelView All => new() { All = _memory.View, Stride = 0, Length = _length, IsAligned = 1 };

    /// <summary>A region's elements.</summary>
    public ArrayView<float> this[Region region] => _memory.View.SubView(region.Offset, (long)region.Rows * region.Columns);

    /// <summary>Equal networks' regions, the grid's layer being the network.</summary>
    public ModelView Of(Region[] networks)
    {
        long count = (long)networks[0].Rows * networks[0].Columns, stride = networks.Length > 1 ? networks[1].Offset - networks[0].Offset : 0;
        return new ModelView { All = _memory.View.SubView(networks[0].Offset, ((networks.Length - 1) * stride) + count), Stride = stride, Length = count, IsAligned = 1 };
    }

    public void Dispose() => _memory.Dispose();

    private MlpBuffers Mlp(int networks, int rows, int trained, int width, int outputs)
    {
        Region[] Each(int count, int columns) => [.. Enumerable.Range(0, networks).Select(_ => Take(count, columns))];
        return new MlpBuffers(Each(rows, width), Each(rows, width), Each(rows, outputs), Each(trained, outputs), Each(trained, width), Each(trained, width));
    }

    private Region Take(int rows, int columns)
    {
        var region = new Region(checked((int)_length), rows, columns);
        _length += (((long)Math.Max(rows, 1) * columns) + 63) / 64 * 64;
        return region;
    }
}
