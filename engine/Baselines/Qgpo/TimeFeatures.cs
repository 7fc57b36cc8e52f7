using EDA.Engine.Checkpoints;
using EDA.Kernels;

namespace EDA.Engine.Baselines.Qgpo;

/// <summary>φ(t) = [sin 2πwt, cos 2πwt] with fixed w ∈ R¹⁶, w ~ N(0, 30²).</summary>
internal sealed class TimeFeatures
{
    /// <summary>The features of a time.</summary>
    public const int Count = 32;

    private const int Frequencies = Count / 2;
    private const float FrequencyScale = 30;
    private const string Name = "time.frequencies";

    private static readonly ParameterSlice[] _slices = [new(Name, [Frequencies], 0)];

    private readonly float[] _frequencies;

    private TimeFeatures(float[] frequencies) => _frequencies = frequencies;

    /// <summary>Draws the frequencies of a seed.</summary>
    public static TimeFeatures Draw(ulong seed)
    {
        var draw = new RandomDraw(seed, RandomStage.Method, 0);
        return new([.. Enumerable.Range(0, Frequencies).Select(i => FrequencyScale * Philox.Normal(draw, RandomPurpose.Frequencies, (ulong)i))]);
    }

    /// <summary>Reads them from a file of weights.</summary>
    public static TimeFeatures Load(MethodWeights weights) => new(weights.Take(_slices, Frequencies));

    /// <summary>The frequencies as a file of weights has them.</summary>
    public NamedTensor ToTensor() => new(Name, [Frequencies], _frequencies);

    /// <summary>The features of a time.</summary>
    /// <param name="time">t.</param>
    /// <param name="features">Overwritten [32].</param>
    public void Of(float time, Span<float> features)
    {
        for (int i = 0; i < Frequencies; i++)
        {
            // Of hundreds of radians a float has lost the digits that count.
            var (sine, cosine) = Math.SinCos(2 * Math.PI * _frequencies[i] * time);
            (features[i], features[Frequencies + i]) = ((float)sine, (float)cosine);
        }
    }
}
