using EDA.Engine.Evaluation;

namespace EDA.Engine.Runs;

/// <summary>The names of stages, as commands have them. (Reports and metrics.csv go by what a stage does, a finer grain.)</summary>
public static class RunStages
{
    /// <summary>Stage 1: behavior pretraining.</summary>
    public const string Behavior = "behavior";

    /// <summary>The critic; an online critic has no stage of its own.</summary>
    public const string Critic = "critic";

    /// <summary>Training on rows that the critic has weighed, where settings ask for it.</summary>
    public const string Weigh = "weigh";

    /// <summary>Candidates of the behavior, or weighted, model and their labels.</summary>
    public const string Label = "label";

    /// <summary>Stage 2: policy alignment, with an online critic alternating with its training.</summary>
    public const string Align = "align";

    /// <summary>The training of a method beside EDA.</summary>
    public const string Policy = "policy";

    /// <summary>The training of a variational autoencoder, of the method that compares generative models.</summary>
    public const string Vae = "vae";

    /// <summary>The training of an energy-based model, of the same method.</summary>
    public const string Ebm = "ebm";

    /// <summary>Rollouts, or a bandit's comparison with the exact answer.</summary>
    public const string Evaluate = "evaluate";

    /// <summary>All of them, in order; a run has those that its task, method and settings ask for.</summary>
    public static IReadOnlyList<string> Names { get; } = [Behavior, Critic, Weigh, Label, Align, Policy, Vae, Ebm, Evaluate];
}
