namespace EDA.Kernels;

/// <summary>The constants of Adam (Kingma and Ba 2015), with PyTorch's defaults.</summary>
/// <param name="LearningRate">The learning rate.</param>
/// <param name="Beta1">The decay of the first moment.</param>
/// <param name="Beta2">The decay of the second moment.</param>
/// <param name="Epsilon">Added to the root of the second moment.</param>
public readonly record struct AdamSettings(
    double LearningRate,
    double Beta1 = 0.9,
    double Beta2 = 0.999,
    double Epsilon = 1e-8);

/// <summary>
/// Operations on plain arrays of one device. Those that know of models do for each of M what they do for one, to the
/// last bit; their arrays hold the models' parts one after the other, and model m draws from the seed plus m. Adam and
/// Polyak averages look at one element at a time: an element's result does not depend on where in an array it stands.
/// </summary>
public interface IVectorOperations
{
    /// <summary>Fills with uniform indices in [0, upper), element i from word i.</summary>
    /// <param name="call">The arguments.</param>
    void FillIndices(in FillIndicesCall call);

    /// <summary>Fills with standard normals.</summary>
    /// <param name="call">The arguments.</param>
    void FillNormal(in FillNormalCall call);

    /// <summary>
    /// destination[m, i, :] = source[m, indices[m, i], :]. From a source that all models share rows are taken as for one
    /// model with all of the indices.
    /// </summary>
    /// <param name="call">The arguments.</param>
    void Gather(in GatherCall call);

    /// <summary>
    /// One step of Adam as PyTorch takes it: m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g²,
    /// θ ← θ − lr/(1−β₁ⁿ) · m / (sqrt(v)/sqrt(1−β₂ⁿ) + ε).
    /// </summary>
    /// <param name="call">The arguments.</param>
    void Adam(in AdamCall call);

    /// <summary>target ← target + rate · (source − target).</summary>
    /// <param name="call">The arguments.</param>
    void PolyakAverage(in PolyakAverageCall call);

    /// <summary>destination = source, cut off at ±bound; what is no number stays none.</summary>
    /// <param name="call">The arguments.</param>
    void Clip(in ClipCall call);
}
