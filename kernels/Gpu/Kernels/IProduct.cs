namespace EDA.Kernels.Gpu;

/// <summary>
/// How a group makes a tile of a matrix product: one implementation a precision and a size of tile. What happens to the
/// sums afterwards is written once: it asks for the tile part by part, each in shared memory.
/// </summary>
public interface IProduct
{
    /// <summary>The number of items in a group.</summary>
    int GroupSize { get; }

    /// <summary>The rows of a tile.</summary>
    int TileRows { get; }

    /// <summary>The columns of a tile.</summary>
    int TileColumns { get; }

    /// <summary>The rows of a part of the tile, a divisor of <see cref="TileRows"/>.</summary>
    int PartRows { get; }

    /// <summary>From one row of a part in shared memory to the next.</summary>
    int Stride { get; }

    /// <summary>
    /// Makes the tile's sums Σ_k left₀·right₀ + Σ_k left₁·right₁; what lies outside the product's rows and columns counts
    /// as 0. All items of the group must call it, once in a kernel.
    /// </summary>
    /// <param name="first">The first product.</param>
    /// <param name="second">The second, end to end with the first and laid out like it; Depth 0 for none.</param>
    /// <param name="firstRow">The tile's first row.</param>
    /// <param name="firstColumn">The tile's first column.</param>
    /// <param name="rows">The rows of the product.</param>
    /// <param name="columns">The columns of the product.</param>
    /// <returns>Shared memory for <see cref="Put"/>.</returns>
    ArrayView<float> Sum(Factors first, Factors second, int firstRow, int firstColumn, int rows, int columns);

    /// <summary>
    /// Puts a part of the tile into shared memory for all items of the group to read: element (i, j) of the part at
    /// i·<see cref="Stride"/> + j. All items must call it, for parts 0, 1, … in order.
    /// </summary>
    /// <param name="memory">What <see cref="Sum"/> returned.</param>
    /// <param name="factors">The first product, as <see cref="Sum"/> was given it.</param>
    /// <param name="part">Which part: rows part·<see cref="PartRows"/> to (part + 1)·PartRows − 1 of the tile.</param>
    void Put(ArrayView<float> memory, Factors factors, int part);
}

/// <summary>The tile of <see cref="Fp32Product"/>.</summary>
public static class ProductTile
{
    /// <summary>The number of items in a group.</summary>
    public const int GroupSize = 128;

    /// <summary>The rows and the columns of a tile.</summary>
    public const int Size = 64;

    /// <summary>From one row of a tile in shared memory to the next: not a multiple of 32 banks, but of 16 bytes.</summary>
    public const int Stride = Size + 4;
}
