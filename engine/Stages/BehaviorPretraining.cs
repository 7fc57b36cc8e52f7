using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;

namespace EDA.Engine.Stages;

/// <summary>
/// Stage 1 (method: section 3, Eq. 10): trains a model to predict the noise in diffused actions. The model is valid
/// after every step.
/// </summary>
public sealed class BehaviorPretraining : IDisposable
{
    /// <summary>The stage's name in reports.</summary>
    public const string StageName = "behavior";

    /// <summary>Prepares the stage.</summary>
    /// <param name="settings">How it is done.</param>
    /// <param name="model">The model, trained in place.</param>
    /// <param name="data">State-action pairs on the model's device.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="optimizer">The optimizer; null for fused Adam.</param>
    /// <exception cref="ArgumentException">Data and model differ in size.</exception>
    public BehaviorPretraining(PretrainingSettings settings, BottleneckDiffusionModel model, BehaviorDataset data, ulong seed, OptimizerFactory? optimizer = null) => throw new NotImplementedException();

    /// <summary>The steps done.</summary>
    public long Step { get; }

    /// <summary>Trains until all steps are done, or fewer.</summary>
    /// <param name="observer">Is told how it goes; null for nobody.</param>
    /// <param name="until">Where to stop, in steps from the very first; null for all.</param>
    /// <param name="cancellation">Ends the run after the step under way.</param>
    /// <returns>What came out; cancellation is not an error.</returns>
    /// <exception cref="TrainingDivergedException">The loss is no longer a number.</exception>
    public StageResult Run(ITrainingObserver? observer = null, long? until = null, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>Writes everything the next step depends on but the data.</summary>
    /// <param name="path">The .safetensors file, replaced if there.</param>
    public void SaveState(string path) => throw new NotImplementedException();

    /// <summary>Goes on from a saved state, exactly as if there had been no break.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidFileException">It is not a state of this stage with these settings, this network and this seed.</exception>
    public void LoadState(string path) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
