using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>
/// What is left of a panel's record once its operands in blocks are taken: the sums over its rows, and the operands of the
/// small products that stay fp32. So records need not outlive their tile, and stay in its cache.
/// </summary>
internal sealed unsafe class KeptOperands : IDisposable
{
    private readonly List<(long From, long To, long Length)> _parts = [];
    private readonly RecordLayout _layout;
    private readonly NativeBuffer _memory = new();

    /// <summary>Plans what is kept.</summary>
    /// <param name="record">The record of a panel.</param>
    public KeptOperands(TrainingRecord record)
    {
        var layout = default(RecordLayout);
        SumsStart = Take(ref layout, record.SumsStart, record.Sums.Length);
        Products = [.. record.Products];
        for (int i = 0; i < Products.Length; i++)
        {
            var product = Products[i];
            if (product.InBlocks)
                continue;
            Products[i] = product with
            {
                Left = Take(ref layout, product.Left, (long)product.Rows * PanelRows),
                Right = Take(ref layout, product.Right, (long)product.Columns * PanelRows),
                SecondLeft = product.SecondLeft < 0 ? -1 : Take(ref layout, product.SecondLeft, (long)product.Rows * PanelRows),
                SecondRight = product.SecondLeft < 0 ? 0 : Take(ref layout, product.SecondRight, (long)product.Columns * PanelRows),
            };
        }

        _layout = layout;
    }

    /// <summary>The record's products, those in fp32 with their operands' places here.</summary>
    public GradientProduct[] Products { get; }

    /// <summary>The first of the sums over rows.</summary>
    public long SumsStart { get; }

    /// <summary>Floats from one panel's to the next.</summary>
    public long Stride => _layout.Stride;

    /// <summary>What is kept of the first panel.</summary>
    public float* Panels => _memory.Pointer;

    /// <summary>Makes room for a slab.</summary>
    /// <param name="panels">Its panels.</param>
    public void Begin(int panels) => _memory.Require(_layout, panels);

    /// <summary>Takes what is kept of a panel.</summary>
    /// <param name="record">The panel's record.</param>
    /// <param name="panel">The panel, from 0 in the slab.</param>
    public void Keep(float* record, int panel)
    {
        float* kept = _memory.Pointer + (panel * Stride);
        foreach (var (from, to, length) in _parts)
            new Span<float>(record + from, (int)length).CopyTo(new Span<float>(kept + to, (int)length));
    }

    public void Dispose() => _memory.Dispose();

    private long Take(ref RecordLayout layout, long from, long length)
    {
        long to = layout.Take(length);
        _parts.Add((from, to, length));
        return to;
    }
}
