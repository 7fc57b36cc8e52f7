using EDA.Kernels;

namespace EDA.Engine.Training;

/// <summary>
/// PyTorch's initial weights: linear layers uniform in ±1/sqrt(fan_in), weights and biases. A parameter's random
/// element is its index in the flat array.
/// </summary>
internal static class MlpInitialisation
{
    /// <summary>Those of a critic.</summary>
    public static float[] Draw(MlpLayout layout, ulong seed, RandomPurpose purpose) => Draw(layout, new RandomDraw(seed, RandomStage.Critic, 0), purpose);

    /// <summary>Those of any stage.</summary>
    public static float[] Draw(MlpLayout layout, in RandomDraw draw, RandomPurpose purpose)
    {
        var parameters = new float[layout.Length];
        foreach (var layer in layout.Networks.SelectMany(network => network.Layers))
        {
            float bound = 1 / MathF.Sqrt(layer.Weight.Dimensions[1]);
            for (int i = layer.Weight.Offset; i < layer.Bias.Offset + layer.Bias.Length; i++)
                parameters[i] = bound * ((2 * Philox.Uniform(Philox.Word(draw, purpose, (ulong)i))) - 1);
        }

        return parameters;
    }
}
