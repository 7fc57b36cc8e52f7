using System.Globalization;
using EDA.Engine.Checkpoints;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Engine.Stages;

/// <summary>Computes each model's loss [M] and its gradient at the weights for one step's random stream.</summary>
internal delegate void GradientStep(DeviceArray<float> weights, in RandomDraw draw, DeviceArray<float> gradient, DeviceArray<float> loss);

/// <summary>What both stages' loops have in common, out of their settings.</summary>
internal sealed record DescentSettings(
    string Stage,
    RandomStage RandomStage,
    long Steps,
    double LearningRate,
    LearningRateSchedule Schedule,
    double Averaging,
    int ReportEvery);

/// <summary>
/// A stage that moves diffusion models along gradients: gradient, optimizer step, running average, saved states. With
/// averaging the models hold the averages and the trained weights stand apart, so that the models are what the stage is
/// for after every step. A model's saved state is that of its training alone.
/// </summary>
internal sealed class GradientDescent : IDisposable
{
    private const string WeightsName = "weights";
    private const string AverageName = "average";
    private const string OptimizerPrefix = "optimizer.";

    private readonly DescentSettings _settings;
    private readonly ModelBatch _models;
    private readonly ulong _seed;
    private readonly GradientStep _gradientStep;
    private readonly Dictionary<string, string>[] _identities;
    private readonly DeviceArray<float> _weights;
    private readonly DeviceArray<float> _gradient;
    private readonly IOptimizer _optimizer;
    private readonly TrainingLoop _loop;

    /// <param name="settings">What the loop needs.</param>
    /// <param name="models">Trained in place.</param>
    /// <param name="seed">The seed of the first model; the others have those that follow.</param>
    /// <param name="numericalSettings">All settings that the weights of a given step depend on; a saved state of others is refused.</param>
    /// <param name="data">The fingerprints of everything else a model's weights depend on.</param>
    /// <param name="optimizer">Makes the optimizer, which looks at each parameter by itself where there are several models.</param>
    /// <param name="gradientStep">Computes a gradient.</param>
    public GradientDescent(
        DescentSettings settings,
        ModelBatch models,
        ulong seed,
        object numericalSettings,
        Func<int, string> data,
        OptimizerFactory optimizer,
        GradientStep gradientStep)
    {
        _settings = settings;
        _models = models;
        _seed = seed;
        _gradientStep = gradientStep;
        var device = models.Device;
        _weights = settings.Averaging > 0 ? device.Upload<float>(models.Parameters.ToArray()) : models.Parameters;
        _gradient = device.Allocate<float>(models.Parameters.Length);
        _loop = new TrainingLoop(device, settings.Stage, settings.Steps, settings.ReportEvery, ["loss"], TakeStep, models.Count);
        _optimizer = optimizer(device, _weights);
        var shape = models.Shape;
        _identities = [.. Enumerable.Range(0, models.Count).Select(m => new Dictionary<string, string>
        {
            ["stage"] = settings.Stage,
            [TrainingState.SeedKey] = checked(seed + (ulong)m).ToString(CultureInfo.InvariantCulture),
            ["network"] = string.Create(CultureInfo.InvariantCulture, $"S={shape.StateSize} A={shape.ActionSize} H={shape.Width} blocks={shape.Blocks}"),
            ["schedule"] = string.Create(CultureInfo.InvariantCulture, $"{models.Schedule.Variance.BetaMin} {models.Schedule.Variance.BetaMax} {models.Schedule.Variance.TimeMin}"),
            ["data"] = data(m),
            ["optimizer"] = _optimizer.Name,
            [TrainingState.SettingsKey] = TrainingState.Describe(numericalSettings),
        })];
    }

    public long Step => _loop.Step;

    /// <summary>The course of the steps.</summary>
    public TrainingLoop Loop => _loop;

