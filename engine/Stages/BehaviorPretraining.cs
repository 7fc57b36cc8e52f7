using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Engine.Stages;

/// <summary>
/// Stage 1 (method: section 3, Eq. 10): trains a model to predict the noise in diffused actions. The model is valid
/// after every step.
/// </summary>
public sealed class BehaviorPretraining : IDisposable
{
    /// <summary>The stage's name in reports.</summary>
    public const string StageName = "behavior";

    private readonly PretrainingSettings _settings;
    private readonly BottleneckDiffusionModel _model;
    private readonly BehaviorDataset _data;
    private readonly DeviceArray<int> _indices;
    private readonly DeviceArray<float> _actions;
    private readonly DeviceArray<float>? _states;
    private readonly GradientDescent _descent;

    /// <summary>Prepares the stage.</summary>
    /// <param name="settings">How it is done.</param>
    /// <param name="model">The model, trained in place.</param>
    /// <param name="data">State-action pairs on the model's device.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="optimizer">The optimizer; null for fused Adam.</param>
    /// <exception cref="ArgumentException">Data and model differ in size.</exception>
    public BehaviorPretraining(PretrainingSettings settings, BottleneckDiffusionModel model, BehaviorDataset data, ulong seed, OptimizerFactory? optimizer = null)
    {
        if (data.ActionSize != model.Shape.ActionSize || data.StateSize != model.Shape.StateSize)
            throw new ArgumentException($"data of S = {data.StateSize}, A = {data.ActionSize} for a network of S = {model.Shape.StateSize}, A = {model.Shape.ActionSize}", nameof(data));
        _settings = settings;
        _model = model;
        _data = data;
        var device = model.Device;
        _indices = device.Allocate<int>(settings.Batch);
        _actions = device.Allocate<float>((long)settings.Batch * data.ActionSize);
        _states = data.States is null ? null : device.Allocate<float>((long)settings.Batch * data.StateSize);
        var descent = new DescentSettings(StageName, RandomStage.Behavior, settings.Steps, settings.LearningRate, settings.Schedule, settings.Averaging, settings.ReportEvery);
        _descent = new GradientDescent(
            descent,
            model,
            seed,
            settings with { ReportEvery = 1, Steps = descent.StepsThatCount },
            data.Fingerprint,
            optimizer ?? Adam.Factory,
            Gradient);
    }

    /// <summary>The steps done.</summary>
    public long Step => _descent.Step;

    /// <summary>Trains until all steps are done, or fewer.</summary>
    /// <param name="observer">Is told how it goes; null for nobody.</param>
    /// <param name="until">Where to stop, in steps from the very first; null for all.</param>
    /// <param name="cancellation">Ends the run after the step under way.</param>
    /// <returns>What came out; cancellation is not an error.</returns>
    /// <exception cref="TrainingDivergedException">The loss is no longer a number.</exception>
    public StageResult Run(ITrainingObserver? observer = null, long? until = null, CancellationToken cancellation = default) =>
        _descent.Run(observer, until, cancellation);

    /// <summary>Writes everything the next step depends on but the data.</summary>
    /// <param name="path">The .safetensors file, replaced if there.</param>
    public void SaveState(string path) => _descent.SaveState(path);

    /// <summary>Goes on from a saved state, exactly as if there had been no break.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidFileException">It is not a state of this stage with these settings (reports apart, and steps where the rate is constant), this network, this data and this seed.</exception>
    public void LoadState(string path) => _descent.LoadState(path);

    /// <inheritdoc/>
    public void Dispose()
    {
        _descent.Dispose();
        _indices.Dispose();
        _actions.Dispose();
        _states?.Dispose();
    }

    private void Gradient(DeviceArray<float> weights, in RandomDraw draw, DeviceArray<float> gradient, DeviceArray<float> loss)
    {
        var vector = _model.Device.Vector;
        int batch = _settings.Batch;
        vector.FillIndices(_indices, batch, _data.Count, draw, RandomPurpose.BatchIndex);
        vector.Gather(_data.Actions, _data.ActionSize, _indices, batch, _actions);
        if (_states is not null)
            vector.Gather(_data.States!, _data.StateSize, _indices, batch, _states);
        _model.Operations.DenoisingStep(weights, _actions, _states, batch, new DenoisingDraws(draw, (float)_settings.Dropout), gradient, loss);
    }
}
