namespace EDA.Kernels.Gpu;

/// <summary>The kernels of multi-layer perceptrons, compiled once for a device; products are float32.</summary>
/// <param name="backend">What runs them.</param>
internal sealed class MlpKernels(GpuBackend backend)
{
    private static readonly ProductLoader<Fp32Product, Fp32SmallProduct> Products = new();

    public LoadedProduct<LayerEpilogue> Layer { get; } = Products.Product<LayerEpilogue>(backend);

    public LoadedProduct<SlopeEpilogue> LayerBackward { get; } = Products.Product<SlopeEpilogue>(backend);

    public LoadedProduct<StoreEpilogue> Store { get; } = Products.Product<StoreEpilogue>(backend);

    public LoadedKernel<MlpSeedArguments> Seed { get; } = backend.Load<MlpSeedArguments>("mlp_seed", VectorKernel.GroupSize, MlpSeed.Run);

    public LoadedKernel<CopyArguments> Copy { get; } = backend.Load<CopyArguments>("copy_elements", VectorKernel.GroupSize, CopyElements.Run);

    public LoadedGradient WeightGradient { get; } = Products.Gradient(backend);

    public LoadedKernel<ColumnSumArguments> Sums { get; } = backend.Load<ColumnSumArguments>("column_sums", WarpRow.GroupSize, ColumnSums.Run);

    public LoadedKernel<ColumnSumArguments> SumsEnd { get; } = backend.Load<ColumnSumArguments>("column_sums_end", WarpRow.WarpSize, ColumnSumsEnd.Run);
}
