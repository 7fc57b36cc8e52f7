using EDA.Engine.Checkpoints;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Alignment;

/// <summary>
/// Stage 2 (method: section 5, Eq. 14-16): moves a copy of the behavior model, or of several side by side, so that its
/// log-density gaps follow the labels. A policy is valid after every step; the behavior is frozen.
/// </summary>
public sealed class PolicyAlignment : TrainingStage
{
    /// <summary>The stage's name in reports.</summary>
    public const string StageName = "alignment";

    private readonly AlignmentSettings _settings;
    private readonly AlignmentObjective _objective;
    private readonly ModelBatch _policies;
    private readonly ModelBatch _behaviors;
    private readonly AlignmentBatches _batches;
    private readonly ulong _seed;
    private readonly TrainedModels _trained;

    /// <summary>Prepares the stage.</summary>
    /// <param name="settings">How it is done.</param>
    /// <param name="policy">The policy, trained in place; it should start as a copy of the behavior.</param>
    /// <param name="behavior">The frozen behavior, on the same device.</param>
    /// <param name="batches">Where the labelled candidates come from.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="optimizer">The optimizer; null for fused Adam.</param>
    /// <exception cref="InvalidSettingException">The objective does not take so many candidates.</exception>
    /// <exception cref="ArgumentException">Models and batches differ in size.</exception>
    public PolicyAlignment(
        AlignmentSettings settings,
        BottleneckDiffusionModel policy,
        BottleneckDiffusionModel behavior,
        AlignmentBatches batches,
        ulong seed,
        OptimizerFactory? optimizer = null)
        : this(settings, new ModelBatch(policy), new ModelBatch(behavior), batches, seed, optimizer)
    {
    }

    /// <summary>Prepares the stage for several policies.</summary>
    /// <param name="settings">How it is done.</param>
    /// <param name="policies">The policies, trained in place; they should start as copies of the behaviors.</param>
    /// <param name="behaviors">The frozen behaviors, on the same device.</param>
    /// <param name="batches">Where the labelled candidates of all of them come from.</param>
    /// <param name="seed">The seed of the first policy; the others have those that follow.</param>
    /// <param name="optimizer">The optimizer; null for fused Adam.</param>
    /// <exception cref="InvalidSettingException">The objective does not take so many candidates.</exception>
    /// <exception cref="ArgumentException">Models and batches differ in size or number.</exception>
    public PolicyAlignment(
        AlignmentSettings settings,
        ModelBatch policies,
        ModelBatch behaviors,
        AlignmentBatches batches,
        ulong seed,
        OptimizerFactory? optimizer = null)
        : base(Checked(settings, policies, behaviors, batches).Device, StageName, settings.Steps, settings.ReportEvery, ["loss"], policies.Count)
    {
        _objective = settings.CreateObjective().Kernel;
        _settings = settings;
        _policies = policies;
        _behaviors = behaviors;
        _batches = batches;
        _seed = seed;
        _trained = new TrainedModels(
            new DescentSettings(StageName, settings.Steps, settings.LearningRate, settings.Schedule, settings.Averaging),
            policies,
            seed,
            settings.Numerical,
            m => $"{batches.FingerprintOf(m)} {Fingerprint.Of(behaviors.Models[m].CloneParameters())}",
            optimizer);
    }

    /// <summary>Writes everything the next step depends on but the candidates and the behavior.</summary>
    /// <param name="path">The .safetensors file; one that is there becomes <c>NAME.previous.safetensors</c> beside it.</param>
    /// <exception cref="TrainingDivergedException">A number of it is none.</exception>
    public void SaveState(string path) => SaveState([path]);

    /// <summary>The same for several policies: each file is that of the policy's training alone.</summary>
    /// <param name="paths">The .safetensors files by policy, replaced if there; null for a policy that is left out.</param>
    public void SaveState(IReadOnlyList<string?> paths) => _trained.SaveState(Step, Reports, paths);

    /// <summary>Goes on from a saved state, exactly as if there had been no break.</summary>
    /// <param name="path">The file; where it is damaged, the one before is gone on from.</param>
    /// <param name="notice">Told if that happens; null for none.</param>
    /// <exception cref="InvalidFileException">It is not a state of this stage with these settings (reports apart, and steps where the rate is constant), this network, these candidates, this behavior and this seed.</exception>
    public void LoadState(string path, Action<string>? notice = null) => LoadState([path], notice);

    /// <summary>The same for several policies.</summary>
    /// <param name="paths">The files by policy: of each the newest that all have whole of one step.</param>
    /// <param name="notice">Told if the newest one is damaged; null for none.</param>
    /// <exception cref="InvalidFileException">One is not such a state of its policy, or is of another step than the first.</exception>
    public void LoadState(IReadOnlyList<string> paths, Action<string>? notice = null) => Restart(_trained.LoadState(paths, notice));

    /// <summary>The identity of a policy's saved states.</summary>
    internal IReadOnlyDictionary<string, string> Identity => _trained.IdentityOf(0);

    /// <summary>Goes on from a state that has been read.</summary>
    internal void Take(TrainingState state, string path) => Restart(_trained.Take([state], [path]));

    private static ModelBatch Checked(AlignmentSettings settings, ModelBatch policies, ModelBatch behaviors, AlignmentBatches batches)
    {
        settings.CreateObjective();
        if (batches.CandidateCount != settings.Candidates)
            throw new ArgumentException($"batches of {batches.CandidateCount} candidates where the settings ask for {settings.Candidates}", nameof(batches));
        if (batches.ActionSize != policies.Shape.ActionSize || batches.StateSize != policies.Shape.StateSize)
            throw new ArgumentException($"batches of S = {batches.StateSize}, A = {batches.ActionSize} for a network of S = {policies.Shape.StateSize}, A = {policies.Shape.ActionSize}", nameof(batches));
        if (behaviors.Shape != policies.Shape)
            throw new ArgumentException("behavior and policy differ in shape", nameof(behaviors));
        if (behaviors.Count != policies.Count || batches.Models != policies.Count)
            throw new ArgumentException($"{behaviors.Count} behaviors and batches for {batches.Models} where there are {policies.Count} policies", nameof(policies));
        return policies;
    }

    /// <inheritdoc/>
    private protected override double TakeStep(long step, DeviceArray<float> measured)
    {
        // A batch of states with their labelled candidates.
        var draw = new RandomDraw(_seed, RandomStage.Alignment, (uint)step);
        var batch = _batches.Next(_settings.States, draw);

        // Gaps Δ, cross-entropy of βΔ against the labels, and its gradient; t and ε are drawn on the device.
        _policies.Operations.AlignmentStep(new()
        {
            Policy = _trained.Weights,
            Behavior = _behaviors.Parameters,
            Batch = new()
            {
                Candidates = batch.Candidates,
                States = batch.States,
                StateCount = _settings.States,
                CandidateCount = _settings.Candidates,
                Draws = new(draw),
            },
            Labels = batch.Labels,
            Objective = _objective,
            Gradient = _trained.Gradient,
            Loss = measured,
        });
        return _trained.Move(step);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _trained.Dispose();
        base.Dispose(disposing);
    }
}
