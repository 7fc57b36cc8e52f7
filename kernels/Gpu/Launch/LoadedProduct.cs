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
    /// <param name="left">[n×K].</param>
    /// <param name="leftRowStride">From one row of it to the next.</param>
    /// <param name="right">[M×K] or [K×M].</param>
    /// <param name="rightRowStride">From one column of the product to the next.</param>
    /// <param name="rightDepthStride">From one k to the next.</param>
    /// <param name="rows">n.</param>
    /// <param name="columns">M.</param>
    /// <param name="depth">K.</param>
    /// <param name="epilogue">What happens to the product.</param>
    /// <param name="arrays">How many n×M arrays the epilogue reads or writes.</param>
    /// <param name="models">The number of models.</param>
    public void Launch(
        ModelView left, int leftRowStride, ModelView right, int rightRowStride, int rightDepthStride, int rows, int columns, int depth, TEpilogue epilogue, int arrays, int models)
    {
        var arguments = new ProductArguments<TEpilogue>
        {
            Left = left,
            Right = right,
            LeftRowStride = leftRowStride,
            RightRowStride = rightRowStride,
            RightDepthStride = rightDepthStride,
            Rows = rows,
            Columns = columns,
            Depth = depth,
            Epilogue = epilogue,
        };
        double elements = ((double)rows * depth) + ((double)columns * depth) + ((double)arrays * rows * columns);
        Launch(arguments, models, new KernelWork(2.0 * rows * columns * depth * models, 4 * elements * models));
    }

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
