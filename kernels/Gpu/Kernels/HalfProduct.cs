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
        TilePlace tile = default;
        tile.FirstRow = Grid.IdxX * HalfTile.Size;
        tile.FirstColumn = Grid.IdxY * HalfTile.Size;
        tile.Rows = arguments.Rows;
        tile.Columns = arguments.Columns;
        tile.RowStride = arguments.Columns;
        tile.ColumnStride = 1;

        // Here, because ILGPU wants the extent as a number where it is asked for.
        var memory = SharedMemory.Allocate<Float4>(HalfTile.Words / 4).Cast<float>();
        HalfTile<TLayout>.Sum(memory, factors, tile);
        TEpilogue epilogue = arguments.Epilogue;
        epilogue.Begin();
        HalfTile.Put(memory);
        HalfSums<TEpilogue>.Take(memory, epilogue, tile, HalfTile.Size, HalfTile.Stride);
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
    [GpuKernel(HalfGradientTile.GroupSize)]
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
        HalfGradientTile.Sum(memory, first, second, tile);
        epilogue.Begin();
        for (int part = 0; part < HalfGradientTile.Size / HalfGradientTile.PartRows; part++)
        {
            HalfGradientTile.Put(memory, part);
            HalfSums<GradientEpilogue>.Take(memory, epilogue, tile, HalfGradientTile.Size, HalfGradientTile.Stride);
            tile.FirstRow += HalfGradientTile.PartRows;
        }
    }
}

/// <summary>
/// Hands 64 rows of sums in shared memory to an epilogue in quads, eight rows at a time. In a tile without edges that are four quads at a time, all their reads
/// before their writes.
/// </summary>
/// <typeparam name="TEpilogue">What takes them.</typeparam>
internal static class HalfSums<TEpilogue>
    where TEpilogue : struct, ISumsEpilogue
{
    private const int Rows = 64;
    private const int RowsAtOnce = 8;

    /// <summary>Takes in the sums.</summary>
    /// <param name="memory">Where they stand.</param>
    /// <param name="epilogue">What takes them; begun.</param>
    /// <param name="tile">Where they belong.</param>
    /// <param name="columns">The columns of the tile, 64 or 128: half as many as the group has items.</param>
    /// <param name="stride">From one row of the sums to the next.</param>
    public static void Take(ArrayView<float> memory, TEpilogue epilogue, TilePlace tile, int columns, int stride)
    {
        bool inside = tile.FirstRow + Rows <= tile.Rows && tile.FirstColumn + columns <= tile.Columns;
        bool aligned = ((tile.Start | tile.RowStride) & 3) == 0 && epilogue.IsAligned;
        int bits = columns == HalfTile.Size ? 4 : 5, row = Group.IdxX >> bits, column = 4 * (Group.IdxX & ((1 << bits) - 1));
        var sums = memory.SubView((row * stride) + column, (Rows - row) * stride).Cast<Float4>();
        tile.FirstRow += row;
        tile.FirstColumn += column;
        int step = RowsAtOnce * stride / 4;
        if (inside && aligned)
        {
            for (int n = 0; n < Rows / RowsAtOnce; n += 4)
                TakeFour(sums, epilogue, tile, n, step);
        }
        else
        {
            for (int n = 0; n < Rows / RowsAtOnce; n++)
                TakeEdge(sums, epilogue, tile, n, step);
        }
    }

    private static void TakeFour(ArrayView<Float4> sums, TEpilogue epilogue, TilePlace tile, int n, int step)
    {
        Quad quad0 = Place(tile, n), quad1 = Place(tile, n + 1), quad2 = Place(tile, n + 2), quad3 = Place(tile, n + 3);
        quad0.IsWhole = true;
        quad1.IsWhole = true;
        quad2.IsWhole = true;
        quad3.IsWhole = true;
        EpilogueInputs inputs0 = epilogue.Load(quad0);
        EpilogueInputs inputs1 = epilogue.Load(quad1);
        EpilogueInputs inputs2 = epilogue.Load(quad2);
        EpilogueInputs inputs3 = epilogue.Load(quad3);
        epilogue.Store(quad0, sums[n * step], inputs0);
        epilogue.Store(quad1, sums[(n + 1) * step], inputs1);
        epilogue.Store(quad2, sums[(n + 2) * step], inputs2);
        epilogue.Store(quad3, sums[(n + 3) * step], inputs3);
    }

    private static void TakeEdge(ArrayView<Float4> sums, TEpilogue epilogue, TilePlace tile, int n, int step)
    {
        Quad quad = Place(tile, n);
        if (tile.FirstRow + (n * RowsAtOnce) < tile.Rows && quad.Column < tile.Columns)
            epilogue.Store(quad, sums[n * step], epilogue.Load(quad));
    }

    private static Quad Place(TilePlace tile, int n)
    {
        Quad quad = default;
        quad.Column = tile.FirstColumn;
        quad.At = tile.Start + ((tile.FirstRow + (n * RowsAtOnce)) * tile.RowStride) + quad.Column;
        quad.Step = 1;
        quad.Count = 4;
        return quad;
    }
}
