namespace EDA.Kernels.Gpu;

/// <summary>
/// Which weight gradients and which column sums a training step takes, as tables that its two last launches read. They
/// depend on the layout and the workspace alone.
/// </summary>
internal sealed class GradientTables : IDisposable
{
    private readonly ColumnSumTask[] _tasks;
    private readonly int _models;
    private readonly WeightGradientTile[] _weights;
    private readonly int _factorBytes;
    private GradientTables? _halves;

    /// <param name="backend">Whose memory.</param>
    /// <param name="writer">What was written.</param>
    /// <param name="rows">The most rows at a time.</param>
    /// <param name="models">The number of models.</param>
    /// <param name="factorBytes">Of a number of a factor.</param>
    public GradientTables(GpuBackend backend, GradientTableWriter writer, int rows, int models, int factorBytes = sizeof(float))
    {
        Kernel = writer.Kernel;
        Tiles = backend.Upload(writer.Tiles);
        _weights = [.. writer.Tiles.ToArray().DistinctBy(tile => (tile.IsParameter, tile.Result))];
        (_tasks, _models, _factorBytes) = (writer.Sums.ToArray(), models, factorBytes);
        Sums = backend.Upload(writer.Sums);
        Partial = backend.Allocate<float>((long)Parts(rows) * _tasks.Length * ColumnSumTask.MostColumns * models);
    }

    /// <summary>What works on the tiles: they are of its size.</summary>
    public LoadedKernel<WeightGradientArguments> Kernel { get; }

    public GpuArray<WeightGradientTile> Tiles { get; }

    private GpuArray<ColumnSumTask> Sums { get; }

    private GpuArray<float> Partial { get; }

    /// <summary>Every weight gradient of the table: in one launch, or two where large ones have factors with 16 bits.</summary>
    /// <param name="arguments">Where the factors are and the results go, and the rows.</param>
    public void LaunchProducts(WeightGradientArguments arguments)
    {
        _halves?.LaunchProducts(arguments);
        arguments.Tiles = Tiles.View;
        double flop = 0, bytes = 0;
        foreach (var weight in _weights)
        {
            double depth = (weight.IsPerCondition != 0 ? arguments.Conditions : arguments.Rows) * (1.0 + weight.HasSecond) / weight.Parts;
            flop += 2 * depth * weight.Rows * weight.Columns;
            bytes += (_factorBytes * depth * (weight.Rows + weight.Columns)) + (4.0 * weight.Rows * weight.Columns);
        }

        Kernel.Launch(new GridSize((int)Tiles.Length, 1, _models), arguments, new KernelWork(flop * _models, bytes * _models));
    }

    /// <summary>Every column sum of the table, in one launch, or two where the rows are many.</summary>
    /// <param name="first">What sums parts of the rows.</param>
    /// <param name="end">What adds the parts.</param>
    /// <param name="sums">Where it is summed from and to, and the rows.</param>
    public void Launch(LoadedKernel<ColumnSumArguments> first, LoadedKernel<ColumnSumArguments> end, ColumnSumArguments sums)
    {
        long partial = Partial.Length / _models;
        sums.Partial = GpuArguments.Part(Partial, 0, partial, partial, _models);
        sums.Tasks = Sums.View;
        double elements = 0, parted = 0;
        foreach (var task in _tasks)
        {
            int rows = sums.RowsOf(task);
            elements += (double)task.Columns * rows * _models / (1 + task.IsHalf);
            parted += Parts(rows) > 1 ? (double)task.Columns * Parts(rows) * _models : 0;
        }

        int parts = Parts(Math.Max(sums.Rows, sums.Conditions));
        first.Launch(new GridSize(_tasks.Length, parts, _models), sums, new KernelWork(elements, 4 * elements));
        if (parts > 1)
            end.Launch(new GridSize(_tasks.Length, 1, _models), sums, new KernelWork(parted, 4 * parted));
    }

