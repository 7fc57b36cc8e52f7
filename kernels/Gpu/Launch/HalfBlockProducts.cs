namespace EDA.Kernels.Gpu;

/// <summary>The kernels of <see cref="HalfBlockProducts"/>.</summary>
/// <param name="backend">What runs them.</param>
internal sealed class HalfKernels(GpuBackend backend)
{
    public LoadedKernel<HalveWeightsArguments> HalveWeights { get; } = backend.Load<HalveWeightsArguments>("halve_weights", VectorKernel.GroupSize, Gpu.HalveWeights.Run);

    public LoadedKernel<HalfProductArguments<HalfActivationEpilogue>> Activation { get; } = Load<StraightLayout, HalfActivationEpilogue>(backend);

    public LoadedKernel<HalfProductArguments<ResidualEpilogue>> Residual { get; } = Load<StraightLayout, ResidualEpilogue>(backend);

    public LoadedKernel<HalfProductArguments<HalfSlopeEpilogue>> Slope { get; } = Load<StraightLayout, HalfSlopeEpilogue>(backend);

    public LoadedKernel<HalfProductArguments<HalfSlopeEpilogue>> TransposedSlope { get; } = Load<TransposedLayout, HalfSlopeEpilogue>(backend);

    public LoadedKernel<HalfProductArguments<HalfAdjointSlopeEpilogue>> AdjointSlope { get; } = Load<TransposedLayout, HalfAdjointSlopeEpilogue>(backend);

    public LoadedKernel<HalfProductArguments<StoreEpilogue>> Store { get; } = Load<TransposedLayout, StoreEpilogue>(backend);

    public LoadedKernel<WeightGradientArguments> Gradient { get; } = backend.Load<WeightGradientArguments>("weight_gradient_fp16", HalfGradientTile.GroupSize, HalfGradient.Run);

    private static LoadedKernel<HalfProductArguments<TEpilogue>> Load<TLayout, TEpilogue>(GpuBackend backend)
        where TLayout : struct, IHalfLayout
        where TEpilogue : struct, ISumsEpilogue => backend.Load<HalfProductArguments<TEpilogue>>(
            KernelName.Half(typeof(TLayout), typeof(TEpilogue)), HalfTile.GroupSize, HalfProduct<TLayout, TEpilogue>.Run);
}

/// <summary>
/// Products whose factors are stored with 16 bits a number, 10 of them behind the point: weights (a copy, made once a step), y and ẏ, hidden arrays, SiLU's derivatives
/// and their adjoints. Sums, streams and layer norms are float32.
/// </summary>
/// <param name="kernels">The kernels.</param>
/// <param name="layout">The network.</param>
/// <param name="models">The number of models.</param>
internal sealed class HalfBlockProducts(HalfKernels kernels, BdmLayout layout, int models) : BlockProducts
{
    private const int NumbersPerWord = 2;

    private int Width => layout.Shape.Width;

    private int Hidden => layout.Shape.Hidden;

    private int MatrixWords => WordsOfMatrix(layout.Shape);

    /// <summary>The words that the weights of a network take.</summary>
    public static long Words(BdmShape shape) => 2L * shape.Blocks * WordsOfMatrix(shape);

    public override void Prepare(PreparedWeights weights)
    {
        var first = layout.Blocks[0];
        int count = Width * Hidden, matrices = 2 * layout.Shape.Blocks, perGroup = HalveWeights.WeightsPerItem * VectorKernel.GroupSize;
        kernels.HalveWeights.Launch(
            new GridSize((count + perGroup - 1) / perGroup, matrices, models),
            new HalveWeightsArguments
            {
                Parameters = weights.Parameters,
                Halves = weights.Halves,
                First = first.ExpandWeight.Offset,
                Second = first.ContractWeight.Offset,
                Step = layout.Shape.Blocks > 1 ? layout.Blocks[1].ExpandWeight.Offset - first.ExpandWeight.Offset : 0,
                Count = count,
            },
            new KernelWork(0, 6.0 * count * matrices * models));
    }

    public override void Expand(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l, int derivatives) => Layer(
        kernels.Activation, buffers[buffers.Output[l]], ExpandWeight(weights, l), slab, Hidden, Width,
        new HalfActivationEpilogue
        {
            Hidden = buffers[buffers.Hidden[l]],
            Slope = buffers[buffers.Slope[l]],
            Curvature = buffers[buffers.Curvature[l]],
            Bias = BdmPasses.Slice(weights, layout.Blocks[l].ExpandBias),
            Derivatives = derivatives,
        },
        2 * (1 + derivatives));

    public override void Contract(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l) => Layer(
        kernels.Residual, buffers[buffers.Hidden[l]], ContractWeight(weights, l), slab, Width, Hidden,
        new ResidualEpilogue { Stream = buffers[buffers.Stream], Bias = BdmPasses.Slice(weights, layout.Blocks[l].ContractBias), HasBias = 1 }, 8);

