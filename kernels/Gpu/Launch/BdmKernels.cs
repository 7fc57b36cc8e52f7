namespace EDA.Kernels.Gpu;

/// <summary>The kernels of a network's operations, compiled once for a device and a precision.</summary>
/// <param name="backend">What runs them.</param>
/// <param name="products">The precision of the products, but for the blocks' where <paramref name="halves"/> are there.</param>
/// <param name="halves">The blocks' products with factors of 16 bits; null for none.</param>
internal sealed class BdmKernels(GpuBackend backend, ProductLoader products, HalfKernels? halves = null)
{
    public HalfKernels? Halves => halves;

    public LoadedKernel<SetDrawArguments> SetDraw { get; } = backend.Load<SetDrawArguments>("set_draw", Gpu.SetDraw.GroupSize, Gpu.SetDraw.Run);

    public LoadedKernel<FoldInputArguments> Fold { get; } = Row<FoldInputArguments>(backend, "fold_input", FoldInput.Run);

    public LoadedKernel<ConditionArguments> Condition { get; } = Row<ConditionArguments>(backend, "condition_rows", ConditionRows.Run);

    public LoadedKernel<ConditionAdjointArguments> ConditionAdjoint { get; } = Row<ConditionAdjointArguments>(backend, "condition_adjoint", Gpu.ConditionAdjoint.Run);

    public LoadedKernel<EnterArguments> Enter { get; } = Row<EnterArguments>(backend, "enter_blocks", EnterBlocks.Run);

    public LoadedKernel<SumCandidatesArguments> SumCandidates { get; } = backend.Load<SumCandidatesArguments>("sum_candidates", Gpu.SumCandidates.GroupSize, Gpu.SumCandidates.Run);

    public LoadedKernel<LayerNormArguments> NormForward { get; } = Row<LayerNormArguments>(backend, "layer_norm_forward", LayerNormForward.Run);

    public LoadedKernel<LayerNormArguments> NormBackward { get; } = Row<LayerNormArguments>(backend, "layer_norm_backward", LayerNormBackward.Run);

    public LoadedKernel<LayerNormArguments> NormTangent { get; } = Row<LayerNormArguments>(backend, "layer_norm_tangent", LayerNormTangent.Run);

    public LoadedKernel<LayerNormArguments> NormAdjoint { get; } = Row<LayerNormArguments>(backend, "layer_norm_adjoint", LayerNormAdjoint.Run);

    public LoadedKernel<OutputArguments> Density { get; } = Row<OutputArguments>(backend, "density_head", DensityHead.Run);

    public LoadedKernel<OutputArguments> Seed { get; } = Row<OutputArguments>(backend, "output_seed", OutputSeed.Run);

    public LoadedKernel<OutputArguments> SecondOrderSeed { get; } = Row<OutputArguments>(backend, "second_order_seed", Gpu.SecondOrderSeed.Run);

    public LoadedKernel<ActionGradientArguments> Score { get; } = Row<ActionGradientArguments>(backend, "score_head", ScoreHead.Run);

    public LoadedKernel<ActionGradientArguments> Direction { get; } = Row<ActionGradientArguments>(backend, "denoising_direction", DenoisingDirection.Run);

    public LoadedKernel<SolverArguments> Advance { get; } = Row<SolverArguments>(backend, "solver_advance", SolverAdvance.Run);

    public LoadedKernel<SolverStartArguments> Start { get; } = Element<SolverStartArguments>(backend, "solver_start", SolverStart.Run);

    public LoadedKernel<CopyArguments> Copy { get; } = Element<CopyArguments>(backend, "copy_elements", CopyElements.Run);

    public LoadedKernel<ObjectiveArguments> Gaps { get; } = Element<ObjectiveArguments>(backend, "gap_difference", GapDifference.Run);

    public LoadedKernel<ObjectiveArguments> Objective { get; } = Row<ObjectiveArguments>(backend, "alignment_loss_and_gradient", AlignmentLossAndGradient.Run);

    public LoadedKernel<ColumnSumArguments> Sums { get; } = Row<ColumnSumArguments>(backend, "column_sums", ColumnSums.Run);

    public LoadedKernel<ColumnSumArguments> SumsEnd { get; } = backend.Load<ColumnSumArguments>("column_sums_end", WarpRow.WarpSize, ColumnSumsEnd.Run);

    public LoadedKernel<MeanArguments> Mean { get; } = backend.Load<MeanArguments>("mean", WarpRow.WarpSize, MeanOf.Run);

    public LoadedKernel<UnfoldGradientArguments> Unfold { get; } = Row<UnfoldGradientArguments>(backend, "unfold_gradient", UnfoldGradient.Run);

    public LoadedGradient WeightGradient { get; } = products.Gradient(backend);

    public LoadedProduct<StoreEpilogue> Store { get; } = products.Product<StoreEpilogue>(backend);

    public LoadedProduct<ResidualEpilogue> Residual { get; } = products.Product<ResidualEpilogue>(backend);

    public LoadedProduct<ActivationEpilogue> Activation { get; } = products.Product<ActivationEpilogue>(backend);

    public LoadedProduct<SlopeEpilogue> Slope { get; } = products.Product<SlopeEpilogue>(backend);

    public LoadedProduct<AdjointSlopeEpilogue> AdjointSlope { get; } = products.Product<AdjointSlopeEpilogue>(backend);

    private static LoadedKernel<T> Row<T>(GpuBackend backend, string name, Action<T> kernel)
        where T : struct => backend.Load(name, WarpRow.GroupSize, kernel);

    private static LoadedKernel<T> Element<T>(GpuBackend backend, string name, Action<T> kernel)
        where T : struct => backend.Load(name, VectorKernel.GroupSize, kernel);
}
