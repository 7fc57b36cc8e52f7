using System.Runtime.InteropServices;

namespace EDA.Kernels.Gpu;

/// <summary>Writes the tables that <see cref="WeightGradient{TProduct}"/> and <see cref="ColumnSums"/> read.</summary>
/// <param name="kernel">What works on the tiles.</param>
/// <param name="tile">Their size.</param>
/// <param name="perWord">The numbers of a factor that make an element of the workspace.</param>
internal sealed class GradientTableWriter(LoadedKernel<WeightGradientArguments> kernel, TileSize tile, int perWord = 1)
{
    private readonly List<WeightGradientTile> _tiles = [];
    private readonly List<ColumnSumTask> _sums = [];

    /// <summary>A writer for weights of which nearly all tiles are of some matrices.</summary>
    /// <param name="gradient">The kernels to choose from.</param>
    /// <param name="matrices">How many such matrices there are, of all models.</param>
    /// <param name="rows">The rows of one.</param>
    /// <param name="columns">The columns of one.</param>
    /// <returns>The writer, with the tile that suits them.</returns>
    public static GradientTableWriter For(LoadedGradient gradient, int matrices, int rows, int columns) =>
        TileChoice.IsLarge(gradient.LargeTile, matrices * gradient.LargeTile.Count(rows, columns))
            ? new GradientTableWriter(gradient.Large, gradient.LargeTile)
            : new GradientTableWriter(gradient.Small, gradient.SmallTile);

    /// <summary>What works on the tiles.</summary>
    public LoadedKernel<WeightGradientArguments> Kernel => kernel;

    /// <summary>The tiles written so far.</summary>
    public ReadOnlySpan<WeightGradientTile> Tiles => CollectionsMarshal.AsSpan(_tiles);

    /// <summary>The sums written so far.</summary>
    public ReadOnlySpan<ColumnSumTask> Sums => CollectionsMarshal.AsSpan(_sums);

    /// <summary>
    /// A weight's gradient, result[i·rowStride + j·columnStride] = Σ_row left[row, i]·right[row, j], with a second product
    /// where there is one.
    /// </summary>
    public void AddTiles(Region left, Region right, (Region Left, Region Right)? second, int columns, int result, int rowStride, int columnStride, bool isParameter, bool perCondition) =>
        AddTiles(left, right, second, columns, result, rowStride, columnStride, isParameter, perCondition, 0, 1);

    /// <summary>The same summed in parts of the rows, each with a result of its own in the workspace, one after the other: a launch of few tiles is many groups so.</summary>
    /// <param name="left">The left factor.</param>
    /// <param name="right">The right factor.</param>
    /// <param name="second">The second product's factors.</param>
    /// <param name="columns">The columns of the right factor.</param>
    /// <param name="parts">The parts' results, a row a part.</param>
    /// <param name="first">Where a part's result begins in its row.</param>
    /// <param name="rowStride">From one row of a result to the next.</param>
    /// <param name="columnStride">From one column to the next.</param>
    /// <param name="perCondition">Whether the factors have a row a condition.</param>
    public void AddTilesInParts(Region left, Region right, (Region Left, Region Right)? second, int columns, Region parts, int first, int rowStride, int columnStride, bool perCondition)
    {
        for (int part = 0; part < parts.Rows; part++)
            AddTiles(left, right, second, columns, parts.Offset + (part * parts.Columns) + first, rowStride, columnStride, false, perCondition, part, parts.Rows);
    }

    private void AddTiles(
        Region left, Region right, (Region Left, Region Right)? second, int columns, int result, int rowStride, int columnStride, bool isParameter, bool perCondition, int part, int parts)
    {
        int rows = left.Columns * perWord;
        for (int row = 0; row < rows; row += tile.Rows)
        {
            for (int column = 0; column < columns; column += tile.Columns)
            {
                _tiles.Add(new WeightGradientTile
                {
                    Left = left.Offset,
                    Right = right.Offset,
                    SecondLeft = second?.Left.Offset ?? left.Offset,
                    SecondRight = second?.Right.Offset ?? right.Offset,
                    IsPerCondition = perCondition ? 1 : 0,
                    HasSecond = second is null ? 0 : 1,
                    Part = part,
                    Parts = parts,
                    LeftStride = left.Columns,
                    RightStride = right.Columns,
                    Rows = rows,
                    Columns = columns,
                    FirstRow = row,
                    FirstColumn = column,
                    Result = result,
                    ResultRowStride = rowStride,
                    ResultColumnStride = columnStride,
                    IsParameter = isParameter ? 1 : 0,
                });
            }
        }
    }

    /// <summary>The sums of a matrix's columns over its rows.</summary>
    public void AddSums(Region matrix, int result, int target, int rowsOf, bool isHalf = false) => AddSums(matrix, 0, matrix.Columns * (isHalf ? 2 : 1), result, target, rowsOf, isHalf);

    /// <summary>The same for some of the columns; column j's sum goes to result + j.</summary>
    public void AddSums(Region matrix, int firstColumn, int endColumn, int result, int target, int rowsOf, bool isHalf = false)
    {
        bool isAligned = (firstColumn | (endColumn - firstColumn) | matrix.Columns) % 4 == 0;
        int most = isAligned ? ColumnSumTask.MostColumns : ColumnSumTask.FewColumns;
        for (int column = firstColumn; column < endColumn; column += most)
        {
            _sums.Add(new ColumnSumTask
            {
                First = matrix.Offset + (isHalf ? column / 2 : column),
                IsHalf = isHalf ? 1 : 0,
                Stride = matrix.Columns,
                RowsOf = rowsOf,
                Columns = Math.Min(most, endColumn - column),
                Result = result + column,
                Target = target,
            });
        }
    }
}
