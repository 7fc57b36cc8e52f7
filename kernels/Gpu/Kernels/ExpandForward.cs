namespace EDA.Kernels.Gpu;

/// <summary>
/// A layer with its activation, forward, in float32: z = x·Wᵀ + b, a = SiLU(z).
/// Reads x [n×K], W [M×K], b [M]; overwrites z [n×M] and a [n×M]. 2nKM FLOP; 4(nK + MK + 2nM) bytes at the least.
/// A group makes a tile of 64 rows × 64 columns, each item 8 × 4 of it in registers, from panels of 16 of K in shared
/// memory: 3 shared loads of 128 bits for 32 multiply-adds. Sizes need not be multiples of anything: what lies outside
/// is loaded as zero and not stored.
/// </summary>
public static class ExpandForward
{
    /// <summary>The number of items in a group.</summary>
    public const int GroupSize = 128;

    /// <summary>The rows and the columns of a group's tile.</summary>
    public const int Tile = 64;

    private const int Depth = 16;

    // Rows of a panel stand 4 floats further apart than they are long: stores of one column hit different banks.
    private const int Stride = Tile + 4;

    /// <summary>The kernel: a grid of ⌈M/64⌉ × ⌈n/64⌉ groups.</summary>
    /// <param name="input">x [n×K].</param>
    /// <param name="weight">W [M×K].</param>
    /// <param name="bias">b [M].</param>
    /// <param name="preactivation">z [n×M].</param>
    /// <param name="activation">a [n×M].</param>
    /// <param name="rows">n.</param>
    /// <param name="inner">K.</param>
    /// <param name="columns">M.</param>
    [GpuKernel(GroupSize)]
    public static void Run(
        ArrayView<float> input,
        ArrayView<float> weight,
        ArrayView<float> bias,
        ArrayView<float> preactivation,
        ArrayView<float> activation,
        int rows,
        int inner,
        int columns)
    {
        var inputPanel = SharedMemory.Allocate<Float4>(Depth * Stride / 4);
        var weightPanel = SharedMemory.Allocate<Float4>(Depth * Stride / 4);
        int firstRow = Grid.IdxY * Tile, firstColumn = Grid.IdxX * Tile;
        // 16 items along the columns, 8 along the rows.
        int column = Group.IdxX % 16, row = Group.IdxX / 16;
        Float4 c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default, c6 = default, c7 = default;
        for (int k = 0; k < inner; k += Depth)
        {
            LoadPanel(input, inputPanel.Cast<float>(), firstRow, rows, k, inner);
            LoadPanel(weight, weightPanel.Cast<float>(), firstColumn, columns, k, inner);
            Group.Barrier();
            for (int d = 0; d < Depth; d++)
            {
                Float4 low = inputPanel[(d * (Stride / 4)) + (2 * row)];
                Float4 high = inputPanel[(d * (Stride / 4)) + (2 * row) + 1];
                Float4 values = weightPanel[(d * (Stride / 4)) + column];
                Float4.AddProduct(ref c0, low.X, values);
                Float4.AddProduct(ref c1, low.Y, values);
                Float4.AddProduct(ref c2, low.Z, values);
                Float4.AddProduct(ref c3, low.W, values);
                Float4.AddProduct(ref c4, high.X, values);
                Float4.AddProduct(ref c5, high.Y, values);
                Float4.AddProduct(ref c6, high.Z, values);
                Float4.AddProduct(ref c7, high.W, values);
            }

            // The panels are free for the next ones only when all have read them.
            Group.Barrier();
        }

        int r = firstRow + (8 * row), j = firstColumn + (4 * column);
        StoreRow(c0, bias, preactivation, activation, r, rows, j, columns);
        StoreRow(c1, bias, preactivation, activation, r + 1, rows, j, columns);
        StoreRow(c2, bias, preactivation, activation, r + 2, rows, j, columns);
        StoreRow(c3, bias, preactivation, activation, r + 3, rows, j, columns);
        StoreRow(c4, bias, preactivation, activation, r + 4, rows, j, columns);
        StoreRow(c5, bias, preactivation, activation, r + 5, rows, j, columns);
        StoreRow(c6, bias, preactivation, activation, r + 6, rows, j, columns);
        StoreRow(c7, bias, preactivation, activation, r + 7, rows, j, columns);
    }

    // 64 rows × 16 of K of a row-major matrix, transposed to [16][Stride].
    private static void LoadPanel(ArrayView<float> matrix, ArrayView<float> panel, int firstRow, int rows, int firstInner, int inner)
    {
        int d = Group.IdxX % Depth;
        int k = firstInner + d;
        for (int i = Group.IdxX / Depth; i < Tile; i += GroupSize / Depth)
        {
            int row = firstRow + i;
            float value = 0f;
            if (row < rows && k < inner)
                value = matrix[(row * inner) + k];
            panel[(d * Stride) + i] = value;
        }
    }

    private static void StoreRow(
        Float4 sum, ArrayView<float> bias, ArrayView<float> preactivation, ArrayView<float> activation, int row, int rows, int column, int columns)
    {
        if (row >= rows)
            return;
        int start = row * columns;
        Store(sum.X, bias, preactivation, activation, start, column, columns);
        Store(sum.Y, bias, preactivation, activation, start, column + 1, columns);
        Store(sum.Z, bias, preactivation, activation, start, column + 2, columns);
        Store(sum.W, bias, preactivation, activation, start, column + 3, columns);
    }

    private static void Store(
        float sum, ArrayView<float> bias, ArrayView<float> preactivation, ArrayView<float> activation, int start, int column, int columns)
    {
        if (column >= columns)
            return;
        float z = sum + bias[column];
        preactivation[start + column] = z;
        activation[start + column] = Silu.Invoke(z);
    }
}
