using EDA.Engine.Checkpoints;
using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Engine.Baselines;

/// <summary>One flat parameter array in training: its gradient, what moves it, and where it wants to be followed by an average of itself, that.</summary>
public sealed class TrainedParameters : IDisposable
{
    /// <summary>What stands before the names of an average's tensors.</summary>
    public const string AveragePrefix = "average.";

    private const string AverageSuffix = ".average", OptimizerInfix = ".optimizer.";

    private readonly IVectorOperations _vector;
    private readonly IOptimizer _optimizer;

    /// <summary>Takes over parameters as they are before the first step.</summary>
    /// <param name="device">The device.</param>
    /// <param name="name">What its arrays are called in a saved state.</param>
    /// <param name="slices">The tensors, with the names that they have in a file of weights.</param>
    /// <param name="initial">The parameters.</param>
    /// <param name="isFollowed">Whether there is an average that follows them, equal to them at first.</param>
    /// <param name="layout">What of them an optimizer looks at.</param>
    /// <param name="optimizer">What moves them; null for the device's Adam.</param>
    internal TrainedParameters(IDevice device, string name, IReadOnlyList<ParameterSlice> slices, float[] initial, bool isFollowed, ParameterLayout layout, OptimizerFactory? optimizer)
    {
        (Name, Slices, _vector) = (name, slices, device.Vector);
        Values = device.Upload<float>(initial);
        Gradient = device.Allocate<float>(initial.Length);
        Average = isFollowed ? device.Upload<float>(initial) : null;
        _optimizer = (optimizer ?? Adam.Factory)(device, Values, layout);
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>Where the tensors stand.</summary>
    public IReadOnlyList<ParameterSlice> Slices { get; }

    /// <summary>θ [P].</summary>
    public DeviceArray<float> Values { get; }

    /// <summary>∂L/∂θ [P], for a step to overwrite.</summary>
    public DeviceArray<float> Gradient { get; }

    /// <summary>What follows θ [P]: a target network, or an averaged policy; null where nothing does.</summary>
    public DeviceArray<float>? Average { get; }

    /// <summary>The optimizer's name.</summary>
    public string Optimizer => _optimizer.Name;

    /// <summary>Moves the parameters along <see cref="Gradient"/>.</summary>
    /// <param name="learningRate">The rate.</param>
    public void Move(double learningRate)
    {
        _optimizer.LearningRate = learningRate;
        _optimizer.Step(Gradient);
    }

    /// <summary>Moves the average towards the parameters.</summary>
    /// <param name="rate">The share of the way, in [0, 1].</param>
    /// <exception cref="InvalidOperationException">There is no average.</exception>
    public void Follow(double rate) => _vector.PolyakAverage(new()
    {
        Target = Average ?? throw new InvalidOperationException($"nothing follows {Name}"),
        Source = Values,
        Rate = (float)rate,
    });

    /// <summary>Everything that the next step depends on, by the names of a saved state.</summary>
    internal IEnumerable<KeyValuePair<string, float[]>> Export()
    {
        yield return new(Name, Values.ToArray());
        if (Average is not null)
            yield return new(Name + AverageSuffix, Average.ToArray());
        foreach (var (name, values) in _optimizer.ExportState())
            yield return new(Name + OptimizerInfix + name, values);
    }

    /// <summary>Goes on from what <see cref="Export"/> gave.</summary>
    /// <param name="state">Arrays by name.</param>
    /// <param name="moves">How often the optimizer had moved the parameters.</param>
    /// <exception cref="ArgumentException">It is no state of this.</exception>
    internal void Import(IReadOnlyDictionary<string, float[]> state, long moves)
    {
        Copy(Name, Values);
        if (Average is not null)
            Copy(Name + AverageSuffix, Average);
        string prefix = Name + OptimizerInfix;
        _optimizer.ImportState(state.Where(array => array.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(array => array.Key[prefix.Length..], array => array.Value), moves);

        void Copy(string name, DeviceArray<float> array)
        {
            if (!state.TryGetValue(name, out float[]? values) || values.Length != array.Length)
                throw new ArgumentException($"has no {name} of {array.Length} numbers", nameof(state));
            array.CopyFrom(values);
        }
    }

    /// <summary>The tensors as a file of weights has them: by the names of the slices, those of the average after <see cref="AveragePrefix"/>.</summary>
    internal IEnumerable<NamedTensor> ToTensors()
    {
        var values = NamedTensor.Of(Slices, string.Empty, Values.ToArray());
        return Average is null ? values : values.Concat(NamedTensor.Of(Slices, AveragePrefix, Average.ToArray()));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _optimizer.Dispose();
        Values.Dispose();
        Gradient.Dispose();
        Average?.Dispose();
    }
}
