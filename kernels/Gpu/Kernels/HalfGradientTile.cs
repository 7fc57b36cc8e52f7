namespace EDA.Kernels.Gpu;

/// <summary>
/// A tile of 128 × 128 sums of a weight's gradient from 16-bit factors, both [depth][row], the depth being the batch: eight warps of 64 × 32. Half the reads from the cache of the
/// four 64 × 64 tiles it stands for. Panels of 32 of the depth and 64 rows, two of each factor, come into a ring of three buffers as in <see cref="HalfTile{TLayout}"/>.
/// </summary>
internal static class HalfGradientTile
{
    /// <summary>The number of items in a group.</summary>
    public const int GroupSize = 256;

    /// <summary>The rows, and the columns, of a tile.</summary>
    public const int Size = 128;

    /// <summary>The rows of a part, of which shared memory holds one at a time.</summary>
    public const int PartRows = 64;

    /// <summary>From one row of a part in shared memory to the next.</summary>
    public const int Stride = Size + 8;

    private const int Depth = 32;
    private const int Ahead = HalfTile.Buffers - 1;
    private const int PieceWords = HalfTile.PieceWords;
    private const int PanelWords = Depth * HalfTile.RowWords;

    /// <summary>Makes the sums, which stay in registers: Σ_k left₀·right₀ + Σ_k left₁·right₁.</summary>
    /// <param name="memory">Shared memory of <see cref="HalfTile.Words"/>.</param>
    /// <param name="first">The first product; strides and starts in words.</param>
    /// <param name="second">The second, laid out like the first; depth 0 for none.</param>
    /// <param name="tile">The tile.</param>
    public static void Sum(ArrayView<float> memory, HalfFactors first, HalfFactors second, TilePlace tile)
    {
        int item = Group.IdxX, lane = item & 31, warp = item >> 5;
        HalfCores.Begin();

        // Where this lane's rows of matrices stand: of 64 rows those of 16, four times; of 32 columns twice.
        int left = ((warp >> 2) * PanelWords) + HalfTile.Place((lane & 7) + (8 * (lane >> 4)), (lane >> 3) & 1);
        int right = ((2 + ((warp & 3) >> 1)) * PanelWords) + HalfTile.Place(lane & 15, (4 * (warp & 1)) + (lane >> 4));
        HalfCores.AimLeft(memory, left, left ^ (2 * PieceWords), left ^ (4 * PieceWords), left ^ (6 * PieceWords));
        HalfCores.AimRight(memory, right, right ^ (2 * PieceWords), right, right);

        // What this item copies: a piece of one of the depth, of two panels of each factor.
        int depth = item >> 3, piece = item & 7, to = HalfTile.Place(depth, piece);
        HalfCores.Expect(memory, to, (2 * PanelWords) + to, Count(tile.FirstRow, tile.Rows), Count(tile.FirstColumn, tile.Columns));
        int firstPanels = (first.Depth + Depth - 1) / Depth, panels = firstPanels + ((second.Depth + Depth - 1) / Depth), rest = first.Depth - depth;
        From(first, tile);
        for (int step = 0; step < panels + Ahead; step++)
        {
            if (step >= Ahead)
            {
                TensorCores.WaitForAllCopiesButOne();
                Group.Barrier();
            }

            if (step < panels)
            {
                if (step == firstPanels)
                {
                    From(second, tile);
                    rest = second.Depth - depth;
                }

                HalfCores.FetchGradient(rest);
                rest -= Depth;
            }

            TensorCores.CommitCopies();
            if (step >= Ahead)
                HalfCores.MultiplyGradient();
        }
    }

    /// <summary>Puts 64 rows of the tile into shared memory for all items to read: element (i, j) at i·<see cref="Stride"/> + j.</summary>
    /// <param name="memory">The memory that made the sums.</param>
    /// <param name="part">0 for the first 64 rows, 1 for the next.</param>
    public static void Put(ArrayView<float> memory, int part)
    {
        int lane = Group.IdxX & 31, warp = Group.IdxX >> 5;

        // The panels, or the part before, have been read.
        Group.Barrier();
        if (warp >> 2 == part)
            HalfCores.PutGradient(memory, ((lane >> 2) * Stride) + (32 * (warp & 3)) + (2 * (lane & 3)), 8 * Stride);
        Group.Barrier();
    }

    // How many of an item's two pieces are rows, or columns, of the product.
    private static int Count(int first, int count) => (count - first - (8 * (Group.IdxX & 7)) + 63) >> 6;

    private static int Source(int first, int stride) => ((Group.IdxX >> 3) * stride) + (first / 2) + (PieceWords * (Group.IdxX & 7));

    private static void From(HalfFactors factors, TilePlace tile)
    {
        HalfCores.FromLeft(factors.Left, Source(tile.FirstRow, factors.LeftStride), HalfTile.RowWords, Depth * factors.LeftStride);
        HalfCores.FromRight(factors.Right, Source(tile.FirstColumn, factors.RightStride), HalfTile.RowWords, Depth * factors.RightStride);
    }
}
