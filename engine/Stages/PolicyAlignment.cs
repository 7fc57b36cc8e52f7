using EDA.Engine.Alignment;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;

namespace EDA.Engine.Stages;

/// <summary>
/// Stage 2 (method: section 5, Eq. 14-16): moves a copy of the behavior model so that its log-density gaps follow the
/// labels. The policy is valid after every step; the behavior is frozen.
/// </summary>
public sealed class PolicyAlignment : IDisposable
{
    /// <summary>The stage's name in reports.</summary>
    public const string StageName = "alignment";

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
        OptimizerFactory? optimizer = null) => throw new NotImplementedException();

    /// <summary>The steps done.</summary>
    public long Step { get; }

    /// <summary>Trains until all steps are done, or fewer.</summary>
    /// <param name="observer">Is told how it goes; null for nobody.</param>
    /// <param name="until">Where to stop, in steps from the very first; null for all.</param>
    /// <param name="cancellation">Ends the run after the step under way.</param>
    /// <returns>What came out; cancellation is not an error.</returns>
    /// <exception cref="TrainingDivergedException">The loss is no longer a number.</exception>
    public StageResult Run(ITrainingObserver? observer = null, long? until = null, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>Writes everything the next step depends on but the candidates and the behavior.</summary>
    /// <param name="path">The .safetensors file, replaced if there.</param>
    public void SaveState(string path) => throw new NotImplementedException();

    /// <summary>Goes on from a saved state, exactly as if there had been no break.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidFileException">It is not a state of this stage with these settings, this network and this seed.</exception>
    public void LoadState(string path) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
