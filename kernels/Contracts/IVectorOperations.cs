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
    /// <summary>Fills with uniform indices in [0, <paramref name="upper"/>), element i from word i.</summary>
    /// <param name="indices">Overwritten from 0 to models·count − 1.</param>
    /// <param name="count">How many a model.</param>
    /// <param name="upper">One more than the largest index.</param>
    /// <param name="draw">The random stream of model 0.</param>
    /// <param name="purpose">What the indices are for.</param>
    /// <param name="models">M, at least 1.</param>
    void FillIndices(DeviceArray<int> indices, int count, int upper, in RandomDraw draw, RandomPurpose purpose, int models = 1);

    /// <summary>Fills with standard normals.</summary>
    /// <param name="values">Overwritten from 0 to models·count − 1.</param>
    /// <param name="count">How many a model.</param>
    /// <param name="draw">The random stream of model 0.</param>
    /// <param name="purpose">What the numbers are for.</param>
    /// <param name="models">M, at least 1.</param>
    void FillNormal(DeviceArray<float> values, long count, in RandomDraw draw, RandomPurpose purpose, int models = 1);

    /// <summary>
    /// destination[m, i, :] = source[m, indices[m, i], :]. From a source that all models share rows are taken as for one
    /// model with all of the indices.
    /// </summary>
    /// <param name="source">Rows of <paramref name="width"/> elements, as many for each model.</param>
    /// <param name="width">The length of a row.</param>
    /// <param name="indices">The rows to take [models×count], each counted from its model's first.</param>
    /// <param name="count">How many rows a model to take.</param>
    /// <param name="destination">Overwritten, [models×count×width].</param>
    /// <param name="models">M, at least 1.</param>
    void Gather(DeviceArray<float> source, int width, DeviceArray<int> indices, int count, DeviceArray<float> destination, int models = 1);

    /// <summary>
    /// One step of Adam as PyTorch takes it: m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g²,
    /// θ ← θ − lr/(1−β₁ⁿ) · m / (sqrt(v)/sqrt(1−β₂ⁿ) + ε).
    /// </summary>
    /// <param name="parameters">θ, updated.</param>
    /// <param name="gradient">g.</param>
    /// <param name="firstMoment">m, updated.</param>
    /// <param name="secondMoment">v, updated.</param>
    /// <param name="settings">The constants.</param>
    /// <param name="step">n, 1 for the first step.</param>
    void Adam(
        DeviceArray<float> parameters,
        DeviceArray<float> gradient,
        DeviceArray<float> firstMoment,
        DeviceArray<float> secondMoment,
        in AdamSettings settings,
        long step);

    /// <summary>target ← target + rate · (source − target).</summary>
    /// <param name="target">Updated.</param>
    /// <param name="source">What the target moves towards.</param>
    /// <param name="rate">The share of the way, in [0, 1].</param>
    void PolyakAverage(DeviceArray<float> target, DeviceArray<float> source, float rate);

    /// <summary>destination = source, cut off at ±<paramref name="bound"/>; what is no number stays none.</summary>
    /// <param name="source">The values [≥ count].</param>
    /// <param name="count">How many, at least 0.</param>
    /// <param name="bound">The largest magnitude, at least 0.</param>
    /// <param name="destination">Overwritten from 0 to count − 1; may be the source.</param>
    void Clip(DeviceArray<float> source, long count, float bound, DeviceArray<float> destination);
}
