namespace EDA.Kernels.Gpu;

/// <summary>The tile of a loaded kernel.</summary>
/// <param name="Rows">Its rows.</param>
/// <param name="Columns">Its columns.</param>
internal readonly record struct TileSize(int Rows, int Columns)
{
    /// <summary>How many tiles cover a matrix.</summary>
    public int Count(int rows, int columns) => Down(rows) * Across(columns);

    /// <summary>How many lie below one another.</summary>
    public int Down(int rows) => (rows + Rows - 1) / Rows;

    /// <summary>How many lie side by side.</summary>
    public int Across(int columns) => (columns + Columns - 1) / Columns;
}

/// <summary>Which of a precision's two tiles a launch takes; both give the same bits.</summary>
internal static class TileChoice
{
    // A large tile takes half the reads of the small ones it stands for, but four times as long, or 3.5 times in float32: it
    // pays once half of a large GPU's multiprocessors (132 on an H200) have one, or three quarters of them. On paper; not yet
    // measured on a GPU.
    private const int LargeTiles = 64;
    private const int LargeFp32Tiles = 100;

    /// <summary>Whether the large tile is the better one.</summary>
    /// <param name="large">The large tile.</param>
    /// <param name="tiles">How many there would be, all models together.</param>
    public static bool IsLarge(TileSize large, int tiles) => tiles >= (large.Rows > ProductTile.Size ? LargeTiles : LargeFp32Tiles);
}

/// <summary>A product with one epilogue, in the precision's two tile sizes.</summary>
/// <typeparam name="TEpilogue">What happens to the product.</typeparam>
internal sealed class LoadedProduct<TEpilogue>
    where TEpilogue : struct, IEpilogue
{
    private readonly (LoadedKernel<ProductArguments<TEpilogue>> Kernel, TileSize Tile) _large;
    private readonly (LoadedKernel<ProductArguments<TEpilogue>> Kernel, TileSize Tile) _small;

    public LoadedProduct(
        (LoadedKernel<ProductArguments<TEpilogue>> Kernel, TileSize Tile) large, (LoadedKernel<ProductArguments<TEpilogue>> Kernel, TileSize Tile) small) =>
        (_large, _small) = (large, small);

    /// <summary>Runs it for all models.</summary>
    public void Launch(in ProductArguments<TEpilogue> arguments, int models, KernelWork work)
    {
        bool large = TileChoice.IsLarge(_large.Tile, _large.Tile.Count(arguments.Rows, arguments.Columns) * models);
        var (kernel, tile) = large ? _large : _small;
        kernel.Launch(new GridSize(tile.Down(arguments.Rows), tile.Across(arguments.Columns), models), arguments, work);
    }
}

/// <summary>The weight gradients, in the precision's two tile sizes.</summary>
/// <param name="Large">With the large tile.</param>
/// <param name="LargeTile">The large tile.</param>
/// <param name="Small">With the small tile.</param>
/// <param name="SmallTile">The small tile.</param>
internal sealed record LoadedGradient(LoadedKernel<WeightGradientArguments> Large, TileSize LargeTile, LoadedKernel<WeightGradientArguments> Small, TileSize SmallTile);
