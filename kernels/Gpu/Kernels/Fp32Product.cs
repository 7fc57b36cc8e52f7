namespace EDA.Kernels.Gpu;

/// <summary>
/// Products in float32 on the multiply-add units, exact but for float32 rounding. A tile of 64 × 64 by 128 items, each
/// 8 × 4 of it in registers, from panels of 16 of the depth in shared memory: 3 shared loads of 128 bits for 32
/// multiply-adds. While one panel is worked through, the next is on its way from memory to registers, and goes to the
/// other of two buffers: one barrier a panel.
/// </summary>
public readonly struct Fp32Product : IProduct
{
    private const int Depth = 16;
    private const int Stride4 = ProductTile.Stride / 4;
    private const int Panel4 = Depth * Stride4;

    /// <inheritdoc/>
    public int GroupSize => ProductTile.GroupSize;

    /// <inheritdoc/>
    public int TileRows => ProductTile.Size;

    /// <inheritdoc/>
    public int TileColumns => ProductTile.Size;

    /// <inheritdoc/>
    public int Parts => 1;

    /// <inheritdoc/>
    public ArrayView<Float4> Sum(Factors first, Factors second, int firstRow, int firstColumn, int rows, int columns)
    {
        var left = SharedMemory.Allocate<Float4>(2 * Depth * ProductTile.Stride / 4);
        var right = SharedMemory.Allocate<Float4>(2 * Depth * ProductTile.Stride / 4);
        var quads = SharedMemory.Allocate<Float4>(Product.QuadsPerPart * ProductTile.GroupSize);
        // 16 items along the columns, 8 along the rows.
        int column = Group.IdxX & 15, row = Group.IdxX >> 4;
        Float4 c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default, c6 = default, c7 = default;
        Float8 nextLeft = default, nextRight = default;
        int firstPanels = (first.Depth + Depth - 1) / Depth;
        int panels = firstPanels + ((second.Depth + Depth - 1) / Depth);
        Fetch(first, second, firstPanels, 0, firstRow, rows, firstColumn, columns, ref nextLeft, ref nextRight);
        Put(first, second, firstPanels, 0, firstRow, rows, firstColumn, columns, left, right, nextLeft, nextRight);
        Group.Barrier();
        for (int panel = 0; panel < panels; panel++)
        {
            int next = panel + 1;
            if (next < panels)
                Fetch(first, second, firstPanels, next, firstRow, rows, firstColumn, columns, ref nextLeft, ref nextRight);
            int leftAt = ((panel & 1) * Panel4) + (2 * row), rightAt = ((panel & 1) * Panel4) + column;
            for (int d = 0; d < Depth; d++)
            {
                Float4 low = left[leftAt];
                Float4 high = left[leftAt + 1];
                Float4 values = right[rightAt];
                leftAt += Stride4;
                rightAt += Stride4;
                Float4.AddProduct(ref c0, low.X, values);
                Float4.AddProduct(ref c1, low.Y, values);
                Float4.AddProduct(ref c2, low.Z, values);
                Float4.AddProduct(ref c3, low.W, values);
                Float4.AddProduct(ref c4, high.X, values);
                Float4.AddProduct(ref c5, high.Y, values);
                Float4.AddProduct(ref c6, high.Z, values);
                Float4.AddProduct(ref c7, high.W, values);
            }

            if (next < panels)
                Put(first, second, firstPanels, next, firstRow, rows, firstColumn, columns, left, right, nextLeft, nextRight);
            Group.Barrier();
        }

        int at = Group.IdxX;
        quads[at] = c0;
        quads[at + ProductTile.GroupSize] = c1;
        quads[at + (2 * ProductTile.GroupSize)] = c2;
        quads[at + (3 * ProductTile.GroupSize)] = c3;
        quads[at + (4 * ProductTile.GroupSize)] = c4;
        quads[at + (5 * ProductTile.GroupSize)] = c5;
        quads[at + (6 * ProductTile.GroupSize)] = c6;
        quads[at + (7 * ProductTile.GroupSize)] = c7;
        return quads;
    }

    /// <summary>Nothing is left to do: there is one part, and <see cref="Sum"/> has put it there.</summary>
    /// <inheritdoc/>
    public void Put(ArrayView<Float4> memory, int part)
    {
    }

    /// <inheritdoc/>
    public int Row(int part, int quad) => (8 * (Group.IdxX >> 4)) + quad;

    /// <inheritdoc/>
    public int Column(int quad) => 4 * (Group.IdxX & 15);

    // This item's 8 elements of each factor's next panel, from memory.
    private static void Fetch(
        Factors first, Factors second, int firstPanels, int panel, int firstRow, int rows, int firstColumn, int columns, ref Float8 left, ref Float8 right)
    {
        var factors = panel < firstPanels ? first : second;
        int depth = (panel < firstPanels ? panel : panel - firstPanels) * Depth;
        if (InQuads(factors.LeftIsAligned, firstRow, rows, depth, factors.Depth))
            FetchQuads(factors.Left, factors.LeftRowStride, factors.LeftDepthStride, firstRow, depth, ref left);
        else
            FetchElements(factors.Left, factors.LeftRowStride, factors.LeftDepthStride, firstRow, rows, depth, factors.Depth, ref left);
        if (InQuads(factors.RightIsAligned, firstColumn, columns, depth, factors.Depth))
            FetchQuads(factors.Right, factors.RightRowStride, factors.RightDepthStride, firstColumn, depth, ref right);
        else
            FetchElements(factors.Right, factors.RightRowStride, factors.RightDepthStride, firstColumn, columns, depth, factors.Depth, ref right);
    }

    // And to the shared buffer whose turn it is, as [depth][row].
    private static void Put(
        Factors first, Factors second, int firstPanels, int panel, int firstRow, int rows, int firstColumn, int columns,
        ArrayView<Float4> left, ArrayView<Float4> right, Float8 nextLeft, Float8 nextRight)
    {
        var factors = panel < firstPanels ? first : second;
        int depth = (panel < firstPanels ? panel : panel - firstPanels) * Depth, start = (panel & 1) * Panel4;
        if (InQuads(factors.LeftIsAligned, firstRow, rows, depth, factors.Depth))
            PutQuads(left, start, factors.LeftDepthStride, nextLeft);
        else
            PutElements(left.Cast<float>(), 4 * start, factors.LeftDepthStride, nextLeft);
        if (InQuads(factors.RightIsAligned, firstColumn, columns, depth, factors.Depth))
            PutQuads(right, start, factors.RightDepthStride, nextRight);
        else
            PutElements(right.Cast<float>(), 4 * start, factors.RightDepthStride, nextRight);
    }

    // Four elements at a time where a whole panel lies inside an aligned matrix; else one at a time, zeros outside.
    private static bool InQuads(int aligned, int firstRow, int rows, int firstDepth, int depth) =>
        aligned != 0 && firstRow + ProductTile.Size <= rows && firstDepth + Depth <= depth;

    // Neighbouring items take neighbouring elements of memory: along the depth where that stands together, and else
    // along the rows.
    private static void FetchQuads(ArrayView<float> matrix, int rowStride, int depthStride, int firstRow, int firstDepth, ref Float8 values)
    {
        var quads = matrix.AsAligned(16).Cast<Float4>();
        int item = Group.IdxX;
        bool alongDepth = depthStride == 1;
        int row = firstRow + (alongDepth ? item >> 2 : 4 * (item & 15));
        int k = firstDepth + (alongDepth ? 4 * (item & 3) : item >> 4);
        int at = ((row * rowStride) + (k * depthStride)) >> 2;
        Float4 low = quads[at];
        Float4 high = quads[at + (alongDepth ? 8 * rowStride : 2 * depthStride)];
        values.V0 = low.X;
        values.V1 = low.Y;
        values.V2 = low.Z;
        values.V3 = low.W;
        values.V4 = high.X;
        values.V5 = high.Y;
        values.V6 = high.Z;
        values.V7 = high.W;
    }

    private static void PutQuads(ArrayView<Float4> panel, int start, int depthStride, Float8 values)
    {
        int item = Group.IdxX;
        if (depthStride == 1)
        {
            var scalars = panel.Cast<float>();
            int at = (4 * start) + (4 * (item & 3) * ProductTile.Stride) + (item >> 2);
            scalars[at] = values.V0;
            scalars[at + ProductTile.Stride] = values.V1;
            scalars[at + (2 * ProductTile.Stride)] = values.V2;
            scalars[at + (3 * ProductTile.Stride)] = values.V3;
            scalars[at + 32] = values.V4;
            scalars[at + ProductTile.Stride + 32] = values.V5;
            scalars[at + (2 * ProductTile.Stride) + 32] = values.V6;
            scalars[at + (3 * ProductTile.Stride) + 32] = values.V7;
            return;
        }

        int quad = start + ((item >> 4) * Stride4) + (item & 15);
        Float4 low = default, high = default;
        low.X = values.V0;
        low.Y = values.V1;
        low.Z = values.V2;
        low.W = values.V3;
        high.X = values.V4;
        high.Y = values.V5;
        high.Z = values.V6;
        high.W = values.V7;
        panel[quad] = low;
        panel[quad + (8 * Stride4)] = high;
    }

    private static void FetchElements(
        ArrayView<float> matrix, int rowStride, int depthStride, int firstRow, int rows, int firstDepth, int depth, ref Float8 values)
    {
        int item = Group.IdxX;
        bool alongDepth = depthStride == 1;
        int row = firstRow + (alongDepth ? item >> 4 : item & 63);
        int k = firstDepth + (alongDepth ? item & 15 : item >> 6);
        int rowStep = alongDepth ? 8 : 0, depthStep = alongDepth ? 0 : 2;
        values.V0 = Element(matrix, rowStride, depthStride, row, rows, k, depth);
        values.V1 = Element(matrix, rowStride, depthStride, row + rowStep, rows, k + depthStep, depth);
        values.V2 = Element(matrix, rowStride, depthStride, row + (2 * rowStep), rows, k + (2 * depthStep), depth);
        values.V3 = Element(matrix, rowStride, depthStride, row + (3 * rowStep), rows, k + (3 * depthStep), depth);
        values.V4 = Element(matrix, rowStride, depthStride, row + (4 * rowStep), rows, k + (4 * depthStep), depth);
        values.V5 = Element(matrix, rowStride, depthStride, row + (5 * rowStep), rows, k + (5 * depthStep), depth);
        values.V6 = Element(matrix, rowStride, depthStride, row + (6 * rowStep), rows, k + (6 * depthStep), depth);
        values.V7 = Element(matrix, rowStride, depthStride, row + (7 * rowStep), rows, k + (7 * depthStep), depth);
    }

    private static void PutElements(ArrayView<float> panel, int start, int depthStride, Float8 values)
    {
        int item = Group.IdxX;
        bool alongDepth = depthStride == 1;
        int row = alongDepth ? item >> 4 : item & 63;
        int k = alongDepth ? item & 15 : item >> 6;
        int at = start + (k * ProductTile.Stride) + row;
        int step = alongDepth ? 8 : 2 * ProductTile.Stride;
        panel[at] = values.V0;
        panel[at + step] = values.V1;
        panel[at + (2 * step)] = values.V2;
        panel[at + (3 * step)] = values.V3;
        panel[at + (4 * step)] = values.V4;
        panel[at + (5 * step)] = values.V5;
        panel[at + (6 * step)] = values.V6;
        panel[at + (7 * step)] = values.V7;
    }

    private static float Element(ArrayView<float> matrix, int rowStride, int depthStride, int row, int rows, int k, int depth)
    {
        float value = 0f;
        if (row < rows && k < depth)
            value = matrix[(row * rowStride) + (k * depthStride)];
        return value;
    }

    // Eight floats that stay in registers.
    private struct Float8
    {
        public float V0;
        public float V1;
        public float V2;
        public float V3;
        public float V4;
        public float V5;
        public float V6;
        public float V7;
    }
}
