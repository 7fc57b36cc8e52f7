namespace EDA.Kernels.Gpu;

/// <summary>
/// Products on the tensor cores. Panels of 16 of the depth come by asynchronous copies into a ring of buffers in shared
/// memory, all but one on their way while that one is worked through: one barrier a panel. Shared memory holds float32 as it stands
/// in memory; each factor is rounded when it goes to a register, and sums are float32 from beginning to end.
/// A panel is [row][depth] or [depth][row], as the matrix is; either way four neighbours are one 128-bit word, a lane reads
/// nothing but such words, each once, and no two of eight lanes that read together meet in a bank
/// (<see cref="PlaceAlong"/>, <see cref="PlaceAcross"/>). Lane 4g + c takes rows 4w to 4w + 3 of each factor's 32, w being
/// <see cref="FourRows"/> of g, at depths 4c to 4c + 3, whatever the layout. So its sums are of whole quads of columns, and
/// the four lanes of a row have 16 columns side by side.
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

    private static int Lane => Group.IdxX & (WarpRow.WarpSize - 1);

    // The first of the warp's rows, and of its columns.
    private static int WarpRows => Group.IdxX >> (5 + default(TTile).AcrossBits) << 5;

    private static int WarpColumns => ((Group.IdxX >> 5) & ((1 << default(TTile).AcrossBits) - 1)) << 5;

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
        // A loop for each layout of the right matrix, where it is no constant: in the loop it must be one.
        TensorCores.Begin();
        if (first.RightIsAlongDepth != 0)
            Sum(memory, first, second, firstRow, firstColumn, rows, columns, true);
        else
            Sum(memory, first, second, firstRow, firstColumn, rows, columns, false);

        // The panels have been read: from here on the memory is for the sums.
        Group.Barrier();
    }

    /// <summary>Puts this item's sums of 64 rows of the tile into shared memory, which no other thread reads.</summary>
    /// <param name="memory">The memory that <see cref="Sum(ArrayView{Float4}, Factors, Factors, int, int, int, int)"/> used.</param>
    /// <param name="part">0 for the first 64 rows, 1 for the next.</param>
    public static void Put(ArrayView<Float4> memory, int part)
    {
        TTile tile = default;
        if (tile.Size > 64 && part != 0)
            TensorCores.Put1(memory, Group.IdxX, tile.GroupSize);
        else
            TensorCores.Put0(memory, Group.IdxX, tile.GroupSize);
    }

    /// <summary>The row of a quad of this item's.</summary>
    /// <param name="part">Which part.</param>
    /// <param name="quad">Which quad.</param>
    /// <returns>The row.</returns>
    public static int Row(int part, int quad) => (64 * part) + WarpRows + (4 * FourRows(Lane >> 2)) + (quad >> 1);

    /// <summary>Its first column.</summary>
    /// <param name="quad">Which quad.</param>
    /// <returns>The column.</returns>
    public static int Column(int quad) => WarpColumns + (4 * (Lane & 3)) + (16 * (quad & 1));

    // The four rows, of eight times four, that come g-th in a fragment: those of the pairs' first elements, then those of
    // their second ones, because a lane's two columns of a fragment are such a pair.
    private static int FourRows(int g) => (g >> 1) | ((g & 1) << 2);

    // The word of a row and four depths in a [row][depth] panel. Rows 16 apart, which eight lanes read together, are a
    // multiple of the banks apart: one of each two such changes places with its neighbour.
    private static int PlaceAlong(int row, int depthWord) => ((row ^ ((row >> 4) & 1)) * DepthWords) + depthWord;

    // The word of four rows at a depth in a [depth][row] panel. Eight lanes read two words each of four depths, whose rows of
    // words all begin at the same bank.
    private static int PlaceAcross(int depth, int rowWord) => (depth * (default(TTile).Size / 4)) + (rowWord ^ (depth >> 2));

    private static void Sum(
        ArrayView<Float4> memory, Factors first, Factors second, int firstRow, int firstColumn, int rows, int columns, bool rightAlong)
    {
        TTile tile = default;
        TPrecision precision = default;
        bool leftAlong = first.LeftIsAlongDepth != 0;
        int size = tile.Size, panelWords = size * DepthWords, bufferWords = 2 * panelWords, ring = tile.Buffers * bufferWords;
        int firstPanels = (first.Depth + Depth - 1) >> 4, panels = firstPanels + ((second.Depth + Depth - 1) >> 4);

        // Where this lane's words stand in the ring, and what this item copies. All of it moves on from panel to panel: ILGPU
        // works out again in the loop what does not change in it.
        int leftAt = FirstWord(leftAlong, WarpRows), rightAt = panelWords + FirstWord(rightAlong, WarpColumns);
        Copies copies = default;
        copies.Factors = first;
        copies.LeftFrom = CopyStart(leftAlong, firstRow, first.LeftRowStride, first.LeftDepthStride);
        copies.RightFrom = CopyStart(rightAlong, firstColumn, first.RightRowStride, first.RightDepthStride);
        copies.LeftTo = CopyPlace(leftAlong);
        copies.RightTo = panelWords + CopyPlace(rightAlong);
        bool inside = (first.LeftIsAligned & first.RightIsAligned) != 0 && firstRow + size <= rows && firstColumn + size <= columns;
        copies.LastWhole = inside ? first.Depth - Depth : -1;

        // The copies are ahead of the work by one panel less than there are buffers. Each step sends for one, if only for an
        // empty group of copies, so that a wait is always for the same number of groups.
        int ahead = tile.Buffers - 1, worked = 0;
        for (int panel = 0; panel < ahead; panel++)
        {
            if (second.Depth != 0 && panel == firstPanels)
                Begin(ref copies, second, inside, firstPanels);
            SendEdge(copies, memory, leftAlong, rightAlong, rows - firstRow, columns - firstColumn);
            SendWhole(ref copies, memory, leftAlong, rightAlong, bufferWords);
        }

        for (int panel = 0; panel < panels; panel++)
        {
            tile.WaitForPanel();
            Group.Barrier();

            if (second.Depth != 0 && panel + ahead == firstPanels)
                Begin(ref copies, second, inside, firstPanels);
            SendEdge(copies, memory, leftAlong, rightAlong, rows - firstRow, columns - firstColumn);

            int rightStep = TwoRows(rightAlong), leftStep = TwoRows(leftAlong), lowerHalf = leftAlong ? 64 * DepthWords : 64 / 4;
            int leftLength = leftStep + (size > 64 ? lowerHalf : 0) + 1;
            var even = memory.SubView(rightAt, rightStep + 1);
            var odd = memory.SubView(Odd(rightAlong, rightAt), rightStep + 1);
            TakeRight(rightAlong, even[0], odd[0], even[rightStep], odd[rightStep]);
            even = memory.SubView(leftAt, leftLength);
            odd = memory.SubView(Odd(leftAlong, leftAt), leftLength);
            TakeLeft(leftAlong, even[0], odd[0], even[leftStep], odd[leftStep]);
            precision.Multiply0();
            if (size > 64)
            {
                TakeLeft(leftAlong, even[lowerHalf], odd[lowerHalf], even[lowerHalf + leftStep], odd[lowerHalf + leftStep]);
                precision.Multiply1();
            }

            // The first panel that is sent for here goes to the last buffer; behind that the ring begins anew.
            SendWhole(ref copies, memory, leftAlong, rightAlong, worked == 0 ? bufferWords - ring : bufferWords);
            int step = worked + bufferWords < ring ? bufferWords : bufferWords - ring;
            worked += step;
            leftAt += step;
            rightAt += step;
        }
    }

    // Sends for the next panel where it lies inside its matrices as a whole, and moves on to the one behind. There is no branch:
    // this and the work are one run of instructions.
    private static void SendWhole(ref Copies copies, ArrayView<Float4> memory, bool leftAlong, bool rightAlong, int step)
    {
        Factors factors = copies.Factors;
        int isWhole = copies.Depth <= copies.LastWhole ? 1 : 0;
        Copy(memory, copies.LeftTo, factors.Left, copies.LeftFrom, leftAlong, factors.LeftRowStride, factors.LeftDepthStride, isWhole);
        Copy(memory, copies.RightTo, factors.Right, copies.RightFrom, rightAlong, factors.RightRowStride, factors.RightDepthStride, isWhole);
        TensorCores.CommitCopies();
        copies.Depth += Depth;
        copies.LeftFrom += Depth * factors.LeftDepthStride;
        copies.RightFrom += Depth * factors.RightDepthStride;
        copies.LeftTo += step;
        copies.RightTo += step;
    }

    // Sends for it where it does not, if there is one.
    private static void SendEdge(Copies copies, ArrayView<Float4> memory, bool leftAlong, bool rightAlong, int rows, int columns)
    {
        Factors factors = copies.Factors;
        int depth = factors.Depth - copies.Depth;
        if (copies.Depth > copies.LastWhole && depth > 0)
        {
            CopyEdge(memory, copies.LeftTo, factors.Left, copies.LeftFrom, leftAlong, factors.LeftRowStride, factors.LeftDepthStride, factors.LeftIsAligned != 0, rows, depth);
            CopyEdge(memory, copies.RightTo, factors.Right, copies.RightFrom, rightAlong, factors.RightRowStride, factors.RightDepthStride, factors.RightIsAligned != 0, columns, depth);
        }
    }

    // From the end of the first product to the beginning of the second.
    private static void Begin(ref Copies copies, Factors second, bool inside, int firstPanels)
    {
        copies.Factors = second;
        copies.Depth = 0;
        copies.LastWhole = inside ? second.Depth - Depth : -1;
        copies.LeftFrom -= firstPanels * Depth * second.LeftDepthStride;
        copies.RightFrom -= firstPanels * Depth * second.RightDepthStride;
    }

    // A lane's word of row 4w and depths 4c …, or of rows 4w … and depth 4c, of 32 rows from firstRow on.
    private static int FirstWord(bool alongDepth, int firstRow)
    {
        int w = FourRows(Lane >> 2), c = Lane & 3;
        return alongDepth ? PlaceAlong(firstRow + (4 * w), c) : PlaceAcross(4 * c, (firstRow >> 2) + w);
    }

    // The word of row 4w + 1, which is row 4w's neighbour on one side or the other; or of depth 4c + 1.
    private static int Odd(bool alongDepth, int even) => alongDepth ? even ^ DepthWords : even + (default(TTile).Size / 4);

    // From row 4w to 4w + 2, and from 4w + 1 to 4w + 3; or from depth 4c to 4c + 2.
    private static int TwoRows(bool alongDepth) => alongDepth ? 2 * DepthWords : 2 * (default(TTile).Size / 4);

    // v0 to v3: rows 4w to 4w + 3 at depths 4c to 4c + 3 each, or at one of these depths each.
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

    private static void TakeRight(bool alongDepth, Float4 v0, Float4 v1, Float4 v2, Float4 v3)
    {
        TPrecision precision = default;
        if (alongDepth)
        {
            precision.Right0(v0);
            precision.Right1(v1);
            precision.Right2(v2);
            precision.Right3(v3);
        }
        else
        {
            precision.Right0(Float4.Of(v0.X, v1.X, v2.X, v3.X));
            precision.Right1(Float4.Of(v0.Y, v1.Y, v2.Y, v3.Y));
            precision.Right2(Float4.Of(v0.Z, v1.Z, v2.Z, v3.Z));
            precision.Right3(Float4.Of(v0.W, v1.W, v2.W, v3.W));
        }
    }

    // An item copies two words of a panel, neighbours in memory for neighbouring items: in [row][depth] of rows a quarter of
    // the group apart, in [depth][row] of depths 8 apart.
    private static int CopyPlace(bool alongDepth) => alongDepth
        ? PlaceAlong(Group.IdxX >> 2, Group.IdxX & 3)
        : PlaceAcross(CopyDepth, CopyRowWord);

    // Which of 8 depths, and which word of its rows: a depth has 8 words a warp of those side by side.
    private static int CopyDepth => Group.IdxX >> (3 + default(TTile).AcrossBits);

    private static int CopyRowWord => Group.IdxX & ((default(TTile).Size / 4) - 1);

    // Where the first of both stands in the matrix in the first panel.
    private static int CopyStart(bool alongDepth, int firstRow, int rowStride, int depthStride) => alongDepth
        ? ((firstRow + (Group.IdxX >> 2)) * rowStride) + (4 * (Group.IdxX & 3))
        : firstRow + (4 * CopyRowWord) + (CopyDepth * depthStride);

    // Sends for both words, which lie inside, where it is wanted.
    private static void Copy(ArrayView<Float4> memory, int to, ArrayView<float> matrix, int from, bool alongDepth, int rowStride, int depthStride, int isWanted)
    {
        TTile tile = default;
        TensorCores.CopyFourIf(isWanted, memory, to, matrix, from);
        if (alongDepth)
            TensorCores.CopyFourIf(isWanted, memory, to + tile.GroupSize, matrix, from + ((tile.GroupSize / 4) * rowStride));
        else
            TensorCores.CopyFourIf(isWanted, memory, (to + (2 * tile.Size)) ^ 2, matrix, from + (8 * depthStride));
    }

    // Sends for both words, of which some lies outside, or which are not aligned. rows and depth: what is left of the matrix
    // from the panel's first row and depth on.
    private static void CopyEdge(
        ArrayView<Float4> memory, int to, ArrayView<float> matrix, int from, bool alongDepth, int rowStride, int depthStride, bool aligned, int rows, int depth)
    {
        TTile tile = default;
        if (alongDepth)
        {
            int row = Group.IdxX >> 2, further = tile.GroupSize / 4, count = depth - (4 * (Group.IdxX & 3));
            CopyEdge(memory, to, matrix, from, row < rows ? count : 0, aligned);
            CopyEdge(memory, to + tile.GroupSize, matrix, from + (further * rowStride), row + further < rows ? count : 0, aligned);
        }
        else
        {
            int count = rows - (4 * CopyRowWord);
            CopyEdge(memory, to, matrix, from, CopyDepth < depth ? count : 0, aligned);
            CopyEdge(memory, (to + (2 * tile.Size)) ^ 2, matrix, from + (8 * depthStride), CopyDepth + 8 < depth ? count : 0, aligned);
        }
    }

    // count of the four floats are there, the others are zeros.
    private static void CopyEdge(ArrayView<Float4> memory, int word, ArrayView<float> matrix, int from, int count, bool aligned)
    {
        count = XMath.Max(XMath.Min(count, 4), 0);
        if (count == 0)
            from = 0;
        if (aligned)
        {
            TensorCores.CopyFour(memory, word, matrix, from, count);
        }
        else
        {
            var floats = memory.Cast<float>();
            TensorCores.CopyOne(floats, 4 * word, matrix, from, XMath.Min(count, 1));
            TensorCores.CopyOne(floats, (4 * word) + 1, matrix, from + 1, count > 1 ? 1 : 0);
            TensorCores.CopyOne(floats, (4 * word) + 2, matrix, from + 2, count > 2 ? 1 : 0);
            TensorCores.CopyOne(floats, (4 * word) + 3, matrix, from + 3, count > 3 ? 1 : 0);
        }
    }

    // The panel that is sent for next.
    private struct Copies
    {
        public Factors Factors;

        // Its first depth, and the last one at which a panel lies inside its matrices as a whole.
        public int Depth;
        public int LastWhole;

        // This item's first word of each factor: where it stands, and where it goes.
        public int LeftFrom;
        public int RightFrom;
        public int LeftTo;
        public int RightTo;
    }
}