    /// <summary>Writes a file for each model.</summary>
    public void SaveState(IReadOnlyList<string> paths)
    {
        RequireOneEach(paths);
        var arrays = new Dictionary<string, float[]> { [WeightsName] = _weights.ToArray() };
        if (_settings.Averaging > 0)
            arrays[AverageName] = _models.Parameters.ToArray();
        foreach (var (name, values) in _optimizer.ExportState())
            arrays[OptimizerPrefix + name] = values;
        for (int m = 0; m < _models.Count; m++)
            new TrainingState(Step, _identities[m], arrays.ToDictionary(array => array.Key, array => PartOf(array.Value, m))).Save(paths[m]);
    }

    /// <summary>Goes on from a file for each model.</summary>
    public void LoadState(IReadOnlyList<string> paths)
    {
        RequireOneEach(paths);
        var states = paths.Select((path, m) => TrainingState.Load(path, _identities[m])).ToList();
        long step = states[0].Step;
        for (int m = 0; m < states.Count; m++)
        {
            if (states[m].Step != step)
                throw new InvalidFileException(paths[m], $"is {states[m].Step} steps old where {paths[0]} is {step}");
            if (step > _settings.Steps)
                throw new InvalidFileException(paths[m], $"is {step} steps old where the stage has {_settings.Steps}");
            Require(m, WeightsName);
            if (_settings.Averaging > 0)
                Require(m, AverageName);
            foreach (string name in states[0].Arrays.Keys.Where(name => _models.Count > 1 && name.StartsWith(OptimizerPrefix, StringComparison.Ordinal)))
                Require(m, name);
        }

        try
        {
            _optimizer.ImportState(
                states[0].Arrays.Keys
                    .Where(name => name.StartsWith(OptimizerPrefix, StringComparison.Ordinal))
                    .ToDictionary(name => name[OptimizerPrefix.Length..], Joined),
                step);
        }
        catch (ArgumentException error)
        {
            throw new InvalidFileException(paths[0], error.Message, error);
        }

        _weights.CopyFrom(Joined(WeightsName));
        if (_settings.Averaging > 0)
            _models.Parameters.CopyFrom(Joined(AverageName));
        _loop.Restart(step);

        void Require(int model, string name)
        {
            int length = _models.Layout.Length;
            if (!states[model].Arrays.TryGetValue(name, out float[]? values) || values.Length != length)
                throw new InvalidFileException(paths[model], $"has no {name} of {length} numbers");
        }

        float[] Joined(string name)
        {
            if (_models.Count == 1)
                return states[0].Arrays[name];
            var joined = new float[_weights.Length];
            for (int m = 0; m < _models.Count; m++)
                states[m].Arrays[name].CopyTo(joined, (long)m * _models.Layout.ModelStride);
            return joined;
        }
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
        // As the optimizer takes it: a scheduler of its own may have a say, and moves on after the step.
        double learningRate = _optimizer.LearningRate;
        _gradientStep(_weights, new RandomDraw(_seed, _settings.RandomStage, (uint)step), _gradient, loss);
        _optimizer.Step(_gradient);
        if (_settings.Averaging > 0)
            _models.Device.Vector.PolyakAverage(_models.Parameters, _weights, (float)Math.Max(_settings.Averaging, 9.0 / (step + 9)));
        return learningRate;
    }

    private void RequireOneEach(IReadOnlyList<string> paths)
    {
        if (paths.Count != _models.Count)
            throw new ArgumentException($"{paths.Count} files for {_models.Count} models", nameof(paths));
    }

    // What an optimizer keeps has an element a parameter where there are several models, and any size where there is one.
    private float[] PartOf(float[] values, int model)
    {
        if (_models.Count == 1)
            return values;
        if (values.Length != _weights.Length)
            throw new NotSupportedException($"the state of {_optimizer.Name} cannot be told apart by model");
        int first = checked(model * _models.Layout.ModelStride);
        return values[first..(first + _models.Layout.Length)];
    }
}
