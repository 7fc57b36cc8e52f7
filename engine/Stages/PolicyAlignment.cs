using EDA.Engine.Alignment;
using EDA.Engine.Checkpoints;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Engine.Stages;

/// <summary>
/// Stage 2 (method: section 5, Eq. 14-16): moves a copy of the behavior model, or of several side by side, so that its
/// log-density gaps follow the labels. A policy is valid after every step; the behavior is frozen.
/// </summary>
public sealed class PolicyAlignment : IDisposable
{
    /// <summary>The stage's name in reports.</summary>
    public const string StageName = "alignment";

    private readonly AlignmentSettings _settings;
    private readonly AlignmentObjective _objective;
    private readonly ModelBatch _policies;
    private readonly ModelBatch _behaviors;
    private readonly IAlignmentBatches _batches;
    private readonly GradientDescent _descent;

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
        IAlignmentBatches batches,
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
        IAlignmentBatches batches,
        ulong seed,
        OptimizerFactory? optimizer = null)
    {
        _objective = settings.CreateObjective().Kernel;
        if (batches.CandidateCount != settings.Candidates)
            throw new ArgumentException($"batches of {batches.CandidateCount} candidates where the settings ask for {settings.Candidates}", nameof(batches));
        if (batches.ActionSize != policies.Shape.ActionSize || batches.StateSize != policies.Shape.StateSize)
            throw new ArgumentException($"batches of S = {batches.StateSize}, A = {batches.ActionSize} for a network of S = {policies.Shape.StateSize}, A = {policies.Shape.ActionSize}", nameof(batches));
        if (behaviors.Shape != policies.Shape)
            throw new ArgumentException("behavior and policy differ in shape", nameof(behaviors));
        if (behaviors.Count != policies.Count || batches.Models != policies.Count)
            throw new ArgumentException($"{behaviors.Count} behaviors and batches for {batches.Models} where there are {policies.Count} policies", nameof(policies));
        _settings = settings;
        _policies = policies;
        _behaviors = behaviors;
        _batches = batches;
        _descent = new GradientDescent(
            new DescentSettings(StageName, RandomStage.Alignment, settings.Steps, settings.LearningRate, settings.Schedule, settings.Averaging, settings.ReportEvery),
            policies,
            seed,
            settings.Numerical,
            m => $"{batches.FingerprintOf(m)} {Fingerprint.Of(behaviors.Models[m].CloneParameters())}",
            optimizer ?? Adam.Factory,
            Gradient);
    }

    /// <summary>The steps done.</summary>
    public long Step => _descent.Step;

    /// <summary>The steps of the whole stage.</summary>
    public long Steps => _settings.Steps;

    /// <summary>The course of the steps.</summary>
    internal TrainingLoop Loop => _descent.Loop;

    /// <summary>Trains one policy until all steps are done, or fewer.</summary>
    /// <param name="observer">Is told how it goes; null for nobody.</param>
    /// <param name="until">Where to stop, in steps from the very first; null for all.</param>
    /// <param name="cancellation">Ends the run after the step under way.</param>
    /// <returns>What came out; cancellation is not an error.</returns>
    /// <exception cref="TrainingDivergedException">The loss is no longer a number.</exception>
    public StageResult Run(ITrainingObserver? observer = null, long? until = null, CancellationToken cancellation = default) =>
        _descent.Loop.Run(observer, until, cancellation);

    /// <summary>Trains all policies until all steps are done, or fewer, or all of them have diverged.</summary>
    /// <param name="seeds">Where each policy's training stands; what came out is told to it.</param>
    /// <param name="until">Where to stop, in steps from the very first; null for all.</param>
    /// <param name="cancellation">Ends the run after the step under way.</param>
    /// <exception cref="ArgumentException">There is not one for each policy.</exception>
    public void Run(IReadOnlyList<SeedTraining> seeds, long? until = null, CancellationToken cancellation = default) =>
        _descent.Loop.Run(seeds, until, cancellation);

    /// <summary>Writes everything the next step depends on but the candidates and the behavior.</summary>
    /// <param name="path">The .safetensors file, replaced if there.</param>
    public void SaveState(string path) => _descent.SaveState([path]);

    /// <summary>The same for several policies: each file is that of the policy's training alone.</summary>
    /// <param name="paths">The .safetensors files by policy, replaced if there.</param>
    public void SaveState(IReadOnlyList<string> paths) => _descent.SaveState(paths);

    /// <summary>Goes on from a saved state, exactly as if there had been no break.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidFileException">It is not a state of this stage with these settings (reports apart, and steps where the rate is constant), this network, these candidates, this behavior and this seed.</exception>
    public void LoadState(string path) => _descent.LoadState([path]);

    /// <summary>The same for several policies.</summary>
    /// <param name="paths">The files by policy, of one step.</param>
    /// <exception cref="InvalidFileException">One is not such a state of its policy, or is of another step than the first.</exception>
    public void LoadState(IReadOnlyList<string> paths) => _descent.LoadState(paths);

    /// <inheritdoc/>
    public void Dispose() => _descent.Dispose();

    private void Gradient(DeviceArray<float> weights, in RandomDraw draw, DeviceArray<float> gradient, DeviceArray<float> loss)
    {
        var batch = _batches.Next(_settings.States, draw);
        _policies.Operations.AlignmentStep(
            weights,
            _behaviors.Parameters,
            batch.Candidates,
            batch.States,
            batch.Labels,
            _settings.States,
            _settings.Candidates,
            _objective,
            new GapDraws(draw),
            gradient,
            loss);
    }
}
