using System.Globalization;
using EDA.Engine.Checkpoints;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Engine.Stages;

/// <summary>Computes the loss [1] and its gradient [P] at the weights [P] for one step's random stream.</summary>
internal delegate void GradientStep(DeviceArray<float> weights, in RandomDraw draw, DeviceArray<float> gradient, DeviceArray<float> loss);

/// <summary>What both stages' loops have in common, out of their settings.</summary>
internal sealed record DescentSettings(
    string Stage,
    RandomStage RandomStage,
    long Steps,
    double LearningRate,
    LearningRateSchedule Schedule,
    double Averaging,
    int ReportEvery)
{
    /// <summary><see cref="Steps"/> as a setting that weights depend on: 0 at a constant rate, where a run may go on for longer.</summary>
    public long StepsThatCount => Schedule.Curve == LearningRateCurve.Constant ? 0 : Steps;
}

/// <summary>
/// A stage that moves a diffusion model along gradients: gradient, optimizer step, running average, saved states. With
/// averaging the model holds the average and the trained weights stand apart, so that the model is what the stage is
/// for after every step.
/// </summary>
internal sealed class GradientDescent : IDisposable
{
    private const string WeightsName = "weights";
    private const string AverageName = "average";
    private const string OptimizerPrefix = "optimizer.";

    private readonly DescentSettings _settings;
    private readonly BottleneckDiffusionModel _model;
    private readonly ulong _seed;
    private readonly GradientStep _gradientStep;
    private readonly Dictionary<string, string> _identity;
    private readonly DeviceArray<float> _weights;
    private readonly DeviceArray<float> _gradient;
    private readonly IOptimizer _optimizer;
    private readonly TrainingLoop _loop;

    /// <param name="settings">What the loop needs.</param>
    /// <param name="model">Trained in place.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="numericalSettings">All settings that the weights of a given step depend on; a saved state of others is refused.</param>
    /// <param name="data">The fingerprints of everything else they depend on.</param>
    /// <param name="optimizer">Makes the optimizer.</param>
    /// <param name="gradientStep">Computes a gradient.</param>
    public GradientDescent(
        DescentSettings settings,
        BottleneckDiffusionModel model,
        ulong seed,
        object numericalSettings,
        string data,
        OptimizerFactory optimizer,
        GradientStep gradientStep)
    {
        _settings = settings;
        _model = model;
        _seed = seed;
        _gradientStep = gradientStep;
        var device = model.Device;
        _weights = settings.Averaging > 0 ? device.Upload<float>(model.CloneParameters()) : model.Parameters;
        _gradient = device.Allocate<float>(model.Layout.Length);
        _loop = new TrainingLoop(device, settings.Stage, settings.Steps, settings.ReportEvery, ["loss"], TakeStep);
        _optimizer = optimizer(device, _weights);
        var shape = model.Shape;
        _identity = new Dictionary<string, string>
        {
            ["stage"] = settings.Stage,
            ["seed"] = seed.ToString(CultureInfo.InvariantCulture),
            ["network"] = string.Create(CultureInfo.InvariantCulture, $"S={shape.StateSize} A={shape.ActionSize} H={shape.Width} blocks={shape.Blocks}"),
            ["schedule"] = string.Create(CultureInfo.InvariantCulture, $"{model.Schedule.Variance.BetaMin} {model.Schedule.Variance.BetaMax} {model.Schedule.Variance.TimeMin}"),
            ["data"] = data,
            ["optimizer"] = _optimizer.Name,
            ["settings"] = TrainingState.Describe(numericalSettings),
        };
    }

    public long Step => _loop.Step;

    /// <summary>The course of the steps.</summary>
    public TrainingLoop Loop => _loop;

    public StageResult Run(ITrainingObserver? observer, long? until, CancellationToken cancellation) =>
        _loop.Run(observer, until, cancellation);

    public void SaveState(string path)
    {
        var arrays = new Dictionary<string, float[]> { [WeightsName] = _weights.ToArray() };
        if (_settings.Averaging > 0)
            arrays[AverageName] = _model.CloneParameters();
        foreach (var (name, values) in _optimizer.ExportState())
            arrays[OptimizerPrefix + name] = values;
        new TrainingState(Step, _identity, arrays).Save(path);
    }

    public void LoadState(string path)
    {
        var state = TrainingState.Load(path, _identity);
        float[] Array(string name) => state.Arrays.TryGetValue(name, out float[]? values) && values.Length == _weights.Length
            ? values
            : throw new InvalidFileException(path, $"has no {name} of {_weights.Length} numbers");
        if (state.Step > _settings.Steps)
            throw new InvalidFileException(path, $"is {state.Step} steps old where the stage has {_settings.Steps}");
        float[] weights = Array(WeightsName);
        float[]? average = _settings.Averaging > 0 ? Array(AverageName) : null;
        try
        {
            _optimizer.ImportState(
                state.Arrays
                    .Where(array => array.Key.StartsWith(OptimizerPrefix, StringComparison.Ordinal))
                    .ToDictionary(array => array.Key[OptimizerPrefix.Length..], array => array.Value),
                state.Step);
        }
        catch (ArgumentException error)
        {
            throw new InvalidFileException(path, error.Message, error);
        }

        _weights.CopyFrom(weights);
        if (average is not null)
            _model.SetParameters(average);
        _loop.Restart(state.Step);
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        if (_settings.Averaging > 0)
            _weights.Dispose();
        _gradient.Dispose();
        _loop.Dispose();
    }

    private double TakeStep(long step, DeviceArray<float> loss)
    {
        _optimizer.LearningRate = _settings.LearningRate * _settings.Schedule.Factor(step, _settings.Steps);
        _gradientStep(_weights, new RandomDraw(_seed, _settings.RandomStage, (uint)step), _gradient, loss);
        _optimizer.Step(_gradient);
        if (_settings.Averaging > 0)
            _model.Device.Vector.PolyakAverage(_model.Parameters, _weights, (float)Math.Max(_settings.Averaging, 9.0 / (step + 9)));
        return _optimizer.LearningRate;
    }
}
