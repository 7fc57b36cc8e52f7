using System.Text.Json.Serialization;
using EDA.Engine.Alignment;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Evaluation;

/// <summary>The numbers of a finished bandit run, under the keys that result.json gives them.</summary>
public sealed record BanditMetrics
{
    /// <summary>Pearson's correlation of β(f_θ − f_φ) with q·Q on fresh behavior points at t = 1e-3; null where the objective has no such identity.</summary>
    [JsonPropertyName("q_correlation")]
    public double? QCorrelation { get; init; }

    /// <summary>The least-squares slope of β(f_θ − f_φ) over q·Q there, ideally 1; null where the objective has no such identity.</summary>
    [JsonPropertyName("q_slope")]
    public double? QSlope { get; init; }

    /// <summary>E_π*[Q] of the value objective's exact answer, the dataset reweighted by e^{qQ/β}.</summary>
    [JsonPropertyName("target_mean_q")]
    public double TargetMeanQ { get; init; }

    /// <summary>The mean energy of the behavior's samples, each scored by its nearest dataset point.</summary>
    [JsonPropertyName("behavior_mean_q")]
    public double BehaviorMeanQ { get; init; }

    /// <summary>The mean energy of the policy's samples, each scored by its nearest dataset point.</summary>
    [JsonPropertyName("policy_mean_q")]
    public double PolicyMeanQ { get; init; }

    /// <summary>The unbiased energy distance of the behavior's samples to the data.</summary>
    [JsonPropertyName("energy_distance_behavior")]
    public double EnergyDistanceBehavior { get; init; }

    /// <summary>The unbiased energy distance of the policy's samples to the reweighted data.</summary>
    [JsonPropertyName("energy_distance_policy")]
    public double EnergyDistancePolicy { get; init; }
}

/// <summary>A finished bandit run compared with the exact answer.</summary>
/// <param name="Metrics">The numbers.</param>
/// <param name="BehaviorSamples">Samples of the behavior [n×2].</param>
/// <param name="PolicySamples">Samples of the policy [n×2].</param>
/// <param name="Dataset">The dataset that they were trained on.</param>
/// <param name="TargetWeights">The weight of each of its points in the exact answer [N], summing to 1.</param>
public sealed record BanditEvaluation(BanditMetrics Metrics, float[] BehaviorSamples, float[] PolicySamples, BanditDataset Dataset, double[] TargetWeights)
{
    /// <summary>The diffusion time at which the gaps are compared with the labels.</summary>
    public const float IdentityTime = 1e-3f;

    private const uint BehaviorDraw = 0;
    private const uint PolicyDraw = 1;
    private const uint HeldOutStream = 1;

    /// <summary>Measures two models against the dataset they were trained on.</summary>
    /// <param name="run">The run's settings.</param>
    /// <param name="dataset">The dataset.</param>
    /// <param name="behavior">The behavior model.</param>
    /// <param name="policy">The policy.</param>
    /// <returns>The numbers and the samples they were taken from.</returns>
    /// <exception cref="TrainingDivergedException">A model gives samples or densities that are no finite numbers.</exception>
    public static BanditEvaluation Measure(RunSettings run, BanditDataset dataset, BottleneckDiffusionModel behavior, BottleneckDiffusionModel policy)
    {
        var settings = run.Evaluation;
        var weights = TargetWeightsOf(run, dataset);
        var solver = DpmSolver.Singlestep(behavior.Schedule, settings.SolverEvaluations, settings.SolverOrder);
        float[] behaviorSamples = behavior.Sample(settings.Samples, 1, Draw(run, BehaviorDraw), default, solver);
        Require(behaviorSamples, "sample", BehaviorPretraining.StageName, run.Behavior.Steps);
        float[] policySamples = policy.Sample(settings.Samples, 1, Draw(run, PolicyDraw), default, solver);
        Require(policySamples, "sample", PolicyAlignment.StageName, run.Alignment.Steps);
        var nearest = new NearestPoint(dataset.Points);
        var identity = run.Alignment.CreateObjective().RecoversLabels ? Identity(run, behavior, policy) : default;

        var (data, dataWeights) = Choose(run, dataset, weights);
        int compared = BanditDataset.Dimensions * Math.Min(settings.DistancePoints, settings.Samples);
        var metrics = new BanditMetrics
        {
            QCorrelation = identity.Correlation,
            QSlope = identity.Slope,
            TargetMeanQ = Enumerable.Range(0, dataset.Count).Sum(i => weights[i] * dataset.Energies[i]),
            BehaviorMeanQ = MeanEnergy(behaviorSamples, nearest, dataset),
            PolicyMeanQ = MeanEnergy(policySamples, nearest, dataset),
            EnergyDistanceBehavior = EnergyDistance.Between(behaviorSamples.AsSpan(0, compared), data, BanditDataset.Dimensions),
            EnergyDistancePolicy = EnergyDistance.Between(policySamples.AsSpan(0, compared), data, BanditDataset.Dimensions, default, dataWeights),
        };
        return new BanditEvaluation(metrics, behaviorSamples, policySamples, dataset, weights);
    }