    /// <summary>The tables of a diffusion model's training step.</summary>
    public static GradientTables Of(GpuBackend backend, BdmKernels kernels, BdmLayout layout, BdmBuffers buffers, int models)
    {
        var shape = layout.Shape;
        int h = shape.Width, d = shape.Hidden, a = shape.ActionSize, e = BdmShape.TimeFeatures;
        bool second = buffers.Purpose == BdmPurpose.Denoising;

        // The blocks' weights, [d×h] and [h×d], are nearly all of the tiles.
        var halves = buffers.HasHalves ? new GradientTableWriter(kernels.Halves!.Gradient, new TileSize(HalfGradientTile.Size, HalfGradientTile.Size), 2) : null;
        var writer = GradientTableWriter.For(kernels.WeightGradient, halves is null ? 2 * shape.Blocks * models : 0, d, h);
        var blocks = halves ?? writer;

        // The alignment step's only adjoint stands where the denoising step keeps that of the density.
        var hiddenAdjoint = second ? buffers.HiddenAdjoint : buffers.HiddenTangentAdjoint;
        var streamAdjoint = second ? buffers.SecondStreamAdjoint : buffers.StreamAdjoint;
        var streamFactor = second ? buffers.SecondStreamFactor : buffers.StreamFactor;
        for (int l = 0; l < shape.Blocks; l++)
        {
            var slices = layout.Blocks[l];
            blocks.AddTiles(
                hiddenAdjoint[l], buffers.Output[l], second ? (buffers.HiddenTangentAdjoint[l], buffers.OutputTangent[l]) : null,
                h, slices.ExpandWeight.Offset, h, 1, true, false);
            blocks.AddTiles(
                streamFactor[l + 1], buffers.Hidden[l], second ? (buffers.StreamFactor[l + 1], buffers.HiddenTangent[l]) : null,
                d, slices.ContractWeight.Offset, d, 1, true, false);
            writer.AddSums(hiddenAdjoint[l], slices.ExpandBias.Offset, SumTarget.Gradient, SumRows.Candidate, buffers.HasHalves);
            writer.AddSums(buffers.NormSums[l], 0, h, slices.NormBias.Offset, SumTarget.Gradient, SumRows.Group);
            writer.AddSums(buffers.NormSums[l], h, 2 * h, slices.NormWeight.Offset - h, SumTarget.Gradient, SumRows.Group);
            writer.AddSums(buffers.NormSums[l], 2 * h, 3 * h, slices.ContractBias.Offset - (2 * h), SumTarget.Gradient, SumRows.Group);
        }

        // ∂Nᵀ: rows of the product are N's columns. The action's come from the candidates, the rest from the conditions.
        var entry = streamAdjoint[0];
        var condition = second ? entry : buffers.BaseAdjoint;
        bool perCondition = !second;
        (Region Left, Region Right)? along = second ? (buffers.StreamAdjoint[0], buffers.Direction) : null;
        int conditionAt = a * h, waveAt = (a + e + shape.StateSize) * h;
        if (buffers.HasHalves)
        {
            // Alone in their launch, they are summed in parts.
            var parts = buffers.EntryParts;
            writer.AddTilesInParts(entry, buffers.Diffused, along, a, parts, 0, 1, h, false);
            writer.AddTilesInParts(condition, buffers.Condition, null, e + shape.StateSize, parts, conditionAt, 1, h, perCondition);
            writer.AddTilesInParts(buffers.ConditionAdjoint, buffers.Waves, null, e, parts, waveAt, e, 1, true);
            writer.AddSums(parts, 0, waveAt, buffers.FoldedGradient.Offset, SumTarget.Workspace, SumRows.Part);
            writer.AddSums(parts, waveAt, parts.Columns, layout.ConditionWeight.Offset - waveAt, SumTarget.Gradient, SumRows.Part);
        }
        else
        {
            writer.AddTiles(entry, buffers.Diffused, along, a, buffers.FoldedGradient.Offset, 1, h, false, false);
            writer.AddTiles(condition, buffers.Condition, null, e + shape.StateSize, buffers.FoldedGradient.Offset + conditionAt, 1, h, false, perCondition);
            writer.AddTiles(buffers.ConditionAdjoint, buffers.Waves, null, e, layout.ConditionWeight.Offset, e, 1, true, true);
        }

        int rowsOf = perCondition ? SumRows.Condition : SumRows.Candidate;
        writer.AddSums(condition, buffers.FoldedBiasGradient.Offset, SumTarget.Workspace, rowsOf);
        writer.AddSums(buffers.ConditionAdjoint, layout.ConditionBias.Offset, SumTarget.Gradient, SumRows.Condition);
        writer.AddSums(buffers.Share, buffers.OutputGradient.Offset, SumTarget.Workspace, SumRows.Group);
        writer.AddSums(buffers.Losses, 0, SumTarget.MeanLoss, rowsOf);

        return new GradientTables(backend, writer, buffers.Rows, models)
        {
            _halves = halves is null ? null : new GradientTables(backend, halves, buffers.Rows, models, 2),
        };
    }

    public void Dispose()
    {
        _halves?.Dispose();
        Tiles.Dispose();
        Sums.Dispose();
        Partial.Dispose();
    }

    private static int Parts(int rows) => (rows + ColumnSumArguments.RowsPerPart - 1) / ColumnSumArguments.RowsPerPart;
}
