namespace EDA.Kernels.Gpu;

/// <summary>
/// Which weight gradients and which column sums a training step takes, as tables that its two last launches read. They
/// depend on the layout and the workspace alone.
/// </summary>
internal sealed class GradientTables : IDisposable
{
    /// <summary>The rows that one group of <see cref="ColumnSums"/> adds up.</summary>
    public const int RowsPerPart = 128;

    private readonly TileSize _tile;
    private readonly List<WeightGradientTile> _tiles = [];
    private readonly List<ColumnSumTask> _sums = [];

    public GradientTables(GpuBackend backend, LoadedGradient gradient, BdmLayout layout, BdmBuffers buffers, int models)
    {
        var shape = layout.Shape;
        int h = shape.Width, d = shape.Hidden, a = shape.ActionSize, e = BdmShape.TimeFeatures;
        bool second = buffers.Purpose == BdmPurpose.Denoising;

        // The blocks' weights, [d×h] and [h×d], are nearly all of the tiles.
        int largeTiles = shape.Blocks * (gradient.LargeTile.Count(d, h) + gradient.LargeTile.Count(h, d)) * models;
        (Kernel, _tile) = TileChoice.IsLarge(largeTiles) ? (gradient.Large, gradient.LargeTile) : (gradient.Small, gradient.SmallTile);

        // The alignment step's only adjoint stands where the denoising step keeps that of the density.
        var hiddenAdjoint = second ? buffers.HiddenAdjoint : buffers.HiddenTangentAdjoint;
        var outputAdjoint = second ? buffers.OutputAdjoint : buffers.TangentAdjoint;
        var streamAdjoint = second ? buffers.SecondStreamAdjoint : buffers.StreamAdjoint;
        for (int l = 0; l < shape.Blocks; l++)
        {
            var slices = layout.Blocks[l];
            AddTiles(
                hiddenAdjoint[l], buffers.Output[l], second ? (buffers.HiddenTangentAdjoint[l], buffers.OutputTangent[l]) : null,
                h, slices.ExpandWeight.Offset, h, 1, true, false);
            AddTiles(
                streamAdjoint[l + 1], buffers.Hidden[l], second ? (buffers.StreamAdjoint[l + 1], buffers.HiddenTangent[l]) : null,
                d, slices.ContractWeight.Offset, d, 1, true, false);
            AddSums(hiddenAdjoint[l], null, null, null, slices.ExpandBias.Offset, SumTarget.Gradient, false);
            AddSums(streamAdjoint[l + 1], null, null, null, slices.ContractBias.Offset, SumTarget.Gradient, false);
            AddSums(outputAdjoint[l], null, null, null, slices.NormBias.Offset, SumTarget.Gradient, false);
            AddSums(
                outputAdjoint[l], buffers.Normalized[l], second ? buffers.TangentAdjoint[l] : null, second ? buffers.NormalizedTangent[l] : null,
                slices.NormWeight.Offset, SumTarget.Gradient, false);
        }

        // ∂Nᵀ: rows of the product are N's columns. The action's come from the candidates, the rest from the conditions.
        var entry = streamAdjoint[0];
        var condition = second ? entry : buffers.BaseAdjoint;
        bool perCondition = !second;
        AddTiles(entry, buffers.Diffused, second ? (buffers.StreamAdjoint[0], buffers.Direction) : null, a, buffers.FoldedGradient.Offset, 1, h, false, false);
        AddTiles(condition, buffers.Condition, null, e + shape.StateSize, buffers.FoldedGradient.Offset + (a * h), 1, h, false, perCondition);
        AddTiles(buffers.ConditionAdjoint, buffers.Waves, null, e, layout.ConditionWeight.Offset, e, 1, true, true);
        AddSums(condition, null, null, null, buffers.FoldedBiasGradient.Offset, SumTarget.Workspace, perCondition);
        AddSums(buffers.ConditionAdjoint, null, null, null, layout.ConditionBias.Offset, SumTarget.Gradient, true);
        AddSums(buffers.Share, null, null, null, buffers.OutputGradient.Offset, SumTarget.Workspace, false);
        AddSums(buffers.Losses, null, null, null, 0, SumTarget.MeanLoss, perCondition);

        Tiles = backend.Upload<WeightGradientTile>(_tiles.ToArray());
        Sums = backend.Upload<ColumnSumTask>(_sums.ToArray());
        Parts = (buffers.Rows + RowsPerPart - 1) / RowsPerPart;
        Partial = backend.Allocate<float>((long)Parts * _sums.Count * WarpRow.WarpSize * models);
    }

    /// <summary>What works on the tiles: they are of its size.</summary>
    public LoadedKernel<WeightGradientArguments> Kernel { get; }

    public GpuArray<WeightGradientTile> Tiles { get; }

    public GpuArray<ColumnSumTask> Sums { get; }

    /// <summary>Sums over parts of the rows.</summary>
    public GpuArray<float> Partial { get; }

    /// <summary>The most parts.</summary>
    public int Parts { get; }

    public void Dispose()
    {
        Tiles.Dispose();
        Sums.Dispose();
        Partial.Dispose();
    }

    // result[i·rowStride + j·columnStride] = Σ left[·, i] right[·, j]
    private void AddTiles(
        Region left, Region right, (Region Left, Region Right)? second, int columns, int result, int rowStride, int columnStride, bool isParameter, bool perCondition)
    {
        for (int row = 0; row < left.Columns; row += _tile.Rows)
        {
            for (int column = 0; column < columns; column += _tile.Columns)
            {
                _tiles.Add(new WeightGradientTile
                {
                    Left = left.Offset,
                    Right = right.Offset,
                    SecondLeft = second?.Left.Offset ?? left.Offset,
                    SecondRight = second?.Right.Offset ?? right.Offset,
                    IsPerCondition = perCondition ? 1 : 0,
                    HasSecond = second is null ? 0 : 1,
                    LeftStride = left.Columns,
                    RightStride = right.Columns,
                    Rows = left.Columns,
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

    private void AddSums(Region a, Region? b, Region? c, Region? d, int result, int target, bool perCondition)
    {
        for (int column = 0; column < a.Columns; column += WarpRow.WarpSize)
        {
            _sums.Add(new ColumnSumTask
            {
                A = a.Offset + column,
                B = b is { } factor ? factor.Offset + column : -1,
                C = c is { } other ? other.Offset + column : -1,
                D = d is { } otherFactor ? otherFactor.Offset + column : -1,
                Stride = a.Columns,
                IsPerCondition = perCondition ? 1 : 0,
                Columns = Math.Min(WarpRow.WarpSize, a.Columns - column),
                Result = result + column,
                Target = target,
            });
        }
    }
}
