namespace EDA.Kernels.Gpu;

/// <summary>
/// Products in float32, panel by panel of the depth: while one panel is worked through, the next is on its way from memory to
/// registers, and goes to the other of two buffers in shared memory. One barrier a panel. A panel is [depth][row], a depth of it
/// words of four rows each and one word more. Where the matrix stands along the depth, the words of each four change places in
/// the n-th eight depths, word w with w xor (n mod 4), so that a warp that stores 32 depths of four rows, a float at a time, meets
/// no bank twice. The sums go depth by depth, whatever the tile: its size does not show in their bits.
/// </summary>
/// <typeparam name="TSums">The tile.</typeparam>
internal static class Fp32Panels<TSums>
    where TSums : struct, IFp32Sums
{
    private static bool IsLarge => default(TSums).Size > 32;

    // From one depth of a panel to the next, in words.
    private static int Stride => (default(TSums).Size / 4) + 1;

    // A matrix that stands along the depth: eight items take 32 depths of a row, the group 16 rows at a time.
    private static int AlongDepth => 4 * (Group.IdxX & 7);

    private static int AlongRow => Group.IdxX >> 3;

    // One that stands along the rows: an item takes a word of a depth, the group 8 or 16 depths at a time.
    private static int AcrossWord => Group.IdxX & (IsLarge ? 15 : 7);

    private static int AcrossDepth => Group.IdxX >> (IsLarge ? 4 : 3);

    private static int AcrossDepths => IsLarge ? 8 : 16;

    /// <summary>Makes the tile's sums and puts each item's into shared memory.</summary>
    /// <param name="memory">Shared memory for two panels of each factor.</param>
    /// <param name="first">The first product.</param>
    /// <param name="second">The second.</param>
    /// <param name="firstRow">The tile's first row.</param>
    /// <param name="firstColumn">The tile's first column.</param>
    /// <param name="rows">The rows of the product.</param>
    /// <param name="columns">The columns of the product.</param>
    public static void Sum(ArrayView<Float4> memory, Factors first, Factors second, int firstRow, int firstColumn, int rows, int columns)
    {
        // A loop for each way to fetch: in the loop it must be a constant, or results that are on their way are waited for.
        TSums sums = default;
        bool whole = first.LeftIsAligned != 0 && firstRow + sums.Size <= rows && firstColumn + sums.Size <= columns && ((first.Depth | second.Depth) & (sums.Depth - 1)) == 0;
        if (whole && first.RightIsAligned != 0)
            Sum(memory, first, second, firstRow, firstColumn, rows, columns, true, true);
        else if (!IsLarge && whole)
            Sum(memory, first, second, firstRow, firstColumn, rows, columns, true, false);
        else
            Sum(memory, first, second, firstRow, firstColumn, rows, columns, false, false);
    }

    private static void Sum(
        ArrayView<Float4> memory, Factors first, Factors second, int firstRow, int firstColumn, int rows, int columns, bool whole, bool rightByFours)
    {
        TSums sums = default;
        int depth = sums.Depth, panelWords = depth * Stride;
        bool leftAlong = first.LeftIsAlongDepth != 0, rightAlong = first.RightIsAlongDepth != 0;

        // What this item takes of a panel: where its first word stands, and the second and third from there. All of it moves on
        // from panel to panel: ILGPU works out again in the loop what does not change in it.
        int leftFrom = Start(leftAlong, firstRow, first.LeftRowStride, first.LeftDepthStride), leftStep = depth * first.LeftDepthStride;
        int left1 = Second(leftAlong, first.LeftRowStride, first.LeftDepthStride), left2 = Third(leftAlong, first.LeftRowStride, first.LeftDepthStride);
        int rightFrom = Start(rightAlong, firstColumn, first.RightRowStride, first.RightDepthStride), rightStep = depth * first.RightDepthStride;
        int right1 = Second(rightAlong, first.RightRowStride, first.RightDepthStride), right2 = Third(rightAlong, first.RightRowStride, first.RightDepthStride);
        ArrayView<float> leftMatrix = first.Left, rightMatrix = first.Right;

        // Where it goes in the first buffer, in floats, and where sums begin in the second; then the other way round.
        int leftPlace = Place(leftAlong), rightPlace = (4 * panelWords) + Place(rightAlong), toOther = 2 * panelWords;
        int leftRead = (sums.LeftParts * toOther) + sums.LeftPart, rightRead = toOther + panelWords + sums.RightWord;
        FourWords left = default, right = default;
        int firstPanels = (first.Depth + depth - 1) / depth, panels = firstPanels + ((second.Depth + depth - 1) / depth);

        // How much of the depth there is from the next panel on, and from the one that is worked through.
        int ahead = first.Depth, there = 0;
        for (int panel = -1; panel < panels; panel++)
        {
            int next = panel + 1;
            if (next == firstPanels)
            {
                ahead = second.Depth;
                leftMatrix = second.Left;
                rightMatrix = second.Right;
                leftFrom -= firstPanels * leftStep;
                rightFrom -= firstPanels * rightStep;
            }

            if (ahead > 0)
            {
                if (whole)
                {
                    left.Load(leftMatrix, leftFrom, left1, left2);
                    if (rightByFours)
                        right.Load(rightMatrix, rightFrom, right1, right2);
                    else
                        right.LoadElements(rightMatrix, rightFrom, right1, right2);
                }
                else
                {
                    left.LoadEdge(leftMatrix, leftFrom, left1, left2, leftAlong, rows - firstRow, ahead);
                    right.LoadEdge(rightMatrix, rightFrom, right1, right2, rightAlong, columns - firstColumn, ahead);
                }
            }

            if (panel >= 0)
                sums.Add(memory, leftRead, rightRead, leftAlong ? 3 : 0, rightAlong ? 3 : 0, (XMath.Min(there, depth) + 7) >> 3);
            if (ahead > 0)
            {
                if (!whole)
                {
                    left.ClearEdge(leftAlong, rows - firstRow, ahead);
                    right.ClearEdge(rightAlong, columns - firstColumn, ahead);
                }

                Put(memory, leftPlace, leftAlong, left);
                Put(memory, rightPlace, rightAlong, right);
            }

            there = ahead;
            ahead -= depth;
            leftFrom += leftStep;
            rightFrom += rightStep;
            leftPlace += 4 * toOther;
            rightPlace += 4 * toOther;
            leftRead -= sums.LeftParts * toOther;
            rightRead -= toOther;
            toOther = -toOther;
            Group.Barrier();
        }

        sums.Put(memory);
    }

    private static int Start(bool along, int firstRow, int rowStride, int depthStride) => along
        ? ((firstRow + AlongRow) * rowStride) + AlongDepth
        : firstRow + (4 * AcrossWord) + (AcrossDepth * depthStride);

    // 16 rows or a group's depths further; then 32 rows, 32 depths, or twice a group's depths.
    private static int Second(bool along, int rowStride, int depthStride) => along ? 16 * rowStride : AcrossDepths * depthStride;

    private static int Third(bool along, int rowStride, int depthStride) => along ? (IsLarge ? 32 * rowStride : 32) : 2 * AcrossDepths * depthStride;

    // How many of a word's four are there, the group's n-th word of each item; rows and depth are what is left of the matrix
    // from the panel's first on.
    private static int Count(bool along, int n, int rows, int depth)
    {
        if (along)
        {
            int row = AlongRow + (16 * (n & 1)) + (IsLarge ? 16 * (n & 2) : 0), further = IsLarge ? 0 : 16 * (n & 2);
            return row < rows ? depth - AlongDepth - further : 0;
        }

        return AcrossDepth + (n * AcrossDepths) < depth ? rows - (4 * AcrossWord) : 0;
    }

    // The place in a panel of an item's first word, in floats.
    private static int Place(bool along) => along
        ? (AlongDepth * 4 * Stride) + (4 * ((AlongRow >> 2) ^ ((AlongDepth >> 3) & 3))) + (AlongRow & 3)
        : 4 * ((AcrossDepth * Stride) + AcrossWord);

    private static void Put(ArrayView<Float4> memory, int place, bool along, FourWords words)
    {
        if (along)
        {
            int third = IsLarge ? 32 : 32 * 4 * Stride;
            var floats = memory.Cast<float>().SubView(place, (3 * 4 * Stride) + third + 17);
            PutAlong(floats, 0, words.W0);
            PutAlong(floats, 16, words.W1);
            PutAlong(floats, third, words.W2);
            PutAlong(floats, third + 16, words.W3);
        }
        else
        {
            var quads = memory.SubView(place >> 2, (3 * AcrossDepths * Stride) + 1);
            quads[0] = words.W0;
            quads[AcrossDepths * Stride] = words.W1;
            quads[2 * AcrossDepths * Stride] = words.W2;
            quads[3 * AcrossDepths * Stride] = words.W3;
        }
    }

    private static void PutAlong(ArrayView<float> floats, int at, Float4 word)
    {
        floats[at] = word.X;
        floats[at + (4 * Stride)] = word.Y;
        floats[at + (2 * 4 * Stride)] = word.Z;
        floats[at + (3 * 4 * Stride)] = word.W;
    }

    // What an item takes of a panel of one factor.
    private struct FourWords
    {
        public Float4 W0;
        public Float4 W1;
        public Float4 W2;
        public Float4 W3;

        public void Load(ArrayView<float> matrix, int from, int second, int third)
        {
            var words = matrix.AsAligned(16).Cast<Float4>();
            W0 = words[from >> 2];
            W1 = words[(from + second) >> 2];
            W2 = words[(from + third) >> 2];
            W3 = words[(from + second + third) >> 2];
        }

        public void LoadElements(ArrayView<float> matrix, int from, int second, int third)
        {
            W0 = Elements(matrix, from);
            W1 = Elements(matrix, from + second);
            W2 = Elements(matrix, from + third);
            W3 = Elements(matrix, from + second + third);
        }

        // Something else for what lies outside.
        public void LoadEdge(ArrayView<float> matrix, int from, int second, int third, bool along, int rows, int depth)
        {
            W0 = Edge(matrix, from, Count(along, 0, rows, depth));
            W1 = Edge(matrix, from + second, Count(along, 1, rows, depth));
            W2 = Edge(matrix, from + third, Count(along, 2, rows, depth));
            W3 = Edge(matrix, from + second + third, Count(along, 3, rows, depth));
        }

        // Zeros for it, once it is there.
        public void ClearEdge(bool along, int rows, int depth)
        {
            W0 = Clear(W0, Count(along, 0, rows, depth));
            W1 = Clear(W1, Count(along, 1, rows, depth));
            W2 = Clear(W2, Count(along, 2, rows, depth));
            W3 = Clear(W3, Count(along, 3, rows, depth));
        }

        private static Float4 Elements(ArrayView<float> matrix, int from) => Float4.Of(matrix[from], matrix[from + 1], matrix[from + 2], matrix[from + 3]);

        private static Float4 Edge(ArrayView<float> matrix, int from, int count) => Float4.Of(
            matrix[count > 0 ? from : 0], matrix[count > 1 ? from + 1 : 0], matrix[count > 2 ? from + 2 : 0], matrix[count > 3 ? from + 3 : 0]);

        private static Float4 Clear(Float4 word, int count) => Float4.Of(
            count > 0 ? word.X : 0f, count > 1 ? word.Y : 0f, count > 2 ? word.Z : 0f, count > 3 ? word.W : 0f);
    }
}
