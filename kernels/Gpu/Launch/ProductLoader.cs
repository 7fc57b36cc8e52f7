namespace EDA.Kernels.Gpu;

/// <summary>Compiles the kernels whose products are of one precision.</summary>
internal abstract class ProductLoader
{
    /// <summary>The kernels of a precision.</summary>
    /// <exception cref="NotSupportedException">The backend has no tensor cores, and the precision needs them.</exception>
    public static ProductLoader Of(GpuPrecision precision, GpuBackend backend)
    {
        if (precision != GpuPrecision.Fp32 && !backend.HasTensorCores)
            throw new NotSupportedException($"precision {precision.ToString().ToLowerInvariant()} needs tensor cores, which {backend.Name} lacks; fp32 runs on it");
        return precision switch
        {
            GpuPrecision.Fp32 => new ProductLoader<Fp32Product, Fp32SmallProduct>(),
            GpuPrecision.Tf32 or GpuPrecision.Fp16 => new ProductLoader<Tf32Product, Tf32SmallProduct>(),
            GpuPrecision.Bf16 => new ProductLoader<Bf16Product, Bf16SmallProduct>(),
            _ => throw new ArgumentOutOfRangeException(nameof(precision), precision, "no such precision"),
        };
    }

    /// <summary>Compiles a product.</summary>
    public abstract LoadedProduct<TEpilogue> Product<TEpilogue>(GpuBackend backend)
        where TEpilogue : struct, IEpilogue;

    /// <summary>Compiles the weight gradients.</summary>
    public abstract LoadedGradient Gradient(GpuBackend backend);
}

/// <summary>The same for a large and a small tile, which may be one.</summary>
internal sealed class ProductLoader<TLarge, TSmall> : ProductLoader
    where TLarge : struct, IProduct
    where TSmall : struct, IProduct
{
    public override LoadedProduct<TEpilogue> Product<TEpilogue>(GpuBackend backend)
    {
        var large = (Product<TLarge, TEpilogue>(backend), Tile<TLarge>());
        return new LoadedProduct<TEpilogue>(large, typeof(TLarge) == typeof(TSmall) ? large : (Product<TSmall, TEpilogue>(backend), Tile<TSmall>()));
    }

    public override LoadedGradient Gradient(GpuBackend backend)
    {
        var large = Gradient<TLarge>(backend);
        return new LoadedGradient(large, Tile<TLarge>(), typeof(TLarge) == typeof(TSmall) ? large : Gradient<TSmall>(backend), Tile<TSmall>());
    }

    private static TileSize Tile<TProduct>()
        where TProduct : struct, IProduct => new(default(TProduct).TileRows, default(TProduct).TileColumns);

    private static LoadedKernel<ProductArguments<TEpilogue>> Product<TProduct, TEpilogue>(GpuBackend backend)
        where TProduct : struct, IProduct
        where TEpilogue : struct, IEpilogue => backend.Load<ProductArguments<TEpilogue>>(
            KernelName.Product(typeof(TProduct), typeof(TEpilogue)), default(TProduct).GroupSize, MatrixProduct<TProduct, TEpilogue>.Run);

    private static LoadedKernel<WeightGradientArguments> Gradient<TProduct>(GpuBackend backend)
        where TProduct : struct, IProduct => backend.Load<WeightGradientArguments>(
            KernelName.WeightGradient(typeof(TProduct)), default(TProduct).GroupSize, WeightGradient<TProduct>.Run);
}
