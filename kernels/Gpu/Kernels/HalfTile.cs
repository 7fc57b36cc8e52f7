namespace EDA.Kernels.Gpu;

/// <summary>
/// A tile of 64 × 64 sums of products of 16-bit factors on the tensor cores, by four warps of 32 × 32: for factors that are stored with 10 bits
/// behind the point, as TF32 has them. Panels of 64 of the depth come by asynchronous copies into a ring of three buffers
/// in shared memory, two on their way while one is worked through: one barrier a panel. Fragments come by ldmatrix; sums are float32 from beginning to end.
/// A panel is 64 rows of 128 bytes, [row][depth] or [depth][row] as the matrix is, whose eight pieces of 16 bytes change places by exclusive-or: of the eight that
/// ldmatrix reads together no two meet in a bank.
/// Matrices are addressed in words of two numbers, and rows begin at multiples of 16 bytes.
/// </summary>
/// <typeparam name="TLayout">How the factors stand in memory.</typeparam>
internal static class HalfTile<TLayout>
    where TLayout : struct, IHalfLayout
{
    private const int Ahead = HalfTile.Buffers - 1;
    private const int Depth = HalfTile.Depth;
    private const int PieceWords = HalfTile.PieceWords;

    // An item copies four pieces of a panel, so many rows apart.
    private const int Between = 16;

    /// <summary>Makes the sums, which stay in registers.</summary>
    /// <param name="memory">Shared memory of <see cref="HalfTile.Words"/>.</param>
    /// <param name="factors">The factors; strides and starts in words.</param>
    /// <param name="tile">The tile.</param>
    public static void Sum(ArrayView<float> memory, HalfFactors factors, TilePlace tile)
    {
        TLayout layout = default;
        int item = Group.IdxX, lane = item & 31, warp = item >> 5;
        HalfCores.Begin();

        // Where this lane's rows of matrices stand in a panel: where it is along the depth those of 16 of it, four times; else those of 16 columns, twice.
        int row = 32 * (warp >> 1), column = 32 * (warp & 1);
        int left = HalfTile.Place(row + (lane & 15), lane >> 4);
        int right = HalfTile.PanelWords + (layout.RightIsAlongDepth
            ? HalfTile.Place(column + (lane & 7) + (8 * (lane >> 4)), (lane >> 3) & 1)
            : HalfTile.Place(lane & 15, (column >> 3) + (lane >> 4)));
        HalfCores.AimLeft(memory, left, left ^ (2 * PieceWords), left ^ (4 * PieceWords), left ^ (6 * PieceWords));
        HalfCores.AimRight(memory, right, right ^ (2 * PieceWords), right ^ (4 * PieceWords), right ^ (6 * PieceWords));

        // What this item copies of each panel: a piece of a row, then of three more. Neighbouring items copy neighbouring pieces.
        int panelRow = item >> 3, piece = item & 7, to = HalfTile.Place(panelRow, piece);
        HalfCores.Expect(
            memory, to, HalfTile.PanelWords + to,
            Count(true, tile.FirstRow, tile.Rows), Count(layout.RightIsAlongDepth, tile.FirstColumn, tile.Columns));
        int panels = (factors.Depth + Depth - 1) / Depth, rest = factors.Depth;
        From(factors, tile);
        for (int step = 0; step < panels + Ahead; step++)
        {
            if (step >= Ahead)
            {
                TensorCores.WaitForAllCopiesButOne();
                Group.Barrier();
            }

            if (step < panels)
            {
                // Of the depth, where a factor is along it, a piece has eight.
                if (layout.RightIsAlongDepth)
                    HalfCores.Fetch(rest - (8 * piece), 0, rest - (8 * piece), 0);
                else
                    HalfCores.Fetch(rest - (8 * piece), 0, rest - panelRow, Between);
                rest -= Depth;
            }

            TensorCores.CommitCopies();
            if (step >= Ahead)
                layout.Multiply();
        }
    }

    // How many of an item's four pieces are rows, or columns, of the product.
    private static int Count(bool along, int first, int count)
    {
        int rows = count - first;
        if (along)
            return (rows - (Group.IdxX >> 3) + Between - 1) >> 4;
        return 8 * (Group.IdxX & 7) < rows ? 4 : 0;
    }

    private static int Source(bool along, int first, int stride) =>
        along ? ((first + (Group.IdxX >> 3)) * stride) + (PieceWords * (Group.IdxX & 7)) : ((Group.IdxX >> 3) * stride) + (first / 2) + (PieceWords * (Group.IdxX & 7));

    private static void From(HalfFactors factors, TilePlace tile)
    {
        TLayout layout = default;
        HalfCores.FromLeft(
            factors.Left, Source(true, tile.FirstRow, factors.LeftStride), Between * factors.LeftStride, Depth / 2);
        HalfCores.FromRight(
            factors.Right, Source(layout.RightIsAlongDepth, tile.FirstColumn, factors.RightStride), Between * factors.RightStride, layout.RightIsAlongDepth ? Depth / 2 : Depth * factors.RightStride);
    }
}

/// <summary>The factors of a product with 16 bits a number; starts and strides in words of two numbers, rows at multiples of 16 bytes.</summary>
public struct HalfFactors
{
    /// <summary>The left matrix.</summary>
    public ArrayView<float> Left;

    /// <summary>The right matrix.</summary>
    public ArrayView<float> Right;

    /// <summary>From one row of the left matrix in memory to the next.</summary>
    public int LeftStride;

    /// <summary>From one row of the right matrix in memory to the next.</summary>
    public int RightStride;

    /// <summary>The number of products in a sum, a multiple of 32 where a factor is along the depth; 0 for an empty sum.</summary>
    public int Depth;
}

/// <summary>What all tiles of <see cref="HalfTile{TLayout}"/> have in common.</summary>
internal static class HalfTile
{
    /// <summary>The number of items in a group.</summary>
    public const int GroupSize = 128;

    /// <summary>The rows, and the columns, of a tile.</summary>
    public const int Size = 64;

    /// <summary>Of the depth, in a panel.</summary>
    public const int Depth = 64;

    /// <summary>Panels of both factors that shared memory holds.</summary>
    public const int Buffers = 3;

    /// <summary>Words of a piece of 16 bytes.</summary>
    public const int PieceWords = 4;

    /// <summary>Words of a panel's row.</summary>
    public const int RowWords = 32;

    /// <summary>Words of two numbers of a panel.</summary>
    public const int PanelWords = Size * Depth / 2;

    /// <summary>Words of shared memory.</summary>
    public const int Words = Buffers * 2 * PanelWords;

    /// <summary>From one row of the sums in shared memory to the next: four rows of eight banks make all 32.</summary>
    public const int Stride = Size + 8;

    /// <summary>Where a piece of a panel's row stands: eight rows of 128 bytes all begin at the same bank.</summary>
    /// <param name="row">The row.</param>
    /// <param name="piece">The piece of 16 bytes.</param>
    public static int Place(int row, int piece) => (row * RowWords) + (PieceWords * (piece ^ (row & 7)));

    /// <summary>Puts the sums into shared memory for all items to read: element (i, j) at i·<see cref="Stride"/> + j.</summary>
    /// <param name="memory">The memory that made them.</param>
    public static void Put(ArrayView<float> memory)
    {
        int lane = Group.IdxX & 31, warp = Group.IdxX >> 5;

        // The panels have been read.
        Group.Barrier();
        HalfCores.Put(memory, (((32 * (warp >> 1)) + (lane >> 2)) * Stride) + (32 * (warp & 1)) + (2 * (lane & 3)), 8 * Stride);
        Group.Barrier();
    }
}
