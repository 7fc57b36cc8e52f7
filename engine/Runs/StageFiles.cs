using System.Globalization;

namespace EDA.Engine.Runs;

/// <summary>The files that the stages of a run hand to each other, and that an interrupted stage goes on from.</summary>
/// <param name="folder">The folder of checkpoints.</param>
/// <param name="episodes">The folder of the episodes that are kept to be looked at; null for one among the checkpoints.</param>
public sealed class StageFiles(string folder, string? episodes = null)
{
    /// <summary>The folder of the episodes that are kept to be looked at.</summary>
    public string Episodes => episodes ?? At("episodes");

    /// <summary>The behavior's weights, f_φ.</summary>
    public string BehaviorWeights => At("behavior.safetensors");

    /// <summary>Where pretraining stands.</summary>
    public string BehaviorState => At("behavior.state.safetensors");

    /// <summary>The critic's weights.</summary>
    public string CriticWeights => At("critic.safetensors");

    /// <summary>The weights of the critic's own policy, the IQL baseline.</summary>
    public string ImplicitPolicyWeights => At("iql.safetensors");

    /// <summary>Where the critic's training stands.</summary>
    public string CriticState => At("critic.state.safetensors");

    /// <summary>The weights of the model trained on rows that the critic has weighed.</summary>
    public string WeightedWeights => At("weighted.safetensors");

    /// <summary>Where its training stands.</summary>
    public string WeightedState => At("weighted.state.safetensors");

    /// <summary>The weights of the diffusion model that a stage leaves for those after it.</summary>
    /// <param name="stage">Behavior or weigh.</param>
    /// <returns>The file.</returns>
    internal string WeightsOf(string stage) => stage == RunStages.Weigh ? WeightedWeights : BehaviorWeights;

    /// <summary>The behavior's actions for next states, which a softmax critic backs up from [N×K×A].</summary>
    public string NextActions => At("next_actions.npy");

    /// <summary>The behavior's actions for the labelled states [N×K×A].</summary>
    public string Candidates => At("candidates.npy");

    /// <summary>Their labels [N×K].</summary>
    public string Labels => At("labels.npy");

    /// <summary>The policy's weights, f_θ.</summary>
    public string PolicyWeights => At("policy.safetensors");

    /// <summary>The policy's weights as they were at a step, where they are kept.</summary>
    /// <param name="step">The steps of alignment done.</param>
    /// <returns>The file.</returns>
    public string PolicyWeightsAt(long step) => At(string.Create(CultureInfo.InvariantCulture, $"policy-{step}.safetensors"));

    /// <summary>Where alignment stands.</summary>
    public string AlignmentState => At("alignment.state.safetensors");

    /// <summary>Where the training of a method beside EDA stands; its weights are <see cref="PolicyWeights"/>.</summary>
    public string MethodState => At("policy.state.safetensors");

    /// <summary>The weights of a variational autoencoder.</summary>
    public string VaeWeights => At("vae.safetensors");

    /// <summary>Where its training stands.</summary>
    public string VaeState => At("vae.state.safetensors");

    /// <summary>The weights of an energy-based model.</summary>
    public string EbmWeights => At("ebm.safetensors");

    /// <summary>Where its training stands.</summary>
    public string EbmState => At("ebm.state.safetensors");

    /// <summary>Where the rollouts along alignment stand.</summary>
    public string LearningCurveState => At("learning_curve.state.safetensors");

    /// <summary>Where the rollouts stand.</summary>
    public string EvaluationState => At("evaluation.state.safetensors");

    /// <summary>Sampled actions of behavior and policy at some states, to be looked at.</summary>
    public string ActionSamples => At("action_samples.npz");

    private string At(string name) => Path.Combine(folder, name);
}
