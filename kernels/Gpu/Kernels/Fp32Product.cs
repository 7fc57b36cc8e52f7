namespace EDA.Kernels.Gpu;

/// <summary>
/// Products in float32 on the multiply-add units, exact but for float32 rounding. A tile of 64 × 64 by 128 items, each
/// 8 × 4 of it in registers: 3 shared loads of 128 bits for 32 multiply-adds (<see cref="Fp32Panels{TSums}"/>).
/// </summary>
public readonly struct Fp32Product : IProduct
{
    /// <inheritdoc/>
    public int GroupSize => ProductTile.GroupSize;

    /// <inheritdoc/>
    public int TileRows => ProductTile.Size;

    /// <inheritdoc/>
    public int TileColumns => ProductTile.Size;

    /// <inheritdoc/>
    public int Parts => 1;

    /// <inheritdoc/>
    public int Quads => 8;

    /// <inheritdoc/>
    public ArrayView<Float4> Sum(Factors first, Factors second, int firstRow, int firstColumn, int rows, int columns)
    {
        // Here, because ILGPU wants the extent as a number where it is asked for.
        var memory = SharedMemory.Allocate<Float4>(2 * 2 * 32 * ((ProductTile.Size / 4) + 1));
        Fp32Panels<LargeFp32Sums>.Sum(memory, first, second, firstRow, firstColumn, rows, columns);
        return memory;
    }

    /// <summary>Nothing is left to do: there is one part, and <see cref="Sum"/> has put it there.</summary>
    /// <inheritdoc/>
    public void Put(ArrayView<Float4> memory, int part)
    {
    }

    /// <inheritdoc/>
    public int Row(int part, int quad) => (4 * LargeFp32Sums.RowWord) + (quad & 3) + (8 * (quad & 4));

    /// <inheritdoc/>
    public int Column(int quad) => 4 * LargeFp32Sums.ColumnWord;
}

/// <summary>
/// The same in tiles of 32 × 32 by 128 items, each 2 × 4 of it, for products of few tiles. The sums have the same bits.
/// </summary>
public readonly struct Fp32SmallProduct : IProduct
{
    private const int Size = 32;

    /// <inheritdoc/>
    public int GroupSize => ProductTile.GroupSize;

    /// <inheritdoc/>
    public int TileRows => Size;

    /// <inheritdoc/>
    public int TileColumns => Size;

    /// <inheritdoc/>
    public int Parts => 1;

    /// <inheritdoc/>
    public int Quads => 2;

    /// <inheritdoc/>
    public ArrayView<Float4> Sum(Factors first, Factors second, int firstRow, int firstColumn, int rows, int columns)
    {
        // Here, because ILGPU wants the extent as a number where it is asked for.
        var memory = SharedMemory.Allocate<Float4>(2 * 2 * 64 * ((Size / 4) + 1));
        Fp32Panels<SmallFp32Sums>.Sum(memory, first, second, firstRow, firstColumn, rows, columns);
        return memory;
    }

    /// <summary>Nothing is left to do: there is one part, and <see cref="Sum"/> has put it there.</summary>
    /// <inheritdoc/>
    public void Put(ArrayView<Float4> memory, int part)
    {
    }

    /// <inheritdoc/>
    public int Row(int part, int quad) => (2 * SmallFp32Sums.RowPair) + quad;

    /// <inheritdoc/>
    public int Column(int quad) => 4 * SmallFp32Sums.ColumnWord;
}
