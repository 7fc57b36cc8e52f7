using EDA.Engine.Checkpoints;
using EDA.Kernels;

namespace EDA.Engine.Baselines.Td3Bc;

/// <summary>States as TD3+BC sees them: (s − mean)/(std + 1e-3), mean and std over the dataset's states.</summary>
public sealed class StateNormalisation
{
    private const double Offset = 1e-3;

    private readonly float[] _mean;
    private readonly float[] _scale;

    private StateNormalisation(float[] mean, float[] scale) => (_mean, _scale) = (mean, scale);

    /// <summary>S.</summary>
    public int StateSize => _mean.Length;

    /// <summary>Finds mean and standard deviation, that of the states themselves (divided by N).</summary>
    /// <param name="states">s [N×S], at least one.</param>
    /// <param name="stateSize">S, at least 1.</param>
    /// <returns>The normalisation.</returns>
    /// <exception cref="ArgumentException">The array is not rows of S.</exception>
    public static StateNormalisation Of(ReadOnlySpan<float> states, int stateSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stateSize, 1);
        if (states.Length == 0 || states.Length % stateSize != 0)
            throw new ArgumentException($"{states.Length} numbers are not rows of {stateSize}", nameof(states));
        double count = states.Length / stateSize;
        var (mean, square) = (new double[stateSize], new double[stateSize]);
        for (int i = 0; i < states.Length; i++)
            mean[i % stateSize] += states[i] / count;
        for (int i = 0; i < states.Length; i++)
            square[i % stateSize] += (states[i] - mean[i % stateSize]) * (states[i] - mean[i % stateSize]) / count;
        return new(Array.ConvertAll(mean, x => (float)x), Array.ConvertAll(square, x => (float)(Math.Sqrt(x) + Offset)));
    }

    /// <summary>Reads what <see cref="ToTensors"/> gave.</summary>
    /// <param name="weights">The policy's file.</param>
    /// <param name="stateSize">S.</param>
    /// <returns>The normalisation.</returns>
    public static StateNormalisation From(MethodWeights weights, int stateSize) => new(weights.Take([Mean(stateSize)], stateSize), weights.Take([Scale(stateSize)], stateSize));

    /// <summary>Normalises states in place.</summary>
    /// <param name="states">s [n×S].</param>
    public void Apply(Span<float> states)
    {
        for (int i = 0; i < states.Length; i++)
            states[i] = (states[i] - _mean[i % _mean.Length]) / _scale[i % _mean.Length];
    }

    /// <summary>Both as tensors of a file of weights, <c>states.mean</c> and <c>states.scale</c> (std + 1e-3).</summary>
    /// <returns>The tensors.</returns>
    public IEnumerable<NamedTensor> ToTensors() => [.. NamedTensor.Of([Mean(StateSize)], string.Empty, _mean), .. NamedTensor.Of([Scale(StateSize)], string.Empty, _scale)];

    private static ParameterSlice Mean(int size) => new("states.mean", [size], 0);

    private static ParameterSlice Scale(int size) => new("states.scale", [size], 0);
}
