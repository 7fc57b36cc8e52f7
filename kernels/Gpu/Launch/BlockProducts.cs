namespace EDA.Kernels.Gpu;

/// <summary>
/// The large products of a block, with everything pointwise behind them, each reading like its part of method.md sections 2 and 3. What precision the factors
/// have, and how the arrays between products stand in the workspace, is an implementation's.
/// </summary>
internal abstract class BlockProducts
{
    /// <summary>The products of some kernels.</summary>
    /// <param name="kernels">The kernels.</param>
    /// <param name="layout">The network.</param>
    /// <param name="models">The number of models.</param>
    public static BlockProducts Of(BdmKernels kernels, BdmLayout layout, int models) =>
        kernels.Halves is { } halves ? new HalfBlockProducts(halves, layout, models) : new WideBlockProducts(kernels, layout, models);

    /// <summary>What the products read of the weights, made once for many of them.</summary>
    public abstract void Prepare(PreparedWeights weights);

    /// <summary>fc1 and SiLU, with as many derivatives as asked for.</summary>
    public abstract void Expand(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l, int derivatives);

    /// <summary>fc2, added to the stream.</summary>
    public abstract void Contract(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l);

    /// <summary>fc2ᵀ through SiLU: δz; where a tangent will follow, the curvature takes in p.</summary>
    public abstract void ContractBackward(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l, bool second);

    /// <summary>fc1ᵀ of δz: p_y.</summary>
    public abstract void ExpandBackward(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l);

    /// <summary>fc1 of ẏ through SiLU; the curvature takes in ż.</summary>
    public abstract void ExpandTangent(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l);

    /// <summary>fc2 of it, added to the stream's tangent.</summary>
    public abstract void ContractTangent(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l);

    /// <summary>fc2ᵀ of the second adjoint through SiLU, with the curvature's term: z̄.</summary>
    public abstract void ContractAdjoint(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l);

    /// <summary>fc1ᵀ of z̄: q_y.</summary>
    public abstract void ExpandAdjoint(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l);
}

/// <summary>Products whose arrays in memory are float32, whatever their factors are rounded to.</summary>
/// <param name="kernels">The kernels.</param>
/// <param name="layout">The network.</param>
/// <param name="models">The number of models.</param>
internal sealed class WideBlockProducts(BdmKernels kernels, BdmLayout layout, int models) : BlockProducts
{
    public override void Prepare(PreparedWeights weights)
    {
    }

    public override void Expand(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l, int derivatives) => Layer(
        kernels.Activation, buffers[buffers.Output[l]], weights, layout.Blocks[l].ExpandWeight, slab,
        new ActivationEpilogue
        {
            Hidden = buffers[buffers.Hidden[l]],
            Slope = buffers[buffers.Slope[l]],
            Curvature = buffers[buffers.Curvature[l]],
            Bias = BdmPasses.Slice(weights, layout.Blocks[l].ExpandBias),
            Derivatives = derivatives,
        },
        1 + derivatives);

    public override void Contract(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l) => Layer(
        kernels.Residual, buffers[buffers.Hidden[l]], weights, layout.Blocks[l].ContractWeight, slab,
        new ResidualEpilogue { Stream = buffers[buffers.Stream], Bias = BdmPasses.Slice(weights, layout.Blocks[l].ContractBias), HasBias = 1 }, 2);

    public override void ContractBackward(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l, bool second) => TransposedLayer(
        kernels.Slope, buffers[buffers.StreamAdjoint[l + 1]], weights, layout.Blocks[l].ContractWeight, slab,
        new SlopeEpilogue
        {
            Output = buffers[buffers.HiddenTangentAdjoint[l]],
            Slope = buffers[buffers.Slope[l]],
            Curvature = buffers[buffers.Curvature[l]],
            HasCurvature = second ? 1 : 0,
        },
        second ? 4 : 2);

    public override void ExpandBackward(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l) => TransposedLayer(
        kernels.Store, buffers[buffers.HiddenTangentAdjoint[l]], weights, layout.Blocks[l].ExpandWeight, slab,
        new StoreEpilogue { Output = buffers[buffers.TangentAdjoint[l]], Bias = weights.FoldedBias }, 1);

    public override void ExpandTangent(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l) => Layer(
        kernels.Slope, buffers[buffers.OutputTangent[l]], weights, layout.Blocks[l].ExpandWeight, slab,
        new SlopeEpilogue
        {
            Output = buffers[buffers.HiddenTangent[l]],
            Slope = buffers[buffers.Slope[l]],
            Curvature = buffers[buffers.Curvature[l]],
            HasCurvature = 1,
        },
        4);

    public override void ContractTangent(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l) => Layer(
        kernels.Residual, buffers[buffers.HiddenTangent[l]], weights, layout.Blocks[l].ContractWeight, slab,
        new ResidualEpilogue { Stream = buffers[buffers.Tangent], Bias = weights.FoldedBias }, 2);

    public override void ContractAdjoint(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l) => TransposedLayer(
        kernels.AdjointSlope, buffers[buffers.SecondStreamAdjoint[l + 1]], weights, layout.Blocks[l].ContractWeight, slab,
        new AdjointSlopeEpilogue
        {
            Output = buffers[buffers.HiddenAdjoint[l]],
            Slope = buffers[buffers.Slope[l]],
            Curvature = buffers[buffers.Curvature[l]],
        },
        3);

    public override void ExpandAdjoint(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l) => TransposedLayer(
        kernels.Store, buffers[buffers.HiddenAdjoint[l]], weights, layout.Blocks[l].ExpandWeight, slab,
        new StoreEpilogue { Output = buffers[buffers.OutputAdjoint[l]], Bias = weights.FoldedBias }, 1);

    // input [n×K] · Wᵀ, W [M×K]
    private void Layer<TEpilogue>(
        LoadedProduct<TEpilogue> kernel, ModelView input, PreparedWeights weights, ParameterSlice weight, in Slab slab, TEpilogue epilogue, int arrays)
        where TEpilogue : struct, IEpilogue
    {
        int columns = weight.Dimensions[0], depth = weight.Dimensions[1];
        kernel.Launch(input, depth, BdmPasses.Slice(weights, weight), depth, 1, slab.Rows, columns, depth, epilogue, arrays, models);
    }

    // input [n×K] · W, W [K×M]
    private void TransposedLayer<TEpilogue>(
        LoadedProduct<TEpilogue> kernel, ModelView input, PreparedWeights weights, ParameterSlice weight, in Slab slab, TEpilogue epilogue, int arrays)
        where TEpilogue : struct, IEpilogue
    {
        int columns = weight.Dimensions[1], depth = weight.Dimensions[0];
        kernel.Launch(input, depth, BdmPasses.Slice(weights, weight), 1, columns, slab.Rows, columns, depth, epilogue, arrays, models);
    }
}
