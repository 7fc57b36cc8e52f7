namespace EDA.Kernels.Gpu;

/// <summary>The arguments of <see cref="HalfProduct{TLayout, TEpilogue}"/>.</summary>
/// <typeparam name="TEpilogue">What happens to the product.</typeparam>
public struct HalfProductArguments<TEpilogue>
    where TEpilogue : struct, ISumsEpilogue
{
    /// <summary>The left matrix, two numbers a word [n×K].</summary>
    public ModelView Left;

    /// <summary>The right matrix, two numbers a word [M×K] or [K×M].</summary>
    public ModelView Right;

    /// <summary>From one row of the left matrix to the next, in words.</summary>
    public int LeftStride;

    /// <summary>From one row of the right matrix to the next, in words.</summary>
    public int RightStride;

    /// <summary>n, the rows of the product.</summary>
    public int Rows;

    /// <summary>M, the columns of the product, a multiple of 32.</summary>
    public int Columns;

    /// <summary>K, the products in a sum, a multiple of 32.</summary>
    public int Depth;

    /// <summary>What happens to the product.</summary>
    public TEpilogue Epilogue;
}

/// <summary>
/// A layer of 16-bit activations [n×K] and weights, everything pointwise after it fused into the epilogue. 2nKM FLOP; 2(nK + MK) bytes and what the
/// epilogue moves. A grid of row tiles × column tiles × models groups.
/// </summary>
/// <typeparam name="TLayout">How the weights stand.</typeparam>
/// <typeparam name="TEpilogue">What happens to the product.</typeparam>
public static class HalfProduct<TLayout, TEpilogue>
    where TLayout : struct, IHalfLayout
    where TEpilogue : struct, ISumsEpilogue
{
    /// <summary>The kernel.</summary>
    /// <param name="arguments">Its arguments.</param>
    public static void Run(HalfProductArguments<TEpilogue> arguments)
    {
        HalfFactors factors = default;
        factors.Left = arguments.Left.Mine;
        factors.Right = arguments.Right.Mine;
        factors.LeftStride = arguments.LeftStride;
        factors.RightStride = arguments.RightStride;
        factors.Depth = arguments.Depth;
        HalfFactors none = factors;
        none.Depth = 0;
        TilePlace tile = default;
        tile.FirstRow = Grid.IdxX * HalfTile.Size;
        tile.FirstColumn = Grid.IdxY * HalfTile.Size;
        tile.Rows = arguments.Rows;
        tile.Columns = arguments.Columns;
        tile.RowStride = arguments.Columns;
        tile.ColumnStride = 1;

        // Here, because ILGPU wants the extent as a number where it is asked for.
        var memory = SharedMemory.Allocate<Float4>(HalfTile.Words / 4).Cast<float>();
        HalfTile<TLayout>.Sum(memory, factors, none, tile);
        HalfSums<TEpilogue>.Take(memory, arguments.Epilogue, tile);
    }
}

/// <summary>
/// The large weight gradients of a step in one launch, z̄ᵀy + δzᵀẏ of 16-bit factors in one sum over twice the batch, as <see cref="WeightGradient{TProduct}"/> has
/// them in float32. Places and strides of factors are in words of two numbers.
/// </summary>
public static class HalfGradient
{
    /// <summary>The kernel: a grid of as many groups as tiles × 1 × models.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(HalfTile.GroupSize)]
    public static void Run(WeightGradientArguments a)
    {
        WeightGradientTile t = a.Tiles[Grid.IdxX];
        var workspace = a.Workspace.Mine;
        HalfFactors first = default;
        first.Left = workspace.SubView(t.Left, workspace.Length - t.Left);
        first.Right = workspace.SubView(t.Right, workspace.Length - t.Right);
        first.LeftStride = t.LeftStride;
        first.RightStride = t.RightStride;
        first.Depth = a.Rows;
        HalfFactors second = first;
        second.Left = workspace.SubView(t.SecondLeft, workspace.Length - t.SecondLeft);
        second.Right = workspace.SubView(t.SecondRight, workspace.Length - t.SecondRight);
        second.Depth = t.HasSecond != 0 ? first.Depth : 0;
        TilePlace tile = default;
        tile.FirstRow = t.FirstRow;
        tile.FirstColumn = t.FirstColumn;
        tile.Rows = t.Rows;
        tile.Columns = t.Columns;
        tile.Start = t.Result;
        tile.RowStride = t.ResultRowStride;
        tile.ColumnStride = t.ResultColumnStride;
        GradientEpilogue epilogue = default;
        epilogue.Result = a.Gradient;
        epilogue.Accumulates = a.Accumulates;
        epilogue.Scale = a.Scale;

        // Here, because ILGPU wants the extent as a number where it is asked for.
        var memory = SharedMemory.Allocate<Float4>(HalfTile.Words / 4).Cast<float>();
        HalfTile<GradientLayout>.Sum(memory, first, second, tile);
        HalfSums<GradientEpilogue>.Take(memory, epilogue, tile);
    }
}

