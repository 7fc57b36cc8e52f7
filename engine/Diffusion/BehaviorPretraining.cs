using EDA.Engine.Data;
using EDA.Engine.Optimizers;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Diffusion;

/// <summary>
/// Stage 1 (method: section 3, Eq. 10): trains a model, or several side by side, to predict the noise in diffused
/// actions. A model is valid after every step.
/// </summary>
public sealed class BehaviorPretraining : TrainingStage
{
    /// <summary>The stage's name in reports.</summary>
    public const string StageName = "behavior";

    /// <summary>The name in reports of the same on weighted rows.</summary>
    public const string WeightedName = "weighted";

    private readonly PretrainingSettings _settings;
    private readonly ModelBatch _models;
    private readonly BehaviorDataset _data;
    private readonly DeviceArray<int> _indices;
    private readonly DeviceArray<float> _actions;
    private readonly DeviceArray<float>? _states;
    private readonly ulong _seed;
    private readonly RandomStage _stage;
    private readonly TrainedModels _trained;

    /// <summary>Prepares the stage.</summary>
    /// <param name="settings">How it is done.</param>
    /// <param name="model">The model, trained in place.</param>
    /// <param name="data">State-action pairs on the model's device.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="optimizer">The optimizer; null for fused Adam.</param>
    /// <exception cref="ArgumentException">Data and model differ in size.</exception>
    public BehaviorPretraining(PretrainingSettings settings, BottleneckDiffusionModel model, BehaviorDataset data, ulong seed, OptimizerFactory? optimizer = null)
        : this(settings, new ModelBatch(model), data, seed, optimizer)
    {
    }

    /// <summary>Prepares the stage for several models.</summary>
    /// <param name="settings">How it is done.</param>
    /// <param name="models">The models, trained in place.</param>
    /// <param name="data">State-action pairs on the models' device, a set for all or one each.</param>
    /// <param name="seed">The seed of the first model; the others have those that follow.</param>
    /// <param name="optimizer">The optimizer; null for fused Adam.</param>
    /// <exception cref="ArgumentException">Data and models differ in size or number.</exception>
    public BehaviorPretraining(PretrainingSettings settings, ModelBatch models, BehaviorDataset data, ulong seed, OptimizerFactory? optimizer = null)
        : this(new Part(StageName, RandomStage.Behavior, settings.Numerical, data.FingerprintOf), settings, models, data, seed, optimizer)
    {
    }

    /// <summary>Prepares the training of a model on rows that stand as often as they count, from what it is now.</summary>
    /// <param name="settings">How it is done.</param>
    /// <param name="model">The model, trained in place.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="madeOf">What rows and model were made of, by which a saved state is known again: the rows themselves hang on last bits of the critic's values, which devices differ in.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="optimizer">The optimizer; null for fused Adam.</param>
    internal BehaviorPretraining(WeightedSettings settings, BottleneckDiffusionModel model, BehaviorDataset rows, string madeOf, ulong seed, OptimizerFactory? optimizer)
        : this(
            new Part(WeightedName, RandomStage.Weighted, settings.Numerical, _ => madeOf),
            settings.Training,
            new ModelBatch(model),
            rows,
            seed,
            optimizer)
    {
    }

    private BehaviorPretraining(Part part, PretrainingSettings settings, ModelBatch models, BehaviorDataset data, ulong seed, OptimizerFactory? optimizer)
        : base(Checked(models, data).Device, part.Name, settings.Steps, settings.ReportEvery, ["loss"], models.Count)
    {
        _stage = part.Stage;
        _settings = settings;
        _models = models;
        _data = data;
        var device = models.Device;
        long rows = (long)settings.Batch * models.Count;
        _indices = device.Allocate<int>(rows);
        _actions = device.Allocate<float>(rows * data.ActionSize);
        _states = data.States is null ? null : device.Allocate<float>(rows * data.StateSize);
        _seed = seed;
        _trained = new TrainedModels(
            new DescentSettings(part.Name, settings.Steps, settings.LearningRate, settings.Schedule, settings.Averaging), models, seed, part.Numerical, part.Data, optimizer);
    }

    /// <summary>Writes everything the next step depends on but the data.</summary>
    /// <param name="path">The .safetensors file; one that is there becomes <c>NAME.previous.safetensors</c> beside it.</param>
    /// <exception cref="TrainingDivergedException">A number of it is none.</exception>
    public void SaveState(string path) => SaveState([path]);

    /// <summary>The same for several models: each file is that of the model's training alone.</summary>
    /// <param name="paths">The .safetensors files by model, replaced if there; null for a model that is left out.</param>
    public void SaveState(IReadOnlyList<string?> paths) => _trained.SaveState(Step, Reports, paths);

    /// <summary>Goes on from a saved state, exactly as if there had been no break.</summary>
    /// <param name="path">The file; where it is damaged, the one before is gone on from.</param>
    /// <param name="notice">Told if that happens; null for none.</param>
    /// <exception cref="InvalidFileException">It is not a state of this stage with these settings (reports apart, and steps where the rate is constant), this network, this data and this seed.</exception>
    public void LoadState(string path, Action<string>? notice = null) => LoadState([path], notice);

    /// <summary>The same for several models.</summary>
    /// <param name="paths">The files by model: of each the newest that all have whole of one step.</param>
    /// <param name="notice">Told if the newest one is damaged; null for none.</param>
    /// <exception cref="InvalidFileException">One is not such a state of its model, or is of another step than the first.</exception>
    public void LoadState(IReadOnlyList<string> paths, Action<string>? notice = null) => Restart(_trained.LoadState(paths, notice));

    private static ModelBatch Checked(ModelBatch models, BehaviorDataset data)
    {
        if (data.ActionSize != models.Shape.ActionSize || data.StateSize != models.Shape.StateSize)
            throw new ArgumentException($"data of S = {data.StateSize}, A = {data.ActionSize} for a network of S = {models.Shape.StateSize}, A = {models.Shape.ActionSize}", nameof(data));
        if (data.Sets != 1 && data.Sets != models.Count)
            throw new ArgumentException($"{data.Sets} sets of data for {models.Count} models", nameof(data));
        return models;
    }

    /// <inheritdoc/>
    private protected override double TakeStep(long step, DeviceArray<float> measured)
    {
        // A batch of pairs, drawn with replacement.
        var draw = new RandomDraw(_seed, _stage, (uint)step);
        int batch = _settings.Batch;
        _models.Device.Vector.FillIndices(new()
        {
            Indices = _indices,
            Count = batch,
            Upper = _data.Count,
            Draw = draw,
            Purpose = RandomPurpose.BatchIndex,
            Models = _models.Count,
        });
        _data.Gather(_indices, batch, _models.Count, _actions, _states);

        // ‖σ_t ∇f + ε‖² and its gradient; t, ε and the dropout mask are drawn on the device.
        _models.Operations.DenoisingStep(new()
        {
            Parameters = _trained.Weights,
            Actions = _actions,
            States = _states,
            Rows = batch,
            Draws = new(draw, (float)_settings.Dropout),
            Gradient = _trained.Gradient,
            Loss = measured,
        });
        return _trained.Move(step);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _trained.Dispose();
        _indices.Dispose();
        _actions.Dispose();
        _states?.Dispose();
        base.Dispose(disposing);
    }

    // Which part of a run it is: its name and random stream, and what its weights depend on.
    private sealed record Part(string Name, RandomStage Stage, object Numerical, Func<int, string> Data);
}