    private static RandomDraw Draw(RunSettings run, uint step) => new(run.Seed, RandomStage.Evaluation, step);

    /// <summary>π* of the dataset: e^{qQ/β}, normalised.</summary>
    private static double[] TargetWeightsOf(RunSettings run, BanditDataset dataset)
    {
        double scale = run.Alignment.LabelScale / run.Alignment.Temperature;
        double highest = dataset.Energies.Max();
        var weights = new double[dataset.Count];
        double sum = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            // The highest has weight 1 also where the scale is so large that its product with 0 is no number.
            double below = dataset.Energies[i] - highest;
            sum += weights[i] = below < 0 ? Math.Exp(scale * below) : 1;
        }

        for (int i = 0; i < weights.Length; i++)
            weights[i] /= sum;
        return weights;
    }

    private static LinearFit Identity(RunSettings run, BottleneckDiffusionModel behavior, BottleneckDiffusionModel policy)
    {
        var fresh = BanditDataset.Create(run.Bandit!, run.Evaluation.HeldOut, run.Seed, HeldOutStream);
        float[] behaviorDensity = behavior.Density(fresh.Points, [IdentityTime]);
        Require(behaviorDensity, "log-density", BehaviorPretraining.StageName, run.Behavior.Steps);
        float[] policyDensity = policy.Density(fresh.Points, [IdentityTime]);
        Require(policyDensity, "log-density", PolicyAlignment.StageName, run.Alignment.Steps);
        var labels = new double[fresh.Count];
        var gaps = new double[fresh.Count];
        for (int i = 0; i < labels.Length; i++)
        {
            labels[i] = run.Alignment.LabelScale * fresh.Energies[i];
            gaps[i] = run.Alignment.Temperature * ((double)policyDensity[i] - behaviorDensity[i]);
        }

        return LinearFit.Of(labels, gaps);
    }

    /// <summary>A loss that is a finite mean over steps, or was not looked at since, does not show every divergence.</summary>
    private static void Require(float[] values, string what, string stage, long steps)
    {
        foreach (float value in values)
        {
            if (!float.IsFinite(value))
                throw new TrainingDivergedException(stage, steps, $"a {what} is {value}");
        }
    }

    private static double MeanEnergy(float[] samples, NearestPoint nearest, BanditDataset dataset)
    {
        double sum = 0;
        for (int i = 0; i < samples.Length; i += BanditDataset.Dimensions)
            sum += dataset.Energies[nearest.Of(samples[i], samples[i + 1])];
        return sum * BanditDataset.Dimensions / samples.Length;
    }

    /// <summary>Dataset points for the energy distances, drawn with replacement, with their weights in the exact answer.</summary>
    private static (float[] Points, double[] Weights) Choose(RunSettings run, BanditDataset dataset, double[] weights)
    {
        var points = new float[run.Evaluation.DistancePoints * BanditDataset.Dimensions];
        var chosen = new double[run.Evaluation.DistancePoints];
        for (int i = 0; i < chosen.Length; i++)
        {
            int index = Philox.Index(Philox.Word(Draw(run, 0), RandomPurpose.EvaluationIndex, (ulong)i), dataset.Count);
            dataset.Points.AsSpan(index * BanditDataset.Dimensions, BanditDataset.Dimensions).CopyTo(points.AsSpan(i * BanditDataset.Dimensions));
            chosen[i] = weights[index];
        }

        return (points, chosen);
    }
}
