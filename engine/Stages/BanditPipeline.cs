using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Engine.Stages;

/// <summary>What a run on a bandit came to.</summary>
/// <param name="Stages">The stages run, in order; the last may be cut short.</param>
/// <param name="Evaluation">The comparison with the exact answer; null where the run was cancelled before it.</param>
public sealed record BanditResult(IReadOnlyList<StageResult> Stages, BanditEvaluation? Evaluation)
{
    /// <summary>Whether every stage was finished.</summary>
    public bool Completed => Evaluation is not null;
}

/// <summary>
/// A 2-D bandit from end to end: data, behavior pretraining, policy alignment, evaluation. The models are valid, and
/// may be saved or drawn, at any time after the constructor.
/// </summary>
public sealed class BanditPipeline : IDisposable
{
    /// <summary>The name of the evaluation in reports.</summary>
    public const string EvaluationStageName = "evaluation";

    /// <summary>Draws the data and makes the models.</summary>
    /// <param name="device">The device, which outlives the pipeline.</param>
    /// <param name="run">The settings.</param>
    /// <param name="optimizer">The optimizer of both stages; null for fused Adam.</param>
    /// <exception cref="InvalidSettingException">The settings do not fit each other.</exception>
    public BanditPipeline(IDevice device, BanditRun run, OptimizerFactory? optimizer = null) => throw new NotImplementedException();

    /// <summary>The settings.</summary>
    public BanditRun Settings { get; }

    /// <summary>The data.</summary>
    public BanditDataset Dataset { get; }

    /// <summary>f_φ.</summary>
    public BottleneckDiffusionModel Behavior { get; }

    /// <summary>f_θ; a copy of the behavior until alignment begins.</summary>
    public BottleneckDiffusionModel Policy { get; }

    /// <summary>Runs what is left of the stages, then the evaluation.</summary>
    /// <param name="observer">Is told how it goes; null for nobody.</param>
    /// <param name="cancellation">Ends the run after the step under way.</param>
    /// <returns>What came out; cancellation is not an error.</returns>
    /// <exception cref="TrainingDivergedException">A loss is no longer a number.</exception>
    public BanditResult Run(ITrainingObserver? observer = null, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>Writes what a later run needs to go on: behavior.state.safetensors and, once begun, alignment.state.safetensors.</summary>
    /// <param name="folder">The folder, made if missing; files there are replaced.</param>
    public void SaveState(string folder) => throw new NotImplementedException();

    /// <summary>Goes on from a saved state, exactly as if there had been no break.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="InvalidFileException">What is there is not a state of this run.</exception>
    public void LoadState(string folder) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
