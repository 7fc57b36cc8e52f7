namespace EDA.Kernels;

/// <summary>A named part of the flat parameter array.</summary>
/// <param name="Name">The PyTorch name, without prefix.</param>
/// <param name="Dimensions">The shape; a matrix is [out, in].</param>
/// <param name="Offset">Where its first element stands.</param>
public sealed record ParameterSlice(string Name, IReadOnlyList<int> Dimensions, int Offset)
{
    /// <summary>The number of elements.</summary>
    public int Length { get; } = Dimensions.Aggregate(1, (product, size) => checked(product * size));
}

/// <summary>
/// Where each tensor of a bottleneck diffusion model stands in its one flat parameter array. Gradients and moments
/// share the layout. <c>embed.0.W</c> stands in it too although it never moves: its gradient is zero.
/// </summary>
public sealed class BdmLayout
{
    // 128 bytes: a cache line of a GPU.
    private const int ModelAlignment = 32;

    private readonly List<ParameterSlice> _slices = [];
    private int _length;

    /// <summary>Lays out the parameters of a network.</summary>
    /// <param name="shape">The sizes of the network.</param>
    public BdmLayout(BdmShape shape)
    {
        Shape = shape;
        const int e = BdmShape.TimeFeatures;
        int h = shape.Width;
        Frequencies = Add("embed.0.W", e / 2);
        string condition = shape.StateSize > 0 ? "cond_model.0" : "cond_model";
        ConditionWeight = Add(condition + ".weight", e, e);
        ConditionBias = Add(condition + ".bias", e);
        EmbeddingWeight = Add("dense1.weight", shape.EmbeddingFeatures, e);
        EmbeddingBias = Add("dense1.bias", shape.EmbeddingFeatures);
        ActionWeight = Add("dense2.weight", shape.ActionFeatures, shape.ActionSize);
        ActionBias = Add("dense2.bias", shape.ActionFeatures);
        if (shape.StateSize > 0)
        {
            StateWeight = Add("dense3.weight", shape.StateFeatures, shape.StateSize);
            StateBias = Add("dense3.bias", shape.StateFeatures);
        }

        InputWeight = Add("main.fc.weight", h, h);
        InputBias = Add("main.fc.bias", h);
        var blocks = new BlockSlices[shape.Blocks];
        for (int l = 0; l < shape.Blocks; l++)
        {
            string block = $"main.blocks.{l}.";
            blocks[l] = new BlockSlices(
                Add(block + "layer_norm.weight", h),
                Add(block + "layer_norm.bias", h),
                Add(block + "fc1.weight", shape.Hidden, h),
                Add(block + "fc1.bias", shape.Hidden),
                Add(block + "fc2.weight", h, shape.Hidden),
                Add(block + "fc2.bias", h));
        }

        Blocks = blocks;
        OutputWeight = Add("main.out_fc.weight", shape.ActionSize, h);
        OutputBias = Add("main.out_fc.bias", shape.ActionSize);
    }

    /// <summary>The sizes of the network.</summary>
    public BdmShape Shape { get; }

    /// <summary>Every slice, in order, without gaps.</summary>
    public IReadOnlyList<ParameterSlice> Slices => _slices;

    /// <summary>The number of parameters, the 16 fixed frequencies included.</summary>
    public int Length => _length;

    /// <summary>
    /// Where several models' parameters stand in one array, the distance from one model's first to the next's:
    /// <see cref="Length"/> rounded up to a multiple of 32, so that each model's matrices are aligned as one's alone.
    /// </summary>
    public int ModelStride => checked((_length + ModelAlignment - 1) / ModelAlignment * ModelAlignment);

    /// <summary>w, the fixed frequencies of the time embedding [16].</summary>
    public ParameterSlice Frequencies { get; }

    /// <summary>C [32×32].</summary>
    public ParameterSlice ConditionWeight { get; }

    /// <summary>c [32].</summary>
    public ParameterSlice ConditionBias { get; }

    /// <summary>D1 [H/8×32].</summary>
    public ParameterSlice EmbeddingWeight { get; }

    /// <summary>d1 [H/8].</summary>
    public ParameterSlice EmbeddingBias { get; }

    /// <summary>D2 [H/2×A], or [7H/8×A] without a state.</summary>
    public ParameterSlice ActionWeight { get; }

    /// <summary>d2.</summary>
    public ParameterSlice ActionBias { get; }

    /// <summary>D3 [3H/8×S]; null without a state.</summary>
    public ParameterSlice? StateWeight { get; }

    /// <summary>d3 [3H/8]; null without a state.</summary>
    public ParameterSlice? StateBias { get; }

    /// <summary>F [H×H].</summary>
    public ParameterSlice InputWeight { get; }

    /// <summary>f0 [H].</summary>
    public ParameterSlice InputBias { get; }

    /// <summary>The residual blocks, first to last.</summary>
    public IReadOnlyList<BlockSlices> Blocks { get; }

    /// <summary>O [A×H].</summary>
    public ParameterSlice OutputWeight { get; }

    /// <summary>o [A]; the gradient of both stages' losses with respect to it is exactly zero.</summary>
    public ParameterSlice OutputBias { get; }

    private ParameterSlice Add(string name, params int[] dimensions)
    {
        var slice = new ParameterSlice(name, dimensions, _length);
        _slices.Add(slice);
        _length = checked(_length + slice.Length);
        return slice;
    }

    /// <summary>The parameters of one residual block.</summary>
    /// <param name="NormWeight">γ of the layer norm [H].</param>
    /// <param name="NormBias">β of the layer norm [H].</param>
    /// <param name="ExpandWeight">W1 of fc1 [4H×H].</param>
    /// <param name="ExpandBias">b1 of fc1 [4H].</param>
    /// <param name="ContractWeight">W2 of fc2 [H×4H].</param>
    /// <param name="ContractBias">b2 of fc2 [H].</param>
    public sealed record BlockSlices(
        ParameterSlice NormWeight,
        ParameterSlice NormBias,
        ParameterSlice ExpandWeight,
        ParameterSlice ExpandBias,
        ParameterSlice ContractWeight,
        ParameterSlice ContractBias);
}
