using System.Globalization;
using EDA.Engine.Alignment;
using EDA.Engine.Critics;
using EDA.Engine.Diffusion;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;

namespace EDA.Bench.Profiling;

/// <summary>A stage's part of a run's time.</summary>
/// <param name="Name">Its name.</param>
/// <param name="WholeSeconds">What it would take in the whole run.</param>
/// <param name="InOperations">The share of its time that the device's operations take.</param>
/// <param name="PeakShare">Its nominal work over its time over the device's arithmetic peak.</param>
internal sealed record StagePart(string Name, double WholeSeconds, double InOperations, double PeakShare);

/// <summary>Where a run's time goes, in one sentence.</summary>
internal static class TimeSentence
{
    // The stages that are named come to most of the time, and a small one says nothing.
    private const int MostStages = 3;
    private const double Enough = 0.8;
    private const double Least = 0.05;

    /// <summary>Writes it.</summary>
    /// <param name="stages">The stages, each once.</param>
    /// <param name="settings">The run's settings.</param>
    /// <returns>The sentence.</returns>
    public static string Write(IReadOnlyList<StagePart> stages, RunSettings settings)
    {
        double all = stages.Sum(stage => stage.WholeSeconds), named = 0;
        var parts = new List<string>();
        foreach (var stage in stages.OrderByDescending(stage => stage.WholeSeconds))
        {
            double share = stage.WholeSeconds / Math.Max(all, double.Epsilon);
            if (parts.Count > 0 && (parts.Count == MostStages || named >= Enough || share < Least))
                break;
            named += share;
            parts.Add($"{Percent(share)}{(parts.Count == 0 ? " of the time" : string.Empty)} is {Title(stage.Name, settings)}, {How(stage, settings)}");
        }

        return parts.Count == 0 ? "Nothing took any time." : string.Join("; ", parts) + ".";
    }

    private static string How(StagePart stage, RunSettings settings) => stage.InOperations switch
    {
        >= 0.5 => $"at {Percent(stage.PeakShare)} of the machine's peak",
        _ when stage.Name == Rollouts.StageName && settings is { Kind: RunKind.Dataset, Evaluation.RollsOut: true } => "mostly the environment",
        _ => "mostly outside its operations",
    };

    private static string Title(string stage, RunSettings settings) => stage switch
    {
        BehaviorPretraining.StageName => "behavior pretraining",
        BehaviorPretraining.WeightedName => "training on weighted rows",
        SoftmaxQLearning.SamplingName => "drawing next actions",
        CriticTraining.StageName => "the critic's training",
        CandidateSampling.StageName => "drawing candidates",
        CandidateLabelling.StageName => "labelling candidates",
        PolicyAlignment.StageName => settings.Critic.Method.AlternatesWithAlignment && settings.Kind == RunKind.Dataset ? "alignment with its critic" : "alignment",
        RunStages.Policy => $"the policy's training ({settings.Method.Row.Name})",
        RunStages.Vae => "the variational autoencoder's training",
        RunStages.Ebm => "the energy-based model's training",
        Rollouts.StageName when settings.Kind == RunKind.Bandit => "the comparison with the exact answer",
        Rollouts.StageName => settings.Evaluation.RollsOut ? "rollouts" : "rating actions",
        _ => stage,
    };

    private static string Percent(double share) => share < 0.01 ? "less than 1 %" : string.Create(CultureInfo.InvariantCulture, $"{share * 100:0} %");
}
