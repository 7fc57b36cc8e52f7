namespace EDA.Kernels.Gpu;

/// <summary>The arguments of <see cref="MatrixProduct{TProduct, TEpilogue}"/>.</summary>
/// <typeparam name="TEpilogue">What happens to the product.</typeparam>
public struct ProductArguments<TEpilogue>
    where TEpilogue : struct, IEpilogue
{
    /// <summary>The left matrix, used as it stands; element (i, k) at i·LeftRowStride + k.</summary>
    public ModelView Left;

    /// <summary>The right matrix; element (j, k) at j·RightRowStride + k·RightDepthStride.</summary>
    public ModelView Right;

    /// <summary>From one row of the product to the next.</summary>
    public int LeftRowStride;

    /// <summary>From one column of the product to the next.</summary>
    public int RightRowStride;

    /// <summary>From one k to the next in the right matrix; it or RightRowStride is 1.</summary>
    public int RightDepthStride;

    /// <summary>n, the rows of the product.</summary>
    public int Rows;

    /// <summary>M, the columns of the product.</summary>
    public int Columns;

    /// <summary>K, the products in a sum.</summary>
    public int Depth;

    /// <summary>What happens to the product.</summary>
    public TEpilogue Epilogue;
}

/// <summary>
/// A layer: the product of activations [n×K] and weights (or their transpose) with everything pointwise after it fused
/// into the epilogue. 2nKM FLOP; 4(nK + MK) bytes and what the epilogue moves. A grid of row tiles × column tiles × models
/// groups.
/// </summary>
/// <typeparam name="TProduct">The precision.</typeparam>
/// <typeparam name="TEpilogue">What happens to the product.</typeparam>
public static class MatrixProduct<TProduct, TEpilogue>
    where TProduct : struct, IProduct
    where TEpilogue : struct, IEpilogue
{
    /// <summary>The kernel.</summary>
    /// <param name="arguments">Its arguments.</param>
    public static void Run(ProductArguments<TEpilogue> arguments)
    {
        TProduct product = default;
        int firstRow = Grid.IdxX * product.TileRows, firstColumn = Grid.IdxY * product.TileColumns;
        Factors factors = default;
        factors.Left = arguments.Left.Mine;
        factors.Right = arguments.Right.Mine;
        factors.LeftRowStride = arguments.LeftRowStride;
        factors.LeftDepthStride = 1;
        factors.RightRowStride = arguments.RightRowStride;
        factors.RightDepthStride = arguments.RightDepthStride;
        factors.LeftIsAlongDepth = 1;
        factors.RightIsAlongDepth = arguments.RightDepthStride == 1 ? 1 : 0;
        factors.LeftIsAligned = Aligned(arguments.Left.IsAligned, arguments.LeftRowStride);
        factors.RightIsAligned = Aligned(arguments.Right.IsAligned, arguments.RightRowStride * arguments.RightDepthStride);
        factors.Depth = arguments.Depth;
        Factors none = factors;
        none.Depth = 0;
        var memory = product.Sum(factors, none, firstRow, firstColumn, arguments.Rows, arguments.Columns);
        TilePlace tile = default;
        tile.FirstRow = firstRow;
        tile.FirstColumn = firstColumn;
        tile.Rows = arguments.Rows;
        tile.Columns = arguments.Columns;
        tile.RowStride = arguments.Columns;
        tile.ColumnStride = 1;
        TileEpilogue<TProduct, TEpilogue>.Run(memory, arguments.Epilogue, tile);
    }

    // Of the two strides one is 1, so their product is the other.
    private static int Aligned(int start, int stride) => start != 0 && (stride & 3) == 0 ? 1 : 0;
}