/// <summary>
/// Hands the sums of a <see cref="HalfTile{TLayout}"/> to an epilogue by way of shared memory, in quads: a warp takes two rows of 64 at a time. In a tile without
/// edges that are four quads at a time, all their reads before their writes.
/// </summary>
/// <typeparam name="TEpilogue">What takes them.</typeparam>
internal static class HalfSums<TEpilogue>
    where TEpilogue : struct, ISumsEpilogue
{
    private const int QuadsOfRow = HalfTile.Size / 4;
    private const int RowsAtOnce = HalfTile.GroupSize / QuadsOfRow;

    /// <summary>Takes in the tile.</summary>
    /// <param name="memory">The memory that made the sums.</param>
    /// <param name="epilogue">What takes them.</param>
    /// <param name="tile">Where they belong.</param>
    public static void Take(ArrayView<float> memory, TEpilogue epilogue, TilePlace tile)
    {
        bool inside = tile.FirstRow + HalfTile.Size <= tile.Rows && tile.FirstColumn + HalfTile.Size <= tile.Columns;
        bool aligned = ((tile.Start | tile.RowStride) & 3) == 0 && epilogue.IsAligned;
        epilogue.Begin();
        HalfTile.Put(memory);
        var quads = memory.Cast<Float4>();
        if (inside && aligned)
        {
            for (int row = 0; row < HalfTile.Size; row += 4 * RowsAtOnce)
                TakeFour(quads, epilogue, tile, row);
        }
        else
        {
            for (int row = 0; row < HalfTile.Size; row += RowsAtOnce)
                TakeEdge(quads, epilogue, tile, row);
        }
    }

    private static void TakeFour(ArrayView<Float4> memory, TEpilogue epilogue, TilePlace tile, int row)
    {
        Quad quad0 = Place(tile, row), quad1 = Place(tile, row + RowsAtOnce), quad2 = Place(tile, row + (2 * RowsAtOnce)), quad3 = Place(tile, row + (3 * RowsAtOnce));
        quad0.IsWhole = true;
        quad1.IsWhole = true;
        quad2.IsWhole = true;
        quad3.IsWhole = true;
        EpilogueInputs inputs0 = epilogue.Load(quad0);
        EpilogueInputs inputs1 = epilogue.Load(quad1);
        EpilogueInputs inputs2 = epilogue.Load(quad2);
        EpilogueInputs inputs3 = epilogue.Load(quad3);
        epilogue.Store(quad0, Sums(memory, row), inputs0);
        epilogue.Store(quad1, Sums(memory, row + RowsAtOnce), inputs1);
        epilogue.Store(quad2, Sums(memory, row + (2 * RowsAtOnce)), inputs2);
        epilogue.Store(quad3, Sums(memory, row + (3 * RowsAtOnce)), inputs3);
    }

    private static void TakeEdge(ArrayView<Float4> memory, TEpilogue epilogue, TilePlace tile, int row)
    {
        Quad quad = Place(tile, row);
        if (tile.FirstRow + row + (Group.IdxX >> 4) < tile.Rows && quad.Column < tile.Columns)
            epilogue.Store(quad, Sums(memory, row), epilogue.Load(quad));
    }

    private static Quad Place(TilePlace tile, int row)
    {
        Quad quad = default;
        quad.Column = tile.FirstColumn + (4 * (Group.IdxX & 15));
        quad.At = tile.Start + ((tile.FirstRow + row + (Group.IdxX >> 4)) * tile.RowStride) + quad.Column;
        quad.Step = 1;
        quad.Count = 4;
        return quad;
    }

    private static Float4 Sums(ArrayView<Float4> memory, int row) => memory[((row + (Group.IdxX >> 4)) * (HalfTile.Stride / 4)) + (Group.IdxX & 15)];
}
