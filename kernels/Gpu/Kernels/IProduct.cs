namespace EDA.Kernels.Gpu;

/// <summary>
/// How a group makes a tile of a matrix product: one implementation a precision. All work on the same tiles, so that
/// whatever happens to the sums afterwards is written once.
/// </summary>
public interface IProduct
{
    /// <summary>
    /// The tile's sums Σ_k left₀·right₀ + Σ_k left₁·right₁, written to shared memory for all items of the group to read;
    /// what lies outside the product's rows and columns counts as 0. All items of the group must call it, once in a kernel.
    /// </summary>
    /// <param name="first">The first product.</param>
    /// <param name="second">The second, end to end with the first; Depth 0 for none.</param>
    /// <param name="firstRow">The tile's first row.</param>
    /// <param name="firstColumn">The tile's first column.</param>
    /// <param name="rows">The rows of the product.</param>
    /// <param name="columns">The columns of the product.</param>
    /// <returns>The sums, element (i, j) at i·<see cref="ProductTile.Stride"/> + j.</returns>
    ArrayView<float> Sum(Factors first, Factors second, int firstRow, int firstColumn, int rows, int columns);
}

/// <summary>The tile of a product that one group makes.</summary>
public static class ProductTile
{
    /// <summary>The number of items in a group.</summary>
    public const int GroupSize = 128;

    /// <summary>The rows and the columns of a tile.</summary>
    public const int Size = 64;

    /// <summary>From one row of a tile in shared memory to the next: not a multiple of 32 banks, but of 16 bytes.</summary>
    public const int Stride = Size + 4;
}
