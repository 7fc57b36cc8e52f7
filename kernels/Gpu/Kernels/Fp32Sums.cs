using System.Runtime.InteropServices;

namespace EDA.Kernels.Gpu;

/// <summary>An item's sums of a tile in float32, in registers.</summary>
internal interface IFp32Sums
{
    /// <summary>The rows, and the columns, of a tile.</summary>
    int Size { get; }

    /// <summary>The depths of a panel: as many as give each item four words of each factor.</summary>
    int Depth { get; }

    /// <summary>How many parts of a word of the left factor's there are, of which an item reads one: 1 or 2.</summary>
    int LeftParts { get; }

    /// <summary>Which part of which word this item reads first of a depth of the left factor's panel.</summary>
    int LeftPart { get; }

    /// <summary>Which word it reads of a depth of the right factor's.</summary>
    int RightWord { get; }

    /// <summary>Adds a panel, depth by depth.</summary>
    /// <param name="memory">The panels.</param>
    /// <param name="left">The item's first part of a word of the left factor's.</param>
    /// <param name="right">Its first word of the right factor's.</param>
    /// <param name="leftSwaps">3 where words change places in the left panel, 0 where they do not.</param>
    /// <param name="rightSwaps">The same for the right panel.</param>
    /// <param name="eights">How many times eight depths.</param>
    void Add(ArrayView<Float4> memory, int left, int right, int leftSwaps, int rightSwaps, int eights);

    /// <summary>Puts the sums into shared memory, quad n at n times the group's size plus the item.</summary>
    /// <param name="memory">The memory.</param>
    void Put(ArrayView<Float4> memory);
}

/// <summary>Two floats that are loaded by one 64-bit instruction.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal struct Float2
{
    /// <summary>The first.</summary>
    public float X;

    /// <summary>The second.</summary>
    public float Y;
}

/// <summary>
/// 8 × 4 sums of 64 × 64. The sixteen items of a row of the tile stand side by side; an item's rows are four, and the
/// four that are 32 below.
/// </summary>
internal struct LargeFp32Sums : IFp32Sums
{
    private const int Stride = 17;
    private const int Lower = 8;

    private Float4 _c0;
    private Float4 _c1;
    private Float4 _c2;
    private Float4 _c3;
    private Float4 _c4;
    private Float4 _c5;
    private Float4 _c6;
    private Float4 _c7;

    /// <summary>This item's word of a depth's columns.</summary>
    public static int ColumnWord => Group.IdxX & 15;

    /// <summary>The first of its two words of a depth's rows.</summary>
    public static int RowWord => Group.IdxX >> 4;

    /// <inheritdoc/>
    public readonly int Size => ProductTile.Size;

    /// <inheritdoc/>
    public readonly int Depth => 32;

    /// <inheritdoc/>
    public readonly int LeftParts => 1;

    /// <inheritdoc/>
    public readonly int LeftPart => RowWord;

    /// <inheritdoc/>
    public readonly int RightWord => ColumnWord;

    /// <inheritdoc/>
    public void Add(ArrayView<Float4> memory, int left, int right, int leftSwaps, int rightSwaps, int eights)
    {
        // The first depth's factors are on their way before the eight before it are done with.
        int leftAt = left, rightAt = right;
        Float4 low = memory[leftAt], high = memory[leftAt + Lower], values = memory[rightAt];
        for (int n = 1; n <= eights; n++)
        {
            var l = memory.SubView(leftAt, (7 * Stride) + Lower + 1);
            var r = memory.SubView(rightAt, (7 * Stride) + 1);
            int after = n < eights ? n : 0;
            leftAt = (left + (after * 8 * Stride)) ^ (after & leftSwaps);
            rightAt = (right + (after * 8 * Stride)) ^ (after & rightSwaps);
            Add(low, high, values);
            Add(l[Stride], l[Stride + Lower], r[Stride]);
            Add(l[2 * Stride], l[(2 * Stride) + Lower], r[2 * Stride]);
            Add(l[3 * Stride], l[(3 * Stride) + Lower], r[3 * Stride]);
            Add(l[4 * Stride], l[(4 * Stride) + Lower], r[4 * Stride]);
            Add(l[5 * Stride], l[(5 * Stride) + Lower], r[5 * Stride]);
            Add(l[6 * Stride], l[(6 * Stride) + Lower], r[6 * Stride]);
            low = memory[leftAt];
            high = memory[leftAt + Lower];
            values = memory[rightAt];
            Add(l[7 * Stride], l[(7 * Stride) + Lower], r[7 * Stride]);
        }
    }

