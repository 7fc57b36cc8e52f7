using EDA.Kernels.Cpu.Matrix;
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
/// <param name="InBlocks">Whether it is summed in blocks.</param>
internal readonly record struct GradientProduct(long Left, long Right, long SecondLeft, long SecondRight, int Rows, int Columns, bool InBlocks)
{
    /// <summary>A product that is summed in blocks where it is large enough.</summary>
    public GradientProduct(long left, long right, long secondLeft, long secondRight, int rows, int columns, BlockArithmetic? arithmetic)
        : this(left, right, secondLeft, secondRight, rows, columns, BlockArithmetic.Has(arithmetic, rows, columns))
    {
    }

    /// <summary>Where G stands in the accumulators, as [i / 32][j, <see cref="PaddedRows"/> of them][32].</summary>
    public long Destination { get; init; }

    /// <summary>The number of j, in blocks rounded up to 32.</summary>
    public int PaddedRows => InBlocks ? BlockArithmetic.RoundUp(Rows) : Rows;

    /// <summary>Floats of G.</summary>
    public long Length => (long)PaddedRows * Columns;
}

/// <summary>
/// All weight gradients of a slab of rows, after its passes: each item owns a range of j of one product and adds up
/// the rows in order, so the result does not depend on who does it. Both outer products of a pretraining step go into
/// the same registers' tile, end to end. 2·rows·j·i·(1 or 2) FLOP a product.
/// </summary>
internal sealed unsafe class WeightGradient<TV, TS> : IParallelWork, IDisposable
    where TV : struct
    where TS : struct, ISimd<TV>
{
    // 4 panels of a 256-wide pair of right operands are 256 KiB, and as much again is on its way for the next chunk: half
    // of a 1 MiB second-level cache. A chunk's sums are read and written once per 128 rows of either pair.
    private const int PanelsPerChunk = 4;
    private const int RowsPerItem = 132;
    private const int RowsPerBlockItem = 128;

    private readonly GradientProduct[] _products;
    private readonly GradientBlocks<TV, TS>? _blocks;
    private readonly (int Product, int First, int End)[] _items;
    private readonly long _stride;
    private float* _records;
    private float* _accumulators;
    private int _panels;
    private bool _accumulate;

    /// <summary>Plans the work.</summary>
    /// <param name="products">The products.</param>
    /// <param name="stride">Floats from one panel's record to the next.</param>
    /// <param name="arithmetic">How some of them are summed in blocks; null for none.</param>
    public WeightGradient(GradientProduct[] products, long stride, BlockArithmetic? arithmetic)
    {
        (_products, _stride) = (products, stride);
        _blocks = arithmetic is null ? null : new GradientBlocks<TV, TS>(arithmetic, products);
        var items = new List<(int, int, int)>();
        for (int product = 0; product < products.Length; product++)
        {
            int share = products[product].InBlocks ? RowsPerBlockItem : RowsPerItem;
            for (int row = 0; row < products[product].Rows; row += share)
                items.Add((product, row, Math.Min(row + share, products[product].Rows)));
        }

        _items = [.. items];
    }

    /// <summary>Makes room for the factors of a slab.</summary>
    /// <param name="panels">Its panels.</param>
    public void Begin(int panels) => _blocks?.Begin(panels);

    /// <summary>Takes a panel's operands, which may change afterwards where all products are summed in blocks.</summary>
    /// <param name="record">The panel's record.</param>
    /// <param name="panel">The panel, from 0 in the slab.</param>
    public void Keep(float* record, int panel) => _blocks?.Keep(record, panel);

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
        if (product.InBlocks)
        {
            _blocks!.Add(product, first, end, _panels, _accumulate, _accumulators + product.Destination);
            return;
        }

        for (int panel = 0; panel < _panels; panel += PanelsPerChunk)
            Chunk(product, first, end, panel, Math.Min(PanelsPerChunk, _panels - panel));
    }

    /// <summary>Takes a left operand of a panel that passes.</summary>
    public void KeepLeft(long operand, float* record, int panel) => _blocks!.KeepLeft(operand, record, panel);

    /// <summary>Takes a right operand of a panel that passes.</summary>
    public void KeepRight(long operand, float* record, int panel) => _blocks!.KeepRight(operand, record, panel);

    public void Dispose() => _blocks?.Dispose();

    /// <summary>
    /// Adds a chunk of panels to the features j of an item. While a tile multiplies, shares are fetched of what comes
    /// next: the sums, the left operand of the next features and the right operands of the next chunk.
    /// </summary>
    private void Chunk(in GradientProduct product, int first, int end, int panel, int panels)
    {
        float* record = _records + (panel * _stride);
        float* nextRecord = record + (panels * _stride);
        bool accumulate = _accumulate || panel > 0, last = panel + panels == _panels;
        int columns = product.Columns / PanelRows, tiles = columns * ((end - first + 11) / 12), tile = 0;
        int pairs = product.SecondLeft < 0 ? 1 : 2;
        Fetch* fetches = stackalloc Fetch[2 * 3];
        for (int j = first, height; j < end; j += height)
        {
            height = Height(end - j);
            bool turns = j + height == end;
            float* nextLeft = turns ? nextRecord + (first * PanelRows) : record + ((j + height) * PanelRows);
            for (int column = 0; column < columns; column++, tile++)
            {
                float* sums = Sums(product, column, j);
                float* nextSums = column + 1 < columns ? Sums(product, column + 1, j) : Sums(product, 0, turns ? first : j + height);
                int count = 0;
                for (int pair = 0; pair < pairs; pair++)
                {
                    var (left, right) = pair == 0 ? (product.Left, product.Right) : (product.SecondLeft, product.SecondRight);
                    int half = height * PanelRows / pairs;
                    fetches[count++] = Fetch.Array(nextSums + (pair * half), half, panels);
                    if (!turns || !last)
                        fetches[count++] = Fetch.Part(nextLeft + left, _stride, Fetch.Lines(height * PanelRows), column, columns);
                    if (!last)
                        fetches[count++] = Fetch.Part(nextRecord + right, _stride, Fetch.Lines(product.Columns * PanelRows), tile, tiles);
                }

                var terms = new PanelTerms(
                    record + product.Left + (j * PanelRows), _stride, record + product.Right + (column * PanelRows * PanelRows), _stride, panels, PanelRows)
                {
                    Pairs = pairs,
                    SecondA = product.SecondLeft - product.Left,
                    SecondB = product.SecondRight - product.Right,
                };
                PanelProduct<TV, TS, ActivationPanel>.Tile(height, terms, sums, accumulate, fetches, count / pairs);
            }
        }
    }

    private float* Sums(in GradientProduct product, int column, int j) =>
        _accumulators + product.Destination + ((((long)column * product.Rows) + j) * PanelRows);

    // Sixteen features are two tiles of eight: one of four keeps the multiply-adders half busy.
    private static int Height(int left) => left >= 12 && left != 16 ? 12 : left >= 8 ? 8 : left >= 4 ? 4 : 1;
}