    public override void ContractBackward(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l, bool second) => TransposedLayer(
        kernels.TransposedSlope, buffers[buffers.StreamFactor[l + 1]], ContractWeight(weights, l), slab, Hidden, Width,
        new HalfSlopeEpilogue
        {
            Output = buffers[buffers.HiddenTangentAdjoint[l]],
            Slope = buffers[buffers.Slope[l]],
            Curvature = buffers[buffers.Curvature[l]],
            HasCurvature = second ? 1 : 0,
        },
        second ? 8 : 4);

    public override void ExpandBackward(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l) => TransposedLayer(
        kernels.Store, buffers[buffers.HiddenTangentAdjoint[l]], ExpandWeight(weights, l), slab, Width, Hidden,
        new StoreEpilogue { Output = buffers[buffers.TangentAdjoint[l]], Bias = weights.FoldedBias }, 4);

    public override void ExpandTangent(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l) => Layer(
        kernels.Slope, buffers[buffers.OutputTangent[l]], ExpandWeight(weights, l), slab, Hidden, Width,
        new HalfSlopeEpilogue
        {
            Output = buffers[buffers.HiddenTangent[l]],
            Slope = buffers[buffers.Slope[l]],
            Curvature = buffers[buffers.Curvature[l]],
            HasCurvature = 1,
        },
        8);

    public override void ContractTangent(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l) => Layer(
        kernels.Residual, buffers[buffers.HiddenTangent[l]], ContractWeight(weights, l), slab, Width, Hidden,
        new ResidualEpilogue { Stream = buffers[buffers.Tangent], Bias = weights.FoldedBias }, 8);

    public override void ContractAdjoint(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l) => TransposedLayer(
        kernels.AdjointSlope, buffers[buffers.SecondStreamFactor[l + 1]], ContractWeight(weights, l), slab, Hidden, Width,
        new HalfAdjointSlopeEpilogue
        {
            Output = buffers[buffers.HiddenAdjoint[l]],
            Slope = buffers[buffers.Slope[l]],
            Curvature = buffers[buffers.Curvature[l]],
        },
        6);

    public override void ExpandAdjoint(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l) => TransposedLayer(
        kernels.Store, buffers[buffers.HiddenAdjoint[l]], ExpandWeight(weights, l), slab, Width, Hidden,
        new StoreEpilogue { Output = buffers[buffers.OutputAdjoint[l]], Bias = weights.FoldedBias }, 4);

    private static int WordsOfMatrix(BdmShape shape) => shape.Width * shape.Hidden / NumbersPerWord;

    private ModelView ExpandWeight(PreparedWeights weights, int l) => BdmPasses.Slice(weights.Halves, 2L * l * MatrixWords, MatrixWords);

    private ModelView ContractWeight(PreparedWeights weights, int l) => BdmPasses.Slice(weights.Halves, ((2L * l) + 1) * MatrixWords, MatrixWords);

    // input [n×K] · Wᵀ, W [M×K]
    private void Layer<TEpilogue>(
        LoadedKernel<HalfProductArguments<TEpilogue>> kernel, ModelView input, ModelView weight, in Slab slab, int columns, int depth, TEpilogue epilogue, int bytes)
        where TEpilogue : struct, ISumsEpilogue => Launch(kernel, input, weight, depth / NumbersPerWord, slab, columns, depth, epilogue, bytes);

    // input [n×K] · W, W [K×M]
    private void TransposedLayer<TEpilogue>(
        LoadedKernel<HalfProductArguments<TEpilogue>> kernel, ModelView input, ModelView weight, in Slab slab, int columns, int depth, TEpilogue epilogue, int bytes)
        where TEpilogue : struct, ISumsEpilogue => Launch(kernel, input, weight, columns / NumbersPerWord, slab, columns, depth, epilogue, bytes);

    // bytes: of the epilogue, an element.
    private void Launch<TEpilogue>(
        LoadedKernel<HalfProductArguments<TEpilogue>> kernel, ModelView input, ModelView weight, int weightStride, in Slab slab, int columns, int depth, TEpilogue epilogue, int bytes)
        where TEpilogue : struct, ISumsEpilogue
    {
        double rows = slab.Rows;
        kernel.Launch(
            new GridSize((slab.Rows + HalfTile.Size - 1) / HalfTile.Size, (columns + HalfTile.Size - 1) / HalfTile.Size, models),
            new HalfProductArguments<TEpilogue>
            {
                Left = input,
                Right = weight,
                LeftStride = depth / NumbersPerWord,
                RightStride = weightStride,
                Rows = slab.Rows,
                Columns = columns,
                Depth = depth,
                Epilogue = epilogue,
            },
            new KernelWork(2 * rows * columns * depth * models, ((2 * ((rows * depth) + ((double)columns * depth))) + (bytes * rows * columns)) * models));
    }
}
