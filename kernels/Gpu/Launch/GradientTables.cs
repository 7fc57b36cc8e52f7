namespace EDA.Kernels.Gpu;

/// <summary>
/// Which weight gradients and which column sums a training step takes, as tables that its two last launches read. They
/// depend on the layout and the workspace alone.
/// </summary>
internal sealed class GradientTables : IDisposable
{
    /// <summary>The rows that one group of <see cref="ColumnSums"/> adds up.</summary>
    public const int RowsPerPart = 128;

    /// <param name="backend">Whose memory.</param>
    /// <param name="writer">What was written.</param>
    /// <param name="rows">The most rows at a time.</param>
    /// <param name="models">The number of models.</param>
    public GradientTables(GpuBackend backend, GradientTableWriter writer, int rows, int models)
    {
        Kernel = writer.Kernel;
        Tiles = backend.Upload(writer.Tiles);
        Sums = backend.Upload(writer.Sums);
        Parts = (rows + RowsPerPart - 1) / RowsPerPart;
        Partial = backend.Allocate<float>((long)Parts * writer.Sums.Length * WarpRow.WarpSize * models);
    }

    /// <summary>What works on the tiles: they are of its size.</summary>
    public LoadedKernel<WeightGradientArguments> Kernel { get; }

    public GpuArray<WeightGradientTile> Tiles { get; }

    public GpuArray<ColumnSumTask> Sums { get; }

    /// <summary>Sums over parts of the rows.</summary>
    public GpuArray<float> Partial { get; }

    /// <summary>The most parts.</summary>
    public int Parts { get; }

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
        var outputAdjoint = second ? buffers.OutputAdjoint : buffers.TangentAdjoint;
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
            writer.AddSums(hiddenAdjoint[l], null, null, null, slices.ExpandBias.Offset, SumTarget.Gradient, false);
            writer.AddSums(streamAdjoint[l + 1], null, null, null, slices.ContractBias.Offset, SumTarget.Gradient, false);
            writer.AddSums(outputAdjoint[l], null, null, null, slices.NormBias.Offset, SumTarget.Gradient, false);
            writer.AddSums(
                outputAdjoint[l], buffers.Normalized[l], second ? buffers.TangentAdjoint[l] : null, second ? buffers.NormalizedTangent[l] : null,
                slices.NormWeight.Offset, SumTarget.Gradient, false);
        }

        // ∂Nᵀ: rows of the product are N's columns. The action's come from the candidates, the rest from the conditions.
        var entry = streamAdjoint[0];
        var condition = second ? entry : buffers.BaseAdjoint;
        bool perCondition = !second;
        writer.AddTiles(entry, buffers.Diffused, second ? (buffers.StreamAdjoint[0], buffers.Direction) : null, a, buffers.FoldedGradient.Offset, 1, h, false, false);
        writer.AddTiles(condition, buffers.Condition, null, e + shape.StateSize, buffers.FoldedGradient.Offset + (a * h), 1, h, false, perCondition);
        writer.AddTiles(buffers.ConditionAdjoint, buffers.Waves, null, e, layout.ConditionWeight.Offset, e, 1, true, true);
        writer.AddSums(condition, null, null, null, buffers.FoldedBiasGradient.Offset, SumTarget.Workspace, perCondition);
        writer.AddSums(buffers.ConditionAdjoint, null, null, null, layout.ConditionBias.Offset, SumTarget.Gradient, true);
        writer.AddSums(buffers.Share, null, null, null, buffers.OutputGradient.Offset, SumTarget.Workspace, false);
        writer.AddSums(buffers.Losses, null, null, null, 0, SumTarget.MeanLoss, perCondition);

        return new GradientTables(backend, writer, buffers.Rows, models);
    }

    public void Dispose()
    {
        Tiles.Dispose();
        Sums.Dispose();
        Partial.Dispose();
    }
}
