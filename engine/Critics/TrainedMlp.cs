using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Engine.Critics;

/// <summary>
/// What the training of one flat parameter array keeps on the device beside it. A critic's step is one operation with
/// Adam in it; another optimizer takes the gradient that the operation leaves when its own rate is 0.
/// </summary>
internal sealed class TrainedMlp : IDisposable
{
    private const string OptimizerPrefix = ".optimizer.";

    private readonly string _name;
    private readonly DeviceArray<float> _firstMoment;
    private readonly DeviceArray<float> _secondMoment;
    private readonly DeviceArray<float>? _gradient;
    private readonly IOptimizer? _optimizer;

    /// <param name="device">The device.</param>
    /// <param name="name">What its arrays are called in a saved state.</param>
    /// <param name="parameters">θ, kept and not disposed.</param>
    /// <param name="layout">Where its tensors stand.</param>
    /// <param name="optimizer">What moves it; null for the fused Adam.</param>
    public TrainedMlp(IDevice device, string name, DeviceArray<float> parameters, MlpLayout layout, OptimizerFactory? optimizer)
    {
        _name = name;
        _firstMoment = device.Allocate<float>(parameters.Length);
        _secondMoment = device.Allocate<float>(parameters.Length);
        if (optimizer is not null)
        {
            _gradient = device.Allocate<float>(parameters.Length);
            _optimizer = optimizer(device, parameters, ParameterLayout.Of(layout));
        }

        Arrays = new TrainedArrays(parameters, _gradient, _firstMoment, _secondMoment);
    }

    /// <summary>The arrays as a step takes them.</summary>
    public TrainedArrays Arrays { get; }

    /// <summary>The optimizer's name; null for the fused Adam.</summary>
    public string? Optimizer => _optimizer?.Name;

    /// <summary>Moves the parameters along the gradient that an operation left; the fused Adam has done so.</summary>
    /// <param name="learningRate">The rate.</param>
    public void Move(double learningRate)
    {
        if (_optimizer is null)
            return;
        _optimizer.LearningRate = learningRate;
        _optimizer.Step(_gradient!);
    }

    /// <summary>What the next step depends on, by the names of a saved state.</summary>
    public IEnumerable<KeyValuePair<string, float[]>> Export() => _optimizer is null
        ? [new(_name, Arrays.Parameters.ToArray()), new(_name + ".first_moment", _firstMoment.ToArray()), new(_name + ".second_moment", _secondMoment.ToArray())]
        : [new(_name, Arrays.Parameters.ToArray()), .. _optimizer.ExportState().Select(array => KeyValuePair.Create(_name + OptimizerPrefix + array.Key, array.Value))];

    /// <summary>Goes on from a saved state.</summary>
    /// <param name="state">What <see cref="Export"/> gave.</param>
    /// <param name="step">The steps done.</param>
    /// <exception cref="ArgumentException">It is no state of this.</exception>
    public void Import(IReadOnlyDictionary<string, float[]> state, long step)
    {
        SavedArrays.Copy(state, _name, Arrays.Parameters);
        if (_optimizer is null)
        {
            SavedArrays.Copy(state, _name + ".first_moment", _firstMoment);
            SavedArrays.Copy(state, _name + ".second_moment", _secondMoment);
            return;
        }

        string prefix = _name + OptimizerPrefix;
        _optimizer.ImportState(state.Where(array => array.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(array => array.Key[prefix.Length..], array => array.Value), step);
    }

    public void Dispose()
    {
        _optimizer?.Dispose();
        _gradient?.Dispose();
        _firstMoment.Dispose();
        _secondMoment.Dispose();
    }
}

/// <summary>The arrays of a saved state.</summary>
internal static class SavedArrays
{
    /// <summary>Copies one to the device.</summary>
    /// <exception cref="ArgumentException">It is missing or of another length.</exception>
    public static void Copy(IReadOnlyDictionary<string, float[]> state, string name, DeviceArray<float> array)
    {
        if (!state.TryGetValue(name, out float[]? values) || values.Length != array.Length)
            throw new ArgumentException($"has no {name} of {array.Length} numbers", nameof(state));
        array.CopyFrom(values);
    }
}
