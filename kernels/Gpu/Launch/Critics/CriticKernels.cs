namespace EDA.Kernels.Gpu;

/// <summary>The kernels of a critic's operations, compiled once for a device; products are float32.</summary>
/// <param name="backend">What runs them.</param>
internal sealed class CriticKernels(GpuBackend backend)
{
    private static readonly ProductLoader<Fp32Product, Fp32SmallProduct> Products = new();

    public LoadedKernel<SetDrawArguments> SetDraw { get; } = backend.Load<SetDrawArguments>("set_draw", Gpu.SetDraw.GroupSize, Gpu.SetDraw.Run);

    public LoadedKernel<CriticRowsArguments> Rows { get; } = backend.Load<CriticRowsArguments>("critic_rows", WarpRow.GroupSize, CriticRows.Run);

    public LoadedKernel<JoinRowsArguments> Join { get; } = backend.Load<JoinRowsArguments>("join_rows", VectorKernel.GroupSize, JoinRows.Run);

    public LoadedProduct<ReluEpilogue> Layer { get; } = Products.Product<ReluEpilogue>(backend);

    public LoadedProduct<ReluBackwardEpilogue> LayerBackward { get; } = Products.Product<ReluBackwardEpilogue>(backend);

    public LoadedKernel<CriticLayersArguments> Layers { get; } = backend.Load<CriticLayersArguments>("critic_layers", ProductTile.GroupSize, CriticLayers.Run);

    public LoadedKernel<CriticLayersArguments> LayersBackward { get; } =
        backend.Load<CriticLayersArguments>("critic_layers_backward", ProductTile.GroupSize, CriticLayersBackward.Run);

    public LoadedKernel<MlpHeadArguments> Head { get; } = backend.Load<MlpHeadArguments>("mlp_head", WarpRow.GroupSize, MlpHead.Run);

    public LoadedKernel<MlpHeadArguments> HeadBackward { get; } = backend.Load<MlpHeadArguments>("mlp_head_backward", WarpRow.GroupSize, MlpHeadBackward.Run);

    public LoadedKernel<ImplicitHeadArguments> ImplicitHead { get; } = backend.Load<ImplicitHeadArguments>("implicit_head", WarpRow.GroupSize, Gpu.ImplicitHead.Run);

    public LoadedKernel<MoveCriticArguments> Move { get; } = backend.Load<MoveCriticArguments>("move_critic", VectorKernel.GroupSize, MoveCritic.Run);

    public LoadedKernel<CriticSeedArguments> SampledSeed { get; } = backend.Load<CriticSeedArguments>("sampled_seed", VectorKernel.GroupSize, Gpu.SampledSeed.Run);

    public LoadedKernel<CriticSeedArguments> AdvantageSeed { get; } = backend.Load<CriticSeedArguments>("advantage_seed", VectorKernel.GroupSize, Gpu.AdvantageSeed.Run);

    public LoadedKernel<SmallerOfTwinsArguments> Smaller { get; } = backend.Load<SmallerOfTwinsArguments>("smaller_of_twins", VectorKernel.GroupSize, SmallerOfTwins.Run);

    public LoadedKernel<ChosenTwinArguments> ChooseTwin { get; } = backend.Load<ChosenTwinArguments>("choose_twin", VectorKernel.GroupSize, Gpu.ChooseTwin.Run);

    public LoadedKernel<ChosenTwinArguments> ChosenActionGradient { get; } =
        backend.Load<ChosenTwinArguments>("chosen_action_gradient", VectorKernel.GroupSize, Gpu.ChosenActionGradient.Run);

    public LoadedGradient WeightGradient { get; } = Products.Gradient(backend);

    public LoadedKernel<ColumnSumArguments> Sums { get; } = backend.Load<ColumnSumArguments>("column_sums", WarpRow.GroupSize, ColumnSums.Run);

    public LoadedKernel<ColumnSumArguments> SumsEnd { get; } = backend.Load<ColumnSumArguments>("column_sums_end", WarpRow.WarpSize, ColumnSumsEnd.Run);

    public LoadedKernel<CopyArguments> Copy { get; } = backend.Load<CopyArguments>("copy_elements", VectorKernel.GroupSize, CopyElements.Run);
}
