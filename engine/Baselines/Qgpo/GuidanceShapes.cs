using EDA.Kernels;

namespace EDA.Engine.Baselines.Qgpo;

/// <summary>The perceptron g(a_t, s, t): e = C φ(t) + c, 32 × 32; [a_t, e, s] → H → H → H → H → 1, SiLU between.</summary>
/// <param name="stateSize">S.</param>
/// <param name="actionSize">A.</param>
/// <param name="width">H.</param>
public sealed class GuidanceShapes(int stateSize, int actionSize, int width)
{
    /// <summary>S.</summary>
    public int StateSize => stateSize;

    /// <summary>A.</summary>
    public int ActionSize => actionSize;

    /// <summary>What the perceptron reads: A + 32 + S.</summary>
    public int InputSize => actionSize + TimeFeatures.Count + stateSize;

    /// <summary>C and c.</summary>
    public MlpLayout Time { get; } = MethodLearning.LayoutOf("time", new(TimeFeatures.Count, [], TimeFeatures.Count, MlpActivation.SiLU));

    /// <summary>The rest.</summary>
    public MlpLayout Main { get; } = MethodLearning.LayoutOf("guidance", new(actionSize + TimeFeatures.Count + stateSize, [width, width, width, width], 1, MlpActivation.SiLU));
}
