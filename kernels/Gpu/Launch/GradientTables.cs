namespace EDA.Kernels.Gpu;

/// <summary>
/// Which weight gradients and which column sums a training step takes, as tables that its two last launches read. They
/// depend on the layout and the workspace alone.
/// </summary>
internal sealed class GradientTables : IDisposable
{
    private readonly ColumnSumTask[] _tasks;
    private readonly int _models;

    /// <param name="backend">Whose memory.</param>
    /// <param name="writer">What was written.</param>
    /// <param name="rows">The most rows at a time.</param>
    /// <param name="models">The number of models.</param>
    public GradientTables(GpuBackend backend, GradientTableWriter writer, int rows, int models)
    {
        Kernel = writer.Kernel;
        Tiles = backend.Upload(writer.Tiles);
        (_tasks, _models) = (writer.Sums.ToArray(), models);
        Sums = backend.Upload(writer.Sums);
        Partial = backend.Allocate<float>((long)Parts(rows) * _tasks.Length * ColumnSumTask.MostColumns * models);
    }

    /// <summary>What works on the tiles: they are of its size.</summary>
    public LoadedKernel<WeightGradientArguments> Kernel { get; }

    public GpuArray<WeightGradientTile> Tiles { get; }

    private GpuArray<ColumnSumTask> Sums { get; }

    private GpuArray<float> Partial { get; }


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
            elements += (double)task.Columns * rows * _models;
            parted += Parts(rows) > 1 ? (double)task.Columns * Parts(rows) * _models : 0;
        }

        int parts = Parts(Math.Max(sums.Rows, sums.Conditions));
        first.Launch(new GridSize(_tasks.Length, parts, _models), sums, new KernelWork(elements, 4 * elements));
        if (parts > 1)
            end.Launch(new GridSize(_tasks.Length, 1, _models), sums, new KernelWork(parted, 4 * parted));
    }

    /// <summary>The tables of a diffusion model's training step.</summary>
    public static GradientTables Of(GpuBackend backend, LoadedGradient gradient, BdmLayout layout, BdmBuffers buffers, int models)
    {
        var shape = layout.Shape;
        int h = shape.Width, d = shape.Hidden, a = shape.ActionSize, e = BdmShape.TimeFeatures;
        bool second = buffers.Purpose == BdmPurpose.Denoising;

        // The blocks' weights, [d×h] and [h×d], are nearly all of the tiles.
        var writer = GradientTableWriter.For(gradient, 2 * shape.Blocks * models, d, h);

        // The alignment step's only adjoint stands where the denoising step keeps that of the density.
        var hiddenAdjoint = second ? buffers.HiddenAdjoint : buffers.HiddenTangentAdjoint;
        var streamAdjoint = second ? buffers.SecondStreamAdjoint : buffers.StreamAdjoint;
        for (int l = 0; l < shape.Blocks; l++)
        {
            var slices = layout.Blocks[l];
            writer.AddTiles(
                hiddenAdjoint[l], buffers.Output[l], second ? (buffers.HiddenTangentAdjoint[l], buffers.OutputTangent[l]) : null,
                h, slices.ExpandWeight.Offset, h, 1, true, false);
            writer.AddTiles(
                streamAdjoint[l + 1], buffers.Hidden[l], second ? (buffers.StreamAdjoint[l + 1], buffers.HiddenTangent[l]) : null,
                d, slices.ContractWeight.Offset, d, 1, true, false);
            writer.AddSums(hiddenAdjoint[l], slices.ExpandBias.Offset, SumTarget.Gradient, SumRows.Candidate);
            writer.AddSums(buffers.NormSums[l], 0, h, slices.NormBias.Offset, SumTarget.Gradient, SumRows.Group);
            writer.AddSums(buffers.NormSums[l], h, 2 * h, slices.NormWeight.Offset - h, SumTarget.Gradient, SumRows.Group);
            writer.AddSums(buffers.NormSums[l], 2 * h, 3 * h, slices.ContractBias.Offset - (2 * h), SumTarget.Gradient, SumRows.Group);
        }

        // ∂Nᵀ: rows of the product are N's columns. The action's come from the candidates, the rest from the conditions.
        var entry = streamAdjoint[0];
        var condition = second ? entry : buffers.BaseAdjoint;
        bool perCondition = !second;
        writer.AddTiles(entry, buffers.Diffused, second ? (buffers.StreamAdjoint[0], buffers.Direction) : null, a, buffers.FoldedGradient.Offset, 1, h, false, false);
        writer.AddTiles(condition, buffers.Condition, null, e + shape.StateSize, buffers.FoldedGradient.Offset + (a * h), 1, h, false, perCondition);
        writer.AddTiles(buffers.ConditionAdjoint, buffers.Waves, null, e, layout.ConditionWeight.Offset, e, 1, true, true);
        int rowsOf = perCondition ? SumRows.Condition : SumRows.Candidate;
        writer.AddSums(condition, buffers.FoldedBiasGradient.Offset, SumTarget.Workspace, rowsOf);
        writer.AddSums(buffers.ConditionAdjoint, layout.ConditionBias.Offset, SumTarget.Gradient, SumRows.Condition);
        writer.AddSums(buffers.Share, buffers.OutputGradient.Offset, SumTarget.Workspace, SumRows.Group);
        writer.AddSums(buffers.Losses, 0, SumTarget.MeanLoss, rowsOf);

        return new GradientTables(backend, writer, buffers.Rows, models);
    }

    public void Dispose()
    {
        Tiles.Dispose();
        Sums.Dispose();
        Partial.Dispose();
    }

    private static int Parts(int rows) => (rows + ColumnSumArguments.RowsPerPart - 1) / ColumnSumArguments.RowsPerPart;
}
