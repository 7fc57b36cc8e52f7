using EDA.Kernels;

namespace EDA.Engine.Critics;

/// <summary>
/// PyTorch's initial weights: linear layers uniform in ±1/sqrt(fan_in), weights and biases. A parameter's random
/// element is its index in the flat array.
/// </summary>
internal static class MlpInitialisation
{
    public static float[] Draw(MlpLayout layout, ulong seed, RandomPurpose purpose)
    {
        var draw = new RandomDraw(seed, RandomStage.Critic, 0);
        var parameters = new float[layout.Length];
        foreach (var layer in layout.Networks.SelectMany(network => network.Layers))
            Linear(layer.Weight, layer.Bias);

        return parameters;

        void Linear(ParameterSlice weight, ParameterSlice bias)
        {
            float bound = 1 / MathF.Sqrt(weight.Dimensions[1]);
            for (int i = weight.Offset; i < bias.Offset + bias.Length; i++)
                parameters[i] = bound * ((2 * Philox.Uniform(Philox.Word(draw, purpose, (ulong)i))) - 1);
        }
    }
}
