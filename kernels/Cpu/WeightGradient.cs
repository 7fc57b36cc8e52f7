using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>
/// One weight gradient: G[j, i] = Σ_rows left_j·right_i (+ second pair), where left is an activation panel and right a
/// transposed one. Offsets are those of a panel's record.
/// </summary>
/// <param name="Left">The features j.</param>
/// <param name="Right">The features i, transposed.</param>
/// <param name="SecondLeft">The second pair's left, or −1.</param>
/// <param name="SecondRight">The second pair's right.</param>
/// <param name="Rows">The number of j.</param>
/// <param name="Columns">The number of i, a multiple of 32.</param>
/// <param name="Destination">Where G stands in the accumulators, as [i / 32][j][32].</param>
internal readonly record struct GradientProduct(long Left, long Right, long SecondLeft, long SecondRight, int Rows, int Columns, long Destination)
{
    /// <summary>The number of floats of G.</summary>
    public long Length => (long)Rows * Columns;
}

/// <summary>
/// All weight gradients of a slab of rows, after its passes: each item owns a range of j of one product and adds up
/// the rows in order, so the result does not depend on who does it. Both outer products of a pretraining step go into
/// the same registers' tile, end to end. 2·rows·j·i·(1 or 2) FLOP a product.
/// </summary>
internal sealed unsafe class WeightGradient<TV, TS> : IParallelWork
    where TV : struct
    where TS : struct, ISimd<TV>
{
    // 8 panels of a 256-wide pair of right operands are 512 KiB: half of a 1 MiB second-level cache.
    private const int PanelsPerChunk = 8;
    private const int RowsPerItem = 96;

    private readonly GradientProduct[] _products;
    private readonly (int Product, int First, int End)[] _items;
    private readonly long _stride;
    private float* _records;
    private float* _accumulators;
    private int _panels;
    private bool _accumulate;

    public WeightGradient(GradientProduct[] products, long stride)
    {
        (_products, _stride) = (products, stride);
        var items = new List<(int, int, int)>();
        for (int product = 0; product < products.Length; product++)
        {
            for (int row = 0; row < products[product].Rows; row += RowsPerItem)
                items.Add((product, row, Math.Min(row + RowsPerItem, products[product].Rows)));
        }

        _items = [.. items];
    }

    /// <summary>Computes all products over the given panels.</summary>
    public void Compute(WorkerPool pool, float* records, int panels, float* accumulators, bool accumulate)
    {
        _records = records;
        _accumulators = accumulators;
        (_panels, _accumulate) = (panels, accumulate);
        pool.Run(this, _items.Length);
    }

    public void Run(int item, int worker)
    {
        var (index, first, end) = _items[item];
        ref readonly var product = ref _products[index];
        for (int panel = 0; panel < _panels; panel += PanelsPerChunk)
        {
            int panels = Math.Min(PanelsPerChunk, _panels - panel);
            float* record = _records + (panel * _stride);
            bool accumulate = _accumulate || panel > 0;
            for (int j = first, height; j < end; j += height)
            {
                int left = end - j;
                height = left >= 12 ? 12 : left >= 8 ? 8 : left >= 4 ? 4 : 1;
                for (int column = 0; column < product.Columns; column += PanelRows)
                {
                    float* sums = _accumulators + product.Destination + ((long)column * product.Rows) + (j * PanelRows);
                    PanelProduct<TV, TS, ActivationPanel>.Tile(
                        height, record + product.Left + (j * PanelRows), _stride, record + product.Right + (column * PanelRows), _stride, panels, PanelRows, sums, accumulate);
                    if (product.SecondLeft >= 0)
                    {
                        PanelProduct<TV, TS, ActivationPanel>.Tile(
                            height, record + product.SecondLeft + (j * PanelRows), _stride, record + product.SecondRight + (column * PanelRows), _stride, panels, PanelRows, sums, true);
                    }
                }
            }
        }
    }
}
