using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu.Matrix;

/// <summary>
/// The factors of a slab's weight gradients, in blocks whose terms are rows: of each operand the panels of a slab follow
/// each other, so that one product sums over many of them.
/// </summary>
internal sealed unsafe class GradientBlocks<TV, TS> : IDisposable
    where TV : struct
    where TS : struct, ISimd<TV>
{
    // Panels that one product sums over, in one part: 16 of 256 right features are 256 KiB, a part of a second-level cache.
    private const int PanelsPerChunk = 16;

    private readonly BlockArithmetic _arithmetic;
    private readonly Operand[] _lefts;
    private readonly Operand[] _rights;
    private readonly long _leftBlocks;
    private readonly long _rightBlocks;
    private readonly NativeBuffer _leftMemory = new();
    private readonly NativeBuffer _rightMemory = new();
    private int _panels;

    /// <summary>Plans the factors.</summary>
    /// <param name="arithmetic">How they are multiplied.</param>
    /// <param name="products">The products; those in blocks count.</param>
    public GradientBlocks(BlockArithmetic arithmetic, IEnumerable<GradientProduct> products)
    {
        _arithmetic = arithmetic;
        List<Operand> lefts = [], rights = [];
        foreach (var product in products.Where(product => product.InBlocks))
        {
            Take(lefts, product.Left, product.Rows);
            Take(rights, product.Right, product.Columns);
            if (product.SecondLeft < 0)
                continue;
            Take(lefts, product.SecondLeft, product.Rows);
            Take(rights, product.SecondRight, product.Columns);
        }

        (_lefts, _rights) = ([.. lefts], [.. rights]);
        (_leftBlocks, _rightBlocks) = (lefts.Sum(Blocks), rights.Sum(Blocks));
    }

    /// <summary>Makes room for a slab.</summary>
    /// <param name="panels">Its panels.</param>
    public void Begin(int panels)
    {
        _panels = panels;
        _leftMemory.Require(Floats(_leftBlocks));
        _rightMemory.Require(Floats(_rightBlocks));
    }

    /// <summary>Takes all operands of a panel that do not pass.</summary>
    /// <param name="record">The panel's record.</param>
    /// <param name="panel">The panel, from 0 in the slab.</param>
    public void Keep(float* record, int panel)
    {
        foreach (var operand in _lefts)
        {
            if (!PassingOperand.Is(operand.Offset))
                KeepLeft(operand, record, panel);
        }

        foreach (var operand in _rights)
        {
            if (!PassingOperand.Is(operand.Offset))
                KeepRight(operand, record, panel);
        }
    }

    /// <summary>Takes one left operand of a panel.</summary>
    public void KeepLeft(long offset, float* record, int panel) => KeepLeft(Find(_lefts, offset), record, panel);

    /// <summary>Takes one right operand of a panel.</summary>
    public void KeepRight(long offset, float* record, int panel) => KeepRight(Find(_rights, offset), record, panel);

    /// <summary>Sums a range of rows of a product over the panels of the slab.</summary>
    /// <param name="product">The product.</param>
    /// <param name="first">The first j, a multiple of 32.</param>
    /// <param name="end">One past the last j.</param>
    /// <param name="panels">The panels.</param>
    /// <param name="accumulate">Whether to add to what stands there.</param>
    /// <param name="sums">G.</param>
    public void Add(in GradientProduct product, int first, int end, int panels, bool accumulate, float* sums)
    {
        Add(Find(_lefts, product.Left), Find(_rights, product.Right), product, first, end, panels, accumulate, sums);
        if (product.SecondLeft >= 0)
            Add(Find(_lefts, product.SecondLeft), Find(_rights, product.SecondRight), product, first, end, panels, true, sums);
    }

    public void Dispose()
    {
        _leftMemory.Dispose();
        _rightMemory.Dispose();
    }

    private static long Blocks(Operand operand) => BlockArithmetic.RoundUp(operand.Features) / BlockProduct.Side;

    private static void Take(List<Operand> operands, long offset, int features)
    {
        if (!operands.Exists(operand => operand.Offset == offset))
            operands.Add(new Operand(offset, features, operands.Sum(Blocks)));
    }

    private static Operand Find(Operand[] operands, long offset)
    {
        foreach (var operand in operands)
        {
            if (operand.Offset == offset)
                return operand;
        }

        throw new ArgumentOutOfRangeException(nameof(offset), offset, "no operand stands there");
    }

    private long Floats(long blocks) => blocks * _panels * _arithmetic.Parts * BlockProduct.Length / 2;

    private ushort* Left(Operand operand, int block, int panel) =>
        (ushort*)_leftMemory.Pointer + ((((operand.First + block) * _panels) + panel) * _arithmetic.Parts * BlockProduct.Length);

    private ushort* Right(Operand operand, int block, int panel) =>
        (ushort*)_rightMemory.Pointer + ((((operand.First + block) * _panels) + panel) * BlockProduct.Length);

    // Numbers from a high part to its low part.
    private long Low => _rightBlocks * _panels * BlockProduct.Length;

    private void KeepLeft(Operand operand, float* record, int panel)
    {
        for (int feature = 0, block = 0; feature < operand.Features; feature += BlockProduct.Side, block++)
        {
            BlockFactor<TV, TS>.Features(
                record + PassingOperand.Place(operand.Offset) + ((long)feature * PanelRows), Math.Min(BlockProduct.Side, operand.Features - feature), _arithmetic.Parts, Left(operand, block, panel));
        }
    }

    private void KeepRight(Operand operand, float* record, int panel)
    {
        for (int block = 0; block < Blocks(operand); block++)
            BlockFactor<TV, TS>.Activations(record + PassingOperand.Place(operand.Offset) + ((long)block * BlockProduct.Length), BlockProduct.Side, _arithmetic.Parts, Right(operand, block, panel), Low);
    }

    private void Add(Operand left, Operand right, in GradientProduct product, int first, int end, int panels, bool accumulate, float* sums)
    {
        int most = PanelsPerChunk / _arithmetic.Parts, columns = product.Columns / BlockProduct.Side;
        for (int panel = 0; panel < panels; panel += most)
        {
            int count = Math.Min(most, panels - panel);
            for (int j = first; j < end; j += BlockProduct.Side)
            {
                for (int column = 0; column < columns; column++)
                {
                    _arithmetic.Multiply(
                        Left(left, j / BlockProduct.Side, panel),
                        Right(right, column, panel),
                        Low,
                        sums + ((((long)column * product.PaddedRows) + j) * PanelRows),
                        count,
                        accumulate || panel > 0);
                }
            }
        }
    }

    // So many features of a record, whose blocks begin after so many others.
    private readonly record struct Operand(long Offset, int Features, long First);
}
