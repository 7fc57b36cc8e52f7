using EDA.Kernels;

namespace EDA.Engine.Diffusion;

/// <summary>
/// PyTorch's initial weights (method: section 2): linear layers uniform in ±1/sqrt(fan_in), weights and biases;
/// layer norms 1 and 0; the time embedding's frequencies N(0, 30²). A parameter's random element is its index in the
/// flat array.
/// </summary>
internal static class BdmInitialisation
{
    private const float FrequencyScale = 30;

    public static float[] Draw(BdmLayout layout, ulong seed, RandomStage stage = RandomStage.Behavior)
    {
        var draw = new RandomDraw(seed, stage, 0);
        var parameters = new float[layout.Length];
        Span<float> Of(ParameterSlice slice) => parameters.AsSpan(slice.Offset, slice.Length);

        var frequencies = Of(layout.Frequencies);
        for (int i = 0; i < frequencies.Length; i++)
            frequencies[i] = FrequencyScale * Philox.Normal(draw, RandomPurpose.Initialisation, (ulong)(layout.Frequencies.Offset + i));

        void Linear(ParameterSlice weight, ParameterSlice bias)
        {
            float bound = 1 / MathF.Sqrt(weight.Dimensions[1]);
            Uniform(draw, weight.Offset, Of(weight), bound);
            Uniform(draw, bias.Offset, Of(bias), bound);
        }

        Linear(layout.ConditionWeight, layout.ConditionBias);
        Linear(layout.EmbeddingWeight, layout.EmbeddingBias);
        Linear(layout.ActionWeight, layout.ActionBias);
        if (layout.StateWeight is { } stateWeight && layout.StateBias is { } stateBias)
            Linear(stateWeight, stateBias);
        Linear(layout.InputWeight, layout.InputBias);
        foreach (var block in layout.Blocks)
        {
            Of(block.NormWeight).Fill(1);
            Linear(block.ExpandWeight, block.ExpandBias);
            Linear(block.ContractWeight, block.ContractBias);
        }

        Linear(layout.OutputWeight, layout.OutputBias);
        return parameters;
    }

    private static void Uniform(in RandomDraw draw, int firstElement, Span<float> values, float bound)
    {
        for (int i = 0; i < values.Length;)
        {
            int element = firstElement + i;
            var words = Philox.Block(draw, RandomPurpose.Initialisation, (ulong)element >> 2);
            for (int lane = element & 3; lane < 4 && i < values.Length; lane++, i++)
                values[i] = bound * ((2 * Philox.Uniform(words[lane])) - 1);
        }
    }
}
