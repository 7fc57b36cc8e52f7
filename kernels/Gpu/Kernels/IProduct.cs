namespace EDA.Kernels.Gpu;

/// <summary>
/// How a group makes a tile of a matrix product: one implementation a precision and a size of tile. What happens to the
/// sums afterwards is written once (<see cref="TileEpilogue{TProduct, TEpilogue}"/>): each item has some quads of them, four
/// neighbouring columns of a row, and is given them part by part.
/// </summary>
public interface IProduct
{
    /// <summary>The number of items in a group.</summary>
    int GroupSize { get; }

    /// <summary>The rows of a tile.</summary>
    int TileRows { get; }

    /// <summary>The columns of a tile.</summary>
    int TileColumns { get; }

    /// <summary>The parts of a tile.</summary>
    int Parts { get; }

    /// <summary>The quads that an item has of a part; even.</summary>
    int Quads { get; }

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
    ArrayView<Float4> Sum(Factors first, Factors second, int firstRow, int firstColumn, int rows, int columns);

    /// <summary>Puts this item's quads of a part into shared memory, which no other thread reads: quad n at n·<see cref="GroupSize"/> + item.</summary>
    /// <param name="memory">What <see cref="Sum"/> returned.</param>
    /// <param name="part">Which part.</param>
    void Put(ArrayView<Float4> memory, int part);

    /// <summary>The row of the tile that a quad of this item is of.</summary>
    /// <param name="part">Which part.</param>
    /// <param name="quad">Which quad.</param>
    /// <returns>The row.</returns>
    int Row(int part, int quad);

    /// <summary>The first of its columns in the tile, a multiple of 4.</summary>
    /// <param name="quad">Which quad.</param>
    /// <returns>The column.</returns>
    int Column(int quad);
}

/// <summary>What the products on the tensor cores have in common.</summary>
internal static class Product
{
    /// <summary>The quads an item has of a part of its group's tile.</summary>
    public const int QuadsPerPart = 8;
}

/// <summary>The tile of <see cref="Fp32Product"/>, and the items of both its sizes.</summary>
public static class ProductTile
{
    /// <summary>The number of items in a group.</summary>
    public const int GroupSize = 128;

    /// <summary>The rows and the columns of a tile.</summary>
    public const int Size = 64;
}
