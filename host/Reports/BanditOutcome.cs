using System.Text.Json.Nodes;
using EDA.Engine.Stages;

namespace EDA.Host.Reports;

/// <summary>What a run on a bandit came to.</summary>
public sealed record BanditOutcome : RunOutcome
{
    /// <summary>The settings.</summary>
    public required BanditRun Settings { get; init; }

    /// <summary>Whether the dataset reweighted by e^{qQ/β} is the exact answer: it is the value objective's alone.</summary>
    public bool TargetIsExact => Settings.Alignment.CreateObjective().RecoversLabels;

    /// <summary>The numbers against the exact answer; null where the run did not get so far.</summary>
    public BanditMetrics? Metrics { get; init; }

    /// <summary>The mean energy of the dataset, which the behavior's samples should have; null where it is not known.</summary>
    public double? DatasetMeanQ { get; init; }

    /// <inheritdoc/>
    public override ulong Seed => Settings.Seed;

    /// <inheritdoc/>
    public override AlignmentSettings Alignment => Settings.Alignment;

    /// <inheritdoc/>
    public override NumberTable? Numbers => Metrics is { } metrics ? new(["this run", "exact"], [.. Rows(metrics)]) : null;

    /// <inheritdoc/>
    public override void AddNumbers(JsonObject document)
    {
        foreach (var (key, value) in RunDocuments.Numbers(Metrics ?? new BanditMetrics()))
            document[key] = Metrics is null ? null : value;
    }

    private IEnumerable<NumberRow> Rows(BanditMetrics metrics)
    {
        yield return Row("q_correlation", metrics.QCorrelation, 1, "correlation of Q_{θ} = β(f_{θ} − f_{φ}) with qQ on held-out behavior points, t = 10^{−3}");
        yield return Row("q_slope", metrics.QSlope, 1, "slope of Q_{θ} over qQ there" + (metrics.QSlope is null ? "; only the value objective has this identity" : string.Empty));
        // The dataset reweighted by exp(qQ/β) is the optimum of the value objective alone.
        bool known = TargetIsExact;
        yield return Row("policy_mean_q", metrics.PolicyMeanQ, known ? metrics.TargetMeanQ : null, known
            ? "mean Q of policy samples; exact: the dataset reweighted by exp(qQ/β)"
            : $"mean Q of policy samples; value objective's answer, for comparison: {Number(metrics.TargetMeanQ)}");
        yield return Row("behavior_mean_q", metrics.BehaviorMeanQ, DatasetMeanQ, "mean Q of behavior samples; exact: the dataset");
        yield return Row("energy_distance_policy", metrics.EnergyDistancePolicy, known ? 0 : null, "policy samples to the reweighted dataset" + (known ? string.Empty : ", the value objective's answer, for comparison"));
        yield return Row("energy_distance_behavior", metrics.EnergyDistanceBehavior, 0, "behavior samples to the dataset");
    }

    private static NumberRow Row(string name, double? value, double? exact, string what) =>
        new(name, [Number(value), Number(value is null ? null : exact)], what);

    private static string Number(double? value) => value is { } number
        ? number.ToString("0.000", CultureInfo.InvariantCulture).Replace('-', '−')
        : "–";
}
