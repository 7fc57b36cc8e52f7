using EDA.Engine.Checkpoints;
using EDA.Engine.Optimizers;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Baselines;

/// <summary>How long a method trains, and how often that is told.</summary>
/// <param name="Steps">The steps.</param>
/// <param name="ReportEvery">Steps from one report to the next.</param>
public readonly record struct MethodSteps(long Steps, int ReportEvery);

/// <summary>
/// What a method beside EDA trains, one step at a time: networks on the multi-layer perceptron seam, their losses formed
/// of a batch's few numbers on the host. A class that derives from this names its parameters in its constructor and reads,
/// in <see cref="Step"/>, like the method's section of docs/method.md.
/// </summary>
public abstract class MethodLearning : IDisposable
{
    private readonly List<TrainedParameters> _trained = [];
    private readonly OptimizerFactory? _optimizer;
    private readonly ulong _seed;
    private ulong _drawn;

    /// <summary>Prepares training.</summary>
    /// <param name="device">The device.</param>
    /// <param name="steps">How long it trains.</param>
    /// <param name="numerical">All settings that the weights of a given step depend on; a saved state of others is refused.</param>
    /// <param name="fingerprint">A short name for everything else they depend on: the data, a frozen critic.</param>
    /// <param name="seed">The seed of the initial weights.</param>
    /// <param name="optimizer">What moves the networks; null for the device's Adam.</param>
    protected MethodLearning(IDevice device, MethodSteps steps, object numerical, string fingerprint, ulong seed, OptimizerFactory? optimizer)
    {
        (Device, Steps, Numerical, Fingerprint) = (device, steps, numerical, fingerprint);
        (_seed, _optimizer) = (seed, optimizer);
    }

    /// <summary>The device.</summary>
    public IDevice Device { get; }

    /// <summary>How long it trains.</summary>
    public MethodSteps Steps { get; }

    /// <summary>All settings that the weights of a given step depend on.</summary>
    public object Numerical { get; }

    /// <summary>A short name for everything else they depend on.</summary>
    public string Fingerprint { get; }

    /// <summary>What a step measures, the loss first.</summary>
    public abstract IReadOnlyList<string> Measured { get; }

    /// <summary>What is trained, in the order in which it was named.</summary>
    public IReadOnlyList<TrainedParameters> Trained => _trained;

    /// <summary>What a policy's file holds beside the networks; nothing for most methods.</summary>
    public virtual IEnumerable<NamedTensor> Constants => [];

    /// <summary>Takes one step.</summary>
    /// <param name="draw">The random stream of the step.</param>
    /// <param name="step">0 for the first.</param>
    /// <param name="measured">Overwritten, in the order of <see cref="Measured"/>.</param>
    /// <returns>The learning rate of the policy.</returns>
    public abstract double Step(in RandomDraw draw, long step, Span<float> measured);

    /// <summary>How often a network has moved when so many steps are done: as often, but where one moves only now and then.</summary>
    /// <param name="trained">One of <see cref="Trained"/>.</param>
    /// <param name="steps">The steps done.</param>
    protected virtual long MovesOf(TrainedParameters trained, long steps) => steps;

    /// <summary>Names a multi-layer perceptron that is trained, with PyTorch's initial weights: linear layers uniform in ±1/sqrt(fan_in).</summary>
    /// <param name="name">Its name, which its tensors begin with: <c>actor.0.weight</c>.</param>
    /// <param name="shape">Its sizes.</param>
    /// <param name="isFollowed">Whether an average follows it.</param>
    /// <returns>The parameters, owned by this.</returns>
    protected TrainedParameters Network(string name, MlpShape shape, bool isFollowed = false) => Networks(name, LayoutOf(name, shape), isFollowed);

    /// <summary>The same of several that are trained as one, the names of their tensors as the layout has them.</summary>
    /// <param name="name">Their name in a saved state.</param>
    /// <param name="layout">The layout.</param>
    /// <param name="isFollowed">Whether an average follows them.</param>
    /// <param name="adam">What moves them where nothing else is asked for; null for Adam with PyTorch's constants.</param>
    /// <returns>The parameters, owned by this.</returns>
    protected TrainedParameters Networks(string name, MlpLayout layout, bool isFollowed = false, OptimizerFactory? adam = null)
    {
        float[] initial = MlpInitialisation.Draw(layout, new RandomDraw(_seed, RandomStage.Method, 0, _drawn), RandomPurpose.Initialisation);
        _drawn += (ulong)initial.Length;
        return Add(name, layout.Slices, initial, isFollowed, adam: adam);
    }

    /// <summary>Names parameters of any kind that are trained.</summary>
    /// <param name="name">Their name in a saved state.</param>
    /// <param name="slices">The tensors, with the names that they have in a file of weights.</param>
    /// <param name="initial">The parameters before the first step.</param>
    /// <param name="isFollowed">Whether an average follows them.</param>
    /// <param name="isFixed">Whether a tensor is never moved, so that no optimizer is to look at it; null for none.</param>
    /// <param name="adam">What moves them where nothing else is asked for; null for Adam with PyTorch's constants.</param>
    /// <returns>The parameters, owned by this.</returns>
    protected TrainedParameters Add(
        string name, IReadOnlyList<ParameterSlice> slices, float[] initial, bool isFollowed = false, Func<ParameterSlice, bool>? isFixed = null, OptimizerFactory? adam = null)
    {
        var layout = new ParameterLayout([.. slices.Where(slice => isFixed?.Invoke(slice) != true)], initial.Length, initial.Length);
        var trained = new TrainedParameters(Device, name, slices, initial, isFollowed, layout, _optimizer ?? adam);
        _trained.Add(trained);
        return trained;
    }

    /// <summary>The layout of a network, whose tensors are <c>NAME.0.weight</c>, <c>NAME.0.bias</c>, <c>NAME.2.weight</c> and so on.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">Its sizes.</param>
    /// <returns>The layout.</returns>
    public static MlpLayout LayoutOf(string name, MlpShape shape) => new(shape, name);

    /// <summary>Copies everything that the next step depends on and that changes, by the names of a saved state.</summary>
    internal IEnumerable<KeyValuePair<string, float[]>> Export() => _trained.SelectMany(trained => trained.Export());

    /// <summary>Goes on from what <see cref="Export"/> gave.</summary>
    /// <exception cref="ArgumentException">It is no state of this learning.</exception>
    internal void Import(IReadOnlyDictionary<string, float[]> state, long steps)
    {
        foreach (var trained in _trained)
            trained.Import(state, MovesOf(trained, steps));
    }

    /// <summary>Whether every parameter is a number.</summary>
    internal bool IsFinite => _trained.All(trained => Array.TrueForAll(trained.Values.ToArray(), float.IsFinite) && (trained.Average is null || Array.TrueForAll(trained.Average.ToArray(), float.IsFinite)));

    /// <summary>Writes all parameters, averages included, and the constants.</summary>
    /// <param name="path">The .safetensors file, replaced if there.</param>
    internal void SaveWeights(string path) => Safetensors.Write(path, [.. _trained.SelectMany(trained => trained.ToTensors()), .. Constants], null, overwrite: true, checksum: true);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives the arrays of training back.</summary>
    /// <param name="disposing">True.</param>
    protected virtual void Dispose(bool disposing)
    {
        foreach (var trained in _trained)
            trained.Dispose();
    }
}
