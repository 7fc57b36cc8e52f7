using System.Globalization;
using EDA.Engine.Checkpoints;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Engine.Training;

/// <summary>How models move along gradients, out of a stage's settings.</summary>
internal sealed record DescentSettings(string Stage, long Steps, double LearningRate, LearningRateSchedule Schedule, double Averaging);

/// <summary>
/// Diffusion models in training: weights, gradient, optimizer, running average, saved states. With averaging the models
/// hold the averages and the trained weights stand apart, so that the models are what the stage is for after every step.
/// A model's saved state is that of its training alone.
/// </summary>
internal sealed class TrainedModels : IDisposable
{
    private const string WeightsName = "weights";
    private const string AverageName = "average";
    private const string OptimizerPrefix = "optimizer.";

    private readonly DescentSettings _settings;
    private readonly ModelBatch _models;
    private readonly Dictionary<string, string>[] _identities;
    private readonly IOptimizer _optimizer;

    /// <param name="settings">How they move.</param>
    /// <param name="models">Trained in place.</param>
    /// <param name="seed">The seed of the first model; the others have those that follow.</param>
    /// <param name="numericalSettings">All settings that the weights of a given step depend on; a saved state of others is refused.</param>
    /// <param name="data">The fingerprints of everything else a model's weights depend on.</param>
    /// <param name="optimizer">Makes the optimizer, which looks at each parameter by itself where there are several models; null for fused Adam.</param>
    public TrainedModels(DescentSettings settings, ModelBatch models, ulong seed, object numericalSettings, Func<int, string> data, OptimizerFactory? optimizer)
    {
        (_settings, _models) = (settings, models);
        var device = models.Device;
        Weights = settings.Averaging > 0 ? device.Upload<float>(models.Parameters.ToArray()) : models.Parameters;
        Gradient = device.Allocate<float>(models.Parameters.Length);
        _optimizer = (optimizer ?? Adam.Factory)(device, Weights, models.Layout);
        var shape = models.Shape;
        _identities = [.. Enumerable.Range(0, models.Count).Select(m => TrainingState.On(new()
        {
            ["stage"] = settings.Stage,
            [TrainingState.SeedKey] = checked(seed + (ulong)m).ToString(CultureInfo.InvariantCulture),
            ["network"] = string.Create(CultureInfo.InvariantCulture, $"S={shape.StateSize} A={shape.ActionSize} H={shape.Width} blocks={shape.Blocks}"),
            ["schedule"] = string.Create(CultureInfo.InvariantCulture, $"{models.Schedule.Variance.BetaMin} {models.Schedule.Variance.BetaMax} {models.Schedule.Variance.TimeMin}"),
            ["data"] = data(m),
            ["optimizer"] = _optimizer.Name,
            [TrainingState.SettingsKey] = TrainingState.Describe(numericalSettings),
        }, device))];
    }

    /// <summary>θ of all models, as gradients are taken at.</summary>
    public DeviceArray<float> Weights { get; }

    /// <summary>∂L/∂θ, for a step to overwrite.</summary>
    public DeviceArray<float> Gradient { get; }

    /// <summary>Moves the weights along <see cref="Gradient"/>, and the models' averages after them.</summary>
    /// <param name="step">0 for the first.</param>
    /// <returns>The learning rate, as the optimizer took it.</returns>
    public double Move(long step)
    {
        _optimizer.LearningRate = _settings.LearningRate * _settings.Schedule.Factor(step, _settings.Steps);
        // A scheduler of the optimizer's own may have a say, and moves on after the step.
        double learningRate = _optimizer.LearningRate;
        _optimizer.Step(Gradient);
        if (_settings.Averaging > 0)
            _models.Device.Vector.PolyakAverage(new()
            {
                Target = _models.Parameters,
                Source = Weights,
                Rate = (float)Math.Max(_settings.Averaging, 9.0 / (step + 9)),
            });
        return learningRate;
    }

    /// <summary>Writes a file for each model.</summary>
    /// <param name="step">The steps done.</param>
    /// <param name="reports">What each model's steps have measured since the last report; null for nothing.</param>
    /// <param name="paths">The files by model; null for a model that is left out.</param>
    /// <exception cref="TrainingDivergedException">A model's numbers are none: the state that was there stays.</exception>
    public void SaveState(long step, IReadOnlyList<ReportMeans?> reports, IReadOnlyList<string?> paths)
    {
        RequireOneEach(paths);
        var arrays = new Dictionary<string, float[]> { [WeightsName] = Weights.ToArray() };
        if (_settings.Averaging > 0)
            arrays[AverageName] = _models.Parameters.ToArray();
        foreach (var (name, values) in _optimizer.ExportState())
            arrays[OptimizerPrefix + name] = values;
        for (int m = 0; m < _models.Count; m++)
        {
            if (paths[m] is not { } path)
                continue;
            var state = new TrainingState(step, _identities[m], arrays.ToDictionary(array => array.Key, array => PartOf(array.Value, m))) { Report = reports[m] };
            state.RequireNumbers(_settings.Stage);
            state.Save(path);
        }
    }

    /// <summary>Goes on from a file for each model, all of one step.</summary>
    /// <param name="paths">The files by model.</param>
    /// <param name="notice">Is told where the newest is damaged and not the one that is gone on from.</param>
    /// <returns>The steps done, and what each model's had measured since the last report.</returns>
    public (long Step, IReadOnlyList<ReportMeans?> Reports) LoadState(IReadOnlyList<string> paths, Action<string>? notice)
    {
        RequireOneEach(paths);
        return Take(TrainingState.LoadTogether(paths, _identities, notice), paths);
    }

    /// <summary>The identity of a model's saved states.</summary>
    public IReadOnlyDictionary<string, string> IdentityOf(int model) => _identities[model];

    /// <summary>Goes on from states that have been read.</summary>
    /// <returns>As <see cref="LoadState"/>.</returns>
    public (long Step, IReadOnlyList<ReportMeans?> Reports) Take(IReadOnlyList<TrainingState> states, IReadOnlyList<string> paths)
    {
        long step = states[0].Step;
        for (int m = 0; m < states.Count; m++)
        {
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

        Weights.CopyFrom(Joined(WeightsName));
        if (_settings.Averaging > 0)
            _models.Parameters.CopyFrom(Joined(AverageName));
        return (step, [.. states.Select(state => state.Report)]);

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
            var joined = new float[Weights.Length];
            for (int m = 0; m < _models.Count; m++)
                states[m].Arrays[name].CopyTo(joined, (long)m * _models.Layout.ModelStride);
            return joined;
        }
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        if (_settings.Averaging > 0)
            Weights.Dispose();
        Gradient.Dispose();
    }

    private void RequireOneEach(IReadOnlyList<string?> paths)
    {
        if (paths.Count != _models.Count)
            throw new ArgumentException($"{paths.Count} files for {_models.Count} models", nameof(paths));
    }

    // What an optimizer keeps has an element a parameter where there are several models, and any size where there is one.
    private float[] PartOf(float[] values, int model)
    {
        if (_models.Count == 1)
            return values;
        if (values.Length != Weights.Length)
            throw new NotSupportedException($"the state of {_optimizer.Name} cannot be told apart by model");
        int first = checked(model * _models.Layout.ModelStride);
        return values[first..(first + _models.Layout.Length)];
    }
}
