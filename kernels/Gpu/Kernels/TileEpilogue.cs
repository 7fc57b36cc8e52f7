namespace EDA.Kernels.Gpu;

/// <summary>A tile of a product, and where its elements belong: (i, j) at Start + i·RowStride + j·ColumnStride.</summary>
internal struct TilePlace
{
    /// <summary>The tile's first row.</summary>
    public int FirstRow;

    /// <summary>The tile's first column.</summary>
    public int FirstColumn;

    /// <summary>The rows of the product.</summary>
    public int Rows;

    /// <summary>The columns of the product.</summary>
    public int Columns;

    /// <summary>Where the product begins.</summary>
    public int Start;

    /// <summary>From one row to the next.</summary>
    public int RowStride;

    /// <summary>From one column to the next.</summary>
    public int ColumnStride;
}

/// <summary>
/// Hands a tile's sums to an epilogue: each item those that its product gave it, in quads. In a tile without edges that are
/// four quads at a time, or two where there are no more, all their reads before their writes, 128 bits each.
/// </summary>
/// <typeparam name="TProduct">What made the sums.</typeparam>
/// <typeparam name="TEpilogue">What takes them.</typeparam>
internal static class TileEpilogue<TProduct, TEpilogue>
    where TProduct : struct, IProduct
    where TEpilogue : struct, ISumsEpilogue
{
    /// <summary>Takes in the tile.</summary>
    /// <param name="memory">What <see cref="IProduct.Sum"/> returned.</param>
    /// <param name="epilogue">What takes the sums.</param>
    /// <param name="tile">Where they belong.</param>
    public static void Run(ArrayView<Float4> memory, TEpilogue epilogue, TilePlace tile)
    {
        TProduct product = default;
        bool inside = tile.FirstRow + product.TileRows <= tile.Rows && tile.FirstColumn + product.TileColumns <= tile.Columns;
        bool aligned = tile.ColumnStride == 1 && ((tile.Start | tile.RowStride) & 3) == 0 && epilogue.IsAligned;
        epilogue.Begin();
        for (int part = 0; part < product.Parts; part++)
        {
            product.Put(memory, part);
            if (inside && aligned)
            {
                for (int n = 0; n < product.Quads; n += 4)
                {
                    if (product.Quads >= 4)
                        TakeFour(memory, epilogue, tile, part, n);
                    else
                        TakeTwo(memory, epilogue, tile, part, n);
                }
            }
            else
            {
                for (int n = 0; n < product.Quads; n++)
                    TakeEdge(memory, epilogue, tile, part, n);
            }
        }
    }

    private static void TakeFour(ArrayView<Float4> memory, TEpilogue epilogue, TilePlace tile, int part, int n)
    {
        TProduct product = default;
        Quad quad0 = Whole(tile, part, n), quad1 = Whole(tile, part, n + 1), quad2 = Whole(tile, part, n + 2), quad3 = Whole(tile, part, n + 3);
        EpilogueInputs inputs0 = epilogue.Load(quad0);
        EpilogueInputs inputs1 = epilogue.Load(quad1);
        EpilogueInputs inputs2 = epilogue.Load(quad2);
        EpilogueInputs inputs3 = epilogue.Load(quad3);
        int at = (n * product.GroupSize) + Group.IdxX;
        epilogue.Store(quad0, memory[at], inputs0);
        epilogue.Store(quad1, memory[at + product.GroupSize], inputs1);
        epilogue.Store(quad2, memory[at + (2 * product.GroupSize)], inputs2);
        epilogue.Store(quad3, memory[at + (3 * product.GroupSize)], inputs3);
    }

    private static void TakeTwo(ArrayView<Float4> memory, TEpilogue epilogue, TilePlace tile, int part, int n)
    {
        TProduct product = default;
        Quad quad0 = Whole(tile, part, n), quad1 = Whole(tile, part, n + 1);
        EpilogueInputs inputs0 = epilogue.Load(quad0);
        EpilogueInputs inputs1 = epilogue.Load(quad1);
        int at = (n * product.GroupSize) + Group.IdxX;
        epilogue.Store(quad0, memory[at], inputs0);
        epilogue.Store(quad1, memory[at + product.GroupSize], inputs1);
    }

    private static void TakeEdge(ArrayView<Float4> memory, TEpilogue epilogue, TilePlace tile, int part, int n)
    {
        TProduct product = default;
        int row = tile.FirstRow + product.Row(part, n), column = tile.FirstColumn + product.Column(n);
        Quad quad = default;
        quad.At = tile.Start + (row * tile.RowStride) + (column * tile.ColumnStride);
        quad.Column = column;
        quad.Step = tile.ColumnStride;
        quad.Count = row < tile.Rows ? tile.Columns - column : 0;
        if (quad.Count > 0)
            epilogue.Store(quad, memory[(n * product.GroupSize) + Group.IdxX], epilogue.Load(quad));
    }

    private static Quad Whole(TilePlace tile, int part, int n)
    {
        TProduct product = default;
        Quad quad = default;
        quad.Column = tile.FirstColumn + product.Column(n);
        quad.At = tile.Start + ((tile.FirstRow + product.Row(part, n)) * tile.RowStride) + quad.Column;
        quad.Step = 1;
        quad.Count = 4;
        quad.IsWhole = true;
        return quad;
    }
}
