using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Diffusion;
using EDA.Kernels;

namespace EDA.Engine.Runs;

/// <summary>The models that a run's folder holds, finished or not.</summary>
internal static class SavedModels
{
    /// <summary>A diffusion model.</summary>
    /// <param name="device">Where it goes.</param>
    /// <param name="path">Its file.</param>
    /// <returns>The model, owned by the caller; null where there is no file.</returns>
    public static BottleneckDiffusionModel? Diffusion(IDevice device, string path) =>
        File.Exists(path) ? BottleneckDiffusionModel.FromWeights(device, BdmWeights.LoadLeft(path)) : null;

    /// <summary>The critic.</summary>
    /// <param name="device">Where it goes.</param>
    /// <param name="settings">The run's settings.</param>
    /// <param name="files">The run's files.</param>
    /// <returns>The critic, owned by the caller; null where there is none.</returns>
    public static Critic? Critic(IDevice device, RunSettings settings, StageFiles files)
    {
        if (!File.Exists(files.CriticWeights))
            return null;
        var critic = Critics.Critic.FromWeights(device, CriticWeights.Load(files.CriticWeights, settings.CreateShape().StateSize));
        critic.ClipsActions = settings.Critic.ClipsActions;
        return critic;
    }

    /// <summary>The critic's own policy.</summary>
    /// <param name="device">Where it goes.</param>
    /// <param name="files">The run's files.</param>
    /// <returns>The policy, owned by the caller; null where there is none.</returns>
    public static DeterministicPolicy? ImplicitPolicy(IDevice device, StageFiles files) =>
        File.Exists(files.ImplicitPolicyWeights) ? DeterministicPolicy.FromWeights(device, DeterministicPolicyWeights.Load(files.ImplicitPolicyWeights)) : null;
}
