using System.Text.Json.Serialization;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;

namespace EDA.Engine.Stages;

/// <summary>The numbers of a finished bandit run, under the keys that result.json gives them.</summary>
public sealed record BanditMetrics
{
    /// <summary>Pearson's correlation of β(f_θ − f_φ) with q·Q on fresh behavior points at t = 1e-3; null where the objective has no such identity.</summary>
    [JsonPropertyName("q_correlation")]
    public double? QCorrelation { get; init; }

    /// <summary>The least-squares slope of β(f_θ − f_φ) over q·Q there, ideally 1; null where the objective has no such identity.</summary>
    [JsonPropertyName("q_slope")]
    public double? QSlope { get; init; }

    /// <summary>E_π*[Q] of the exact answer, the dataset reweighted by e^{qQ/β}.</summary>
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
/// <param name="TargetWeights">The weight of each dataset point in the exact answer [N], summing to 1.</param>
public sealed record BanditEvaluation(BanditMetrics Metrics, float[] BehaviorSamples, float[] PolicySamples, double[] TargetWeights)
{
    /// <summary>The diffusion time at which the gaps are compared with the labels.</summary>
    public const float IdentityTime = 1e-3f;

    /// <summary>Measures two models against the dataset they were trained on.</summary>
    /// <param name="run">The run's settings.</param>
    /// <param name="dataset">The dataset.</param>
    /// <param name="behavior">The behavior model.</param>
    /// <param name="policy">The policy.</param>
    /// <returns>The numbers and the samples they were taken from.</returns>
    public static BanditEvaluation Measure(BanditRun run, BanditDataset dataset, BottleneckDiffusionModel behavior, BottleneckDiffusionModel policy) => throw new NotImplementedException();
}