    /// <inheritdoc/>
    public readonly void Put(ArrayView<Float4> memory)
    {
        int at = Group.IdxX;
        memory[at] = _c0;
        memory[at + ProductTile.GroupSize] = _c1;
        memory[at + (2 * ProductTile.GroupSize)] = _c2;
        memory[at + (3 * ProductTile.GroupSize)] = _c3;
        memory[at + (4 * ProductTile.GroupSize)] = _c4;
        memory[at + (5 * ProductTile.GroupSize)] = _c5;
        memory[at + (6 * ProductTile.GroupSize)] = _c6;
        memory[at + (7 * ProductTile.GroupSize)] = _c7;
    }

    private void Add(Float4 low, Float4 high, Float4 values)
    {
        Float4.AddProduct(ref _c0, low.X, values);
        Float4.AddProduct(ref _c1, low.Y, values);
        Float4.AddProduct(ref _c2, low.Z, values);
        Float4.AddProduct(ref _c3, low.W, values);
        Float4.AddProduct(ref _c4, high.X, values);
        Float4.AddProduct(ref _c5, high.Y, values);
        Float4.AddProduct(ref _c6, high.Z, values);
        Float4.AddProduct(ref _c7, high.W, values);
    }
}

/// <summary>2 × 4 sums of 32 × 32. The eight items of a row of the tile stand side by side.</summary>
internal struct SmallFp32Sums : IFp32Sums
{
    private const int Stride = 9;

    private Float4 _c0;
    private Float4 _c1;

    /// <summary>This item's word of a depth's columns.</summary>
    public static int ColumnWord => Group.IdxX & 7;

    /// <summary>Its two rows.</summary>
    public static int RowPair => Group.IdxX >> 3;

    /// <inheritdoc/>
    public readonly int Size => 32;

    /// <inheritdoc/>
    public readonly int Depth => 64;

    /// <inheritdoc/>
    public readonly int LeftParts => 2;

    /// <inheritdoc/>
    public readonly int LeftPart => RowPair;

    /// <inheritdoc/>
    public readonly int RightWord => ColumnWord;

    /// <inheritdoc/>
    public void Add(ArrayView<Float4> memory, int left, int right, int leftSwaps, int rightSwaps, int eights)
    {
        // The first four depths' factors are on their way before the eight before them are done with, and in registers from one
        // round to the next: the assembler would rather load late than hold what it could load early.
        var pairs = memory.Cast<Float2>();
        var l = pairs.SubView(left, (6 * Stride) + 1);
        var r = memory.SubView(right, (3 * Stride) + 1);
        Float2 rows0 = l[0], rows1 = l[2 * Stride], rows2 = l[4 * Stride], rows3 = l[6 * Stride];
        Float4 values0 = r[0], values1 = r[Stride], values2 = r[2 * Stride], values3 = r[3 * Stride];
        int leftAt = left, rightAt = right;
        for (int n = 1; n <= eights; n++)
        {
            l = pairs.SubView(leftAt, (14 * Stride) + 1);
            r = memory.SubView(rightAt, (7 * Stride) + 1);
            Float2 rows4 = l[8 * Stride], rows5 = l[10 * Stride], rows6 = l[12 * Stride], rows7 = l[14 * Stride];
            Float4 values4 = r[4 * Stride], values5 = r[5 * Stride], values6 = r[6 * Stride], values7 = r[7 * Stride];
            Add(rows0, values0);
            Add(rows1, values1);
            Add(rows2, values2);
            Add(rows3, values3);
            int after = n < eights ? n : 0;
            leftAt = (left + (after * 16 * Stride)) ^ (2 * (after & leftSwaps));
            rightAt = (right + (after * 8 * Stride)) ^ (after & rightSwaps);
            l = pairs.SubView(leftAt, (6 * Stride) + 1);
            r = memory.SubView(rightAt, (3 * Stride) + 1);
            rows0 = l[0];
            rows1 = l[2 * Stride];
            rows2 = l[4 * Stride];
            rows3 = l[6 * Stride];
            values0 = r[0];
            values1 = r[Stride];
            values2 = r[2 * Stride];
            values3 = r[3 * Stride];
            Add(rows4, values4);
            Add(rows5, values5);
            Add(rows6, values6);
            Add(rows7, values7);
        }
    }

    /// <inheritdoc/>
    public readonly void Put(ArrayView<Float4> memory)
    {
        memory[Group.IdxX] = _c0;
        memory[Group.IdxX + ProductTile.GroupSize] = _c1;
    }

    private void Add(Float2 rows, Float4 values)
    {
        Float4.AddProduct(ref _c0, rows.X, values);
        Float4.AddProduct(ref _c1, rows.Y, values);
    }
}
