using System.Diagnostics;
using EDA.Engine.Data;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using MathNet.Numerics.Statistics;

namespace EDA.Engine.Evaluation;

/// <summary>What a policy does in states of the dataset.</summary>
/// <param name="QMean">The mean of min(Q̄₁, Q̄₂) over states and samples, in units of the treated rewards; null without a critic.</param>
/// <param name="QDeviation">The standard deviation over states of each state's mean Q; null without a critic.</param>
/// <param name="QGain">
/// The mean over states of that Q less the Q of the data's own action there, which varies less than either: states differ more
/// in what they are worth than policies do in one of them. Null without a critic, and of the data.
/// </param>
/// <param name="QGainError">Its standard error over states, taken as drawn alone; null with it.</param>
/// <param name="Beyond">
/// The share of its actions whose log-density under the behavior model is below that of 99 % of the behavior's own samples in
/// that state; null without a behavior model whose density is known, and of the behavior itself, whose share is 1 % by definition.
/// </param>
public sealed record PolicyRating(double? QMean, double? QDeviation, double? QGain, double? QGainError, double? Beyond);

/// <summary>
/// Measures policies without an environment: the critic's value of what they do in states of the dataset, and how far that is
/// from what the data's behavior does there. A critic is no return: it can be wrong, above all where actions are beyond the data.
/// </summary>
/// <param name="States">The states, spread over the dataset.</param>
/// <param name="Samples">The actions of each policy in each state.</param>
/// <param name="Data">The dataset's own actions in those states.</param>
/// <param name="Policies">The policies by name, in order.</param>
public sealed record DatasetRatings(int States, int Samples, PolicyRating Data, IReadOnlyDictionary<string, PolicyRating> Policies)
{
    /// <summary>Actions of a policy in a state.</summary>
    public const int SamplesPerState = 32;

    /// <summary>The share of the behavior's own samples that counts as beyond it.</summary>
    public const double Outside = 0.01;

    // For the quantile, of which the third lowest of 256 is an end.
    private const int BehaviorSamples = 256;

    /// <summary>Measures the policies.</summary>
    /// <param name="contenders">The policies.</param>
    /// <param name="dataset">The dataset.</param>
    /// <param name="evaluation">How many states, and the seed.</param>
    /// <param name="observer">Follows it; null for none.</param>
    /// <param name="cancellation">Ends it after the policy under way.</param>
    /// <returns>The ratings; null if it was cancelled.</returns>
    /// <exception cref="TrainingDivergedException">A policy's actions are not finite numbers.</exception>
    internal static DatasetRatings? Measure(Contenders contenders, OfflineDataset dataset, EvaluationSettings evaluation, ITrainingObserver? observer, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        int[] rows = ActionSampling.ChooseRows(dataset.Count, evaluation.RatedStates, evaluation.Seed);
        int total = contenders.All.Count;
        observer?.StageStarted(Rollouts.StageName, 0, total);
        var behavior = contenders.All.FirstOrDefault(each => each.Name == Rollouts.Behavior && each.Model is not null);
        double[]? least = behavior is null ? null : LeastDensities(behavior, new(dataset, rows, BehaviorSamples));
        var (single, repeated) = (new StateActions(dataset, rows, 1), new StateActions(dataset, rows, SamplesPerState));
        var (data, dataValues) = Rate(single, single.DataActions(), null);
        var policies = new Dictionary<string, PolicyRating>();
        foreach (var contender in contenders.All)
        {
            if (cancellation.IsCancellationRequested)
                break;
            var (rating, _) = Rate(repeated, repeated.Sample(contender), dataValues);
            policies[contender.Name] = contender == behavior ? rating with { Beyond = null } : rating;
            Metric?[] metrics = [rating.QMean is { } q ? new(contender.Name + "_q_mean", q) : null, policies[contender.Name].Beyond is { } beyond ? new(contender.Name + "_beyond", beyond) : null];
            observer?.Progress(new TrainingProgress(Rollouts.StageName, policies.Count, total, watch.Elapsed.TotalSeconds, [.. metrics.OfType<Metric>()]));
        }

        observer?.StageFinished(new StageResult(Rollouts.StageName, policies.Count, total, watch.Elapsed.TotalSeconds, null));
        return policies.Count == total ? new DatasetRatings(rows.Length, SamplesPerState, data, policies) : null;

        (PolicyRating Rating, double[]? Values) Rate(StateActions states, float[] actions, double[]? others)
        {
            double[]? q = contenders.Rating?.Invoke(states.States, actions) is { } values ? [.. values.Chunk(states.Samples).Select(chunk => chunk.Average(value => (double)value))] : null;
            double? beyond = least is null ? null : states.Density(behavior!, actions).Index().Average(each => each.Item < least[each.Index / states.Samples] ? 1.0 : 0);
            double[]? gains = others is null ? null : [.. q!.Zip(others, (own, other) => own - other)];
            return (new PolicyRating(q?.Mean(), q?.PopulationStandardDeviation(), gains?.Mean(), gains is { Length: > 1 } ? gains.StandardDeviation() / Math.Sqrt(gains.Length) : null, beyond), q);
        }
    }

    // For each state the log-density that the share Outside of all samples is expected to lie below.
    private static double[] LeastDensities(Contender behavior, StateActions states) =>
        [.. states.Density(behavior, states.Sample(behavior)).Chunk(states.Samples).Select(densities => densities.Select(value => (double)value).QuantileCustom(Outside, QuantileDefinition.R6))];

    /// <summary>Some rows' states, each so many times.</summary>
    private sealed class StateActions(OfflineDataset dataset, int[] rows, int samples)
    {
        public int Samples => samples;

        public float[] States { get; } = ActionSampling.Gather(dataset.States, dataset.StateSize, rows, samples);

        public float[] DataActions() => ActionSampling.Gather(dataset.Actions, dataset.ActionSize, rows, samples);

        public float[] Sample(Contender contender) => ActionSampling.Sample(contender, States, dataset.StateSize, dataset.ActionSize, rows.Length, samples);

        public float[] Density(Contender behavior, float[] actions) => behavior.Model!.Density(actions, [ActingSettings.DensityTime], States);
    }
}
