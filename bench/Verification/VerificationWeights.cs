using EDA.Kernels;

namespace EDA.Bench.Verification;

/// <summary>Weights to compare programs with: somewhat larger than PyTorch's initial ones, so that nothing is nearly linear.</summary>
internal static class VerificationWeights
{
    /// <summary>A diffusion model's.</summary>
    /// <param name="layout">The order of the parameters.</param>
    /// <param name="uniform">Numbers in [-1, 1).</param>
    public static float[] Bdm(BdmLayout layout, Func<float> uniform) => Fill(layout.Slices, layout.Length, slice => Bdm(slice, uniform));

    /// <summary>One number of a diffusion model's tensor.</summary>
    public static float Bdm(ParameterSlice slice, Func<float> uniform) => slice switch
    {
        { Name: "embed.0.W" } => 30 * (uniform() + uniform() + uniform()),
        _ when slice.Name.EndsWith("layer_norm.weight", StringComparison.Ordinal) => 1 + (0.25f * uniform()),
        { Dimensions.Count: 1 } => 0.25f * uniform(),
        _ => 1.5f / MathF.Sqrt(slice.Dimensions[1]) * uniform(),
    };

    /// <summary>Those of a critic's networks: activations keep their size through ReLU.</summary>
    /// <param name="layout">The order of the parameters.</param>
    /// <param name="uniform">Numbers in [-1, 1).</param>
    public static float[] Mlp(MlpLayout layout, Func<float> uniform) =>
        Fill(layout.Slices, layout.Length, slice => (slice.Dimensions.Count == 1 ? 0.25f : 2.5f / MathF.Sqrt(slice.Dimensions[1])) * uniform());

    private static float[] Fill(IEnumerable<ParameterSlice> slices, int length, Func<ParameterSlice, float> value)
    {
        var values = new float[length];
        foreach (var slice in slices)
        {
            for (int i = slice.Offset; i < slice.Offset + slice.Length; i++)
                values[i] = value(slice);
        }

        return values;
    }
}
