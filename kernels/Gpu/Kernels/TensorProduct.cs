namespace EDA.Kernels.Gpu;

/// <summary>
/// Products on the tensor cores. Panels of 16 of the depth come by asynchronous copies into a ring of buffers in shared
/// memory, all but one on their way while that one is worked through: one barrier a panel. Shared memory holds float32 as it stands
/// in memory; each factor is rounded when it goes to a register, and sums are float32 from beginning to end.
/// A panel is [row][depth] or [depth][row], as the matrix is; either way four neighbours are one 128-bit word, a lane reads
/// nothing but such words, each once, and no two of eight lanes that read together meet in a bank: the four words of a row
/// follow one another, and words along the rows change places by the depth (<see cref="Place"/>). Which row or column a lane's
/// sum belongs to depends on the layout; nobody knows but <see cref="Put"/>.
/// </summary>
/// <typeparam name="TPrecision">What the factors are rounded to.</typeparam>
/// <typeparam name="TTile">The size of the tile.</typeparam>
internal static class TensorProduct<TPrecision, TTile>
    where TPrecision : struct, ITensorPrecision
    where TTile : struct, ITensorTile
{
    // Of the depth, in a panel.
    private const int Depth = 16;

    // A panel's words of 4 floats along the depth.
    private const int DepthWords = Depth / 4;

    /// <summary>Makes the sums, which stay in registers.</summary>
    /// <param name="memory">Shared memory: a buffer is 8·Size words of four floats.</param>
    /// <param name="first">The first product.</param>
    /// <param name="second">The second.</param>
    /// <param name="firstRow">The tile's first row.</param>
    /// <param name="firstColumn">The tile's first column.</param>
    /// <param name="rows">The rows of the product.</param>
    /// <param name="columns">The columns of the product.</param>
    public static void Sum(ArrayView<Float4> memory, Factors first, Factors second, int firstRow, int firstColumn, int rows, int columns)
    {
        TTile tile = default;
        TPrecision precision = default;
        var floats = memory.Cast<float>();
        int size = tile.Size, panelWords = size * DepthWords, bufferWords = 2 * panelWords;
        int firstPanels = (first.Depth + Depth - 1) / Depth;
        int panels = firstPanels + ((second.Depth + Depth - 1) / Depth);
        TensorCores.Begin();

        // Where this lane's words stand in a panel, and how far apart its four words of 32 rows are.
        bool leftAlong = first.LeftIsAlongDepth != 0, rightAlong = first.RightIsAlongDepth != 0;
        int warp = Group.IdxX / WarpRow.WarpSize;
        int leftAt = FirstWord(leftAlong, 32 * (warp / tile.WarpsAcross), size);
        int rightAt = panelWords + FirstWord(rightAlong, 32 * (warp % tile.WarpsAcross), size);
        int leftStep = leftAlong ? 8 * DepthWords : size / 4, rightStep = rightAlong ? 8 * DepthWords : size / 4;
        int lowerHalf = leftAlong ? 64 * DepthWords : 64 / 4;
        // The copies are ahead of the work by one panel less than there are buffers. Each step sends for one, if only for an
        // empty group of copies, so that a wait is always for the same number of groups.
        int ahead = tile.Buffers - 1, ring = tile.Buffers * bufferWords, fetched = 0, worked = 0;
        for (int step = 0; step < panels + ahead; step++)
        {
            if (step >= ahead)
            {
                tile.WaitForPanel();
                Group.Barrier();
            }

            if (step < panels)
            {
                Fetch(floats, fetched, panelWords, first, second, firstPanels, step, firstRow, firstColumn, rows, columns);
                fetched = fetched + bufferWords < ring ? fetched + bufferWords : 0;
            }

            TensorCores.CommitCopies();
            if (step >= ahead)
            {
                int at = worked + rightAt;
                TakeRight(rightAlong, memory[at], memory[at + rightStep], memory[at + (2 * rightStep)], memory[at + (3 * rightStep)]);
                at = worked + leftAt;
                TakeLeft(leftAlong, memory[at], memory[at + leftStep], memory[at + (2 * leftStep)], memory[at + (3 * leftStep)]);
                precision.Multiply0();
                if (size > 64)
                {
                    at += lowerHalf;
                    TakeLeft(leftAlong, memory[at], memory[at + leftStep], memory[at + (2 * leftStep)], memory[at + (3 * leftStep)]);
                    precision.Multiply1();
                }

                worked = worked + bufferWords < ring ? worked + bufferWords : 0;
            }
        }
    }

    /// <summary>Puts 64 rows of the tile into shared memory, for all items to read.</summary>
    /// <param name="memory">The memory that <see cref="Sum"/> used.</param>
    /// <param name="factors">The first product.</param>
    /// <param name="part">0 for the first 64 rows, 1 for the next.</param>
    public static void Put(ArrayView<float> memory, Factors factors, int part)
    {
        TTile tile = default;
        int lane = Group.IdxX % WarpRow.WarpSize, warp = Group.IdxX / WarpRow.WarpSize;
        int row = lane / 4, column = 2 * (lane % 4), stride = tile.Stride;

        // Of 32 rows: (half of them, half of those, row of 8) by its place in [row][depth], or as the words of [depth][row]
        // had them. Of 32 columns: (quarter of them, column of 8) likewise.
        bool leftAlong = factors.LeftIsAlongDepth != 0, rightAlong = factors.RightIsAlongDepth != 0;
        int rowStep = leftAlong ? stride : 4 * stride;
        int halfStep = leftAlong ? 16 * stride : 2 * stride, lowerStep = leftAlong ? 8 * stride : stride;
        int columnStep = rightAlong ? 1 : 4, quarterStep = rightAlong ? 8 : 1;
        int at = (32 * (warp / tile.WarpsAcross) * stride) + (32 * (warp % tile.WarpsAcross)) + (row * rowStep) + (column * columnStep);

        // The panels, or the part before, have been read.
        Group.Barrier();
        if (tile.Size > 64 && part != 0)
            TensorCores.Put1(memory, at, halfStep, lowerStep, quarterStep, columnStep);
        else
            TensorCores.Put0(memory, at, halfStep, lowerStep, quarterStep, columnStep);
        Group.Barrier();
    }

    // A lane's first word of 32 rows of a panel; lane 4g + c takes row g (of each 8, or the word of rows 4g …) and depths 4c ….
    private static int FirstWord(bool alongDepth, int firstRow, int size)
    {
        int lane = Group.IdxX % WarpRow.WarpSize, g = lane / 4, c = lane % 4;
        return alongDepth ? ((firstRow + g) * DepthWords) + c : Place(4 * c, (firstRow / 4) + g, size);
    }

    // Where the word of four rows stands in a [depth][row] panel: eight lanes read two neighbours at each of the depths
    // 0, 4, 8 and 12 (and one more each), whose rows of words all begin at the same bank.
    private static int Place(int depth, int word, int size) => (depth * (size / 4)) + (word ^ (2 * (depth / 4)));

    // v0 to v3: rows g, g + 8, g + 16, g + 24 at depths 4c to 4c + 3, or rows 4g to 4g + 3 at one of these depths each.
    private static void TakeLeft(bool alongDepth, Float4 v0, Float4 v1, Float4 v2, Float4 v3)
    {
        TPrecision precision = default;
        if (alongDepth)
        {
            precision.Left0(v0, v1);
            precision.Left1(v2, v3);
        }
        else
        {
            precision.Left0(Float4.Of(v0.X, v1.X, v2.X, v3.X), Float4.Of(v0.Y, v1.Y, v2.Y, v3.Y));
            precision.Left1(Float4.Of(v0.Z, v1.Z, v2.Z, v3.Z), Float4.Of(v0.W, v1.W, v2.W, v3.W));
        }
    }

    // Selected rather than branched on: where the layout is no constant, loads and products stay in one run of instructions.
    private static void TakeRight(bool alongDepth, Float4 v0, Float4 v1, Float4 v2, Float4 v3)
    {
        TPrecision precision = default;
        precision.Right0(Float4.Of(v0.X, alongDepth ? v0.Y : v1.X, alongDepth ? v0.Z : v2.X, alongDepth ? v0.W : v3.X));
        precision.Right1(Float4.Of(alongDepth ? v1.X : v0.Y, v1.Y, alongDepth ? v1.Z : v2.Y, alongDepth ? v1.W : v3.Y));
        precision.Right2(Float4.Of(alongDepth ? v2.X : v0.Z, alongDepth ? v2.Y : v1.Z, v2.Z, alongDepth ? v2.W : v3.Z));
        precision.Right3(Float4.Of(alongDepth ? v3.X : v0.W, alongDepth ? v3.Y : v1.W, alongDepth ? v3.Z : v2.W, v3.W));
    }

    // Sends for a panel of both factors.
    private static void Fetch(
        ArrayView<float> memory, int buffer, int panelWords, Factors first, Factors second, int firstPanels, int panel, int firstRow, int firstColumn, int rows, int columns)
    {
        var factors = panel < firstPanels ? first : second;
        int depth = (panel < firstPanels ? panel : panel - firstPanels) * Depth;
        FetchPanel(
            memory, buffer, factors.Left, first.LeftIsAlongDepth != 0, factors.LeftRowStride, factors.LeftDepthStride, factors.LeftIsAligned != 0,
            firstRow, rows, depth, factors.Depth);
        FetchPanel(
            memory, buffer + panelWords, factors.Right, first.RightIsAlongDepth != 0, factors.RightRowStride, factors.RightDepthStride, factors.RightIsAligned != 0,
            firstColumn, columns, depth, factors.Depth);
    }

    // Two words an item, neighbours in memory for neighbouring items.
    private static void FetchPanel(
        ArrayView<float> memory, int start, ArrayView<float> matrix, bool alongDepth, int rowStride, int depthStride, bool aligned,
        int firstRow, int rows, int firstDepth, int depth)
    {
        TTile tile = default;
        int item = Group.IdxX, wordsAcross = tile.Size / 4;
        if (alongDepth)
        {
            int row = firstRow + (item / DepthWords), k = firstDepth + (4 * (item % DepthWords));
            int count = XMath.Min(depth - k, 4), from = (row * rowStride) + k;
            int further = tile.GroupSize / DepthWords;
            FetchWord(memory, start + item, matrix, from, row < rows ? count : 0, aligned);
            FetchWord(memory, start + item + tile.GroupSize, matrix, from + (further * rowStride), row + further < rows ? count : 0, aligned);
        }
        else
        {
            int panelDepth = item / wordsAcross, word = item % wordsAcross, row = firstRow + (4 * word), k = firstDepth + panelDepth;
            int count = XMath.Min(rows - row, 4), from = row + (k * depthStride);
            FetchWord(memory, start + Place(panelDepth, word, tile.Size), matrix, from, k < depth ? count : 0, aligned);
            FetchWord(memory, start + Place(panelDepth + 8, word, tile.Size), matrix, from + (8 * depthStride), k + 8 < depth ? count : 0, aligned);
        }
    }

    // count of the four floats are there, the others are zeros.
    private static void FetchWord(ArrayView<float> memory, int word, ArrayView<float> matrix, int from, int count, bool aligned)
    {
        count = XMath.Max(count, 0);
        if (count == 0)
            from = 0;
        if (aligned)
        {
            TensorCores.CopyFour(memory, 4 * word, matrix, from, count);
        }
        else
        {
            TensorCores.CopyOne(memory, 4 * word, matrix, from, XMath.Min(count, 1));
            TensorCores.CopyOne(memory, (4 * word) + 1, matrix, from + 1, count > 1 ? 1 : 0);
            TensorCores.CopyOne(memory, (4 * word) + 2, matrix, from + 2, count > 2 ? 1 : 0);
            TensorCores.CopyOne(memory, (4 * word) + 3, matrix, from + 3, count > 3 ? 1 : 0);
        }
    }
}
