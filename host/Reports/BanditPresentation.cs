using System.Text.Json;
using System.Text.Json.Nodes;
using EDA.Engine.Checkpoints;
using EDA.Engine.Diffusion;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;
using EDA.Host.Figures;
using EDA.Host.Runs;
using EDA.Kernels;

namespace EDA.Host.Reports;

/// <summary>What a run on a bandit shows: its numbers beside the exact answer, samples, densities.</summary>
internal sealed class BanditPresentation : RunPresentation
{
    /// <summary>The numbers that result.json holds; null where it holds none.</summary>
    public static BanditMetrics? Read(JsonObject result) => result["target_mean_q"] is null ? null : result.Deserialize<BanditMetrics>(SettingPaths.Json);

    public override NumberTable? Table(RunOutcome outcome) => outcome.Exact is { } metrics ? new(["this run", "exact"], [.. Rows(outcome, metrics)]) : null;

    public override void AddNumbers(RunOutcome outcome, JsonObject document)
    {
        foreach (var (key, value) in Values(outcome.Exact ?? new BanditMetrics()))
            document[key] = outcome.Exact is null ? null : value;
    }

    public override IEnumerable<KeyValuePair<string, double>> Numbers(RunOutcome outcome) =>
        Values(outcome.Exact!).Where(number => number.Value is not null).Select(number => KeyValuePair.Create(number.Key, number.Value!.Value));

    public override IEnumerable<string> Lines(RunOutcome outcome)
    {
        if (outcome.Exact is not { } metrics)
            yield break;
        if (metrics.QCorrelation is { } correlation && metrics.QSlope is { } slope)
            yield return Line("Q_θ against qQ", $"correlation {correlation:0.000}, slope {slope:0.000} (exact: 1, 1)");
        string zero = IsExact(outcome) ? "exact: 0" : "to the value objective's answer, for comparison";
        yield return Line("mean Q", $"policy {metrics.PolicyMeanQ:0.000} ({Target(outcome, ", for comparison")}: {metrics.TargetMeanQ:0.000}), behavior {metrics.BehaviorMeanQ:0.000} (exact: {outcome.DatasetMeanQ:0.000})");
        yield return Line("energy distance", $"policy {metrics.EnergyDistancePolicy:0.0000} ({zero}), behavior {metrics.EnergyDistanceBehavior:0.0000} (exact: 0)");
    }

    public override IEnumerable<string> Lines(RunOutcome example, IReadOnlyDictionary<string, Spread> numbers)
    {
        if (numbers.ContainsKey("q_slope"))
            yield return Line("Q_θ against qQ", $"correlation {Show("q_correlation")}, slope {Show("q_slope")} (exact: 1, 1)");
        yield return Line("mean Q", $"policy {Show("policy_mean_q")} ({Target(example, string.Empty)}: {Show("target_mean_q")}), behavior {Show("behavior_mean_q")}");
        yield return Line("energy distance", $"policy {Show("energy_distance_policy", 4)}, behavior {Show("energy_distance_behavior", 4)}");

        string Show(string key, int places = 3) => numbers[key].Show(places);
    }

    public override IEnumerable<Figure> Draw(RunOutcome outcome, RunResult? result, MetricsHistory history, IDevice device, RunFolder folder)
    {
        if (result?.Exact is not { } exact)
            return history.Curves is { Count: > 0 } curves ? [CurveFigure.Losses(curves)] : [];
        using var behavior = BottleneckDiffusionModel.FromWeights(device, BdmWeights.Load(folder.BehaviorWeights));
        using var policy = BottleneckDiffusionModel.FromWeights(device, BdmWeights.Load(folder.PolicyWeights));
        return BanditFigures.Draw(BanditFigureSource.Collect(outcome.Settings, behavior, policy, exact, history.Curves));
    }

    public override string Overview(RunSettings run) => FormattableString.Invariant(
        $"{run.Alignment.Objective} objective, β = {run.Alignment.Temperature}, seed {run.Seed}: log-density of the behavior and of the policy, and Q_{{θ}} = β(f_{{θ}} − f_{{φ}}), at four diffusion times");

    /// <summary>The numbers of a run by their keys; null for those that the objective does not have.</summary>
    private static Dictionary<string, double?> Values(BanditMetrics metrics) =>
        JsonSerializer.SerializeToNode(metrics, SettingPaths.Json)!.AsObject().ToDictionary(number => number.Key, number => number.Value?.GetValue<double>());

    /// <summary>Whether the dataset reweighted by e^{qQ/β} is the exact answer: it is the value objective's alone.</summary>
    private static bool IsExact(RunOutcome outcome) => outcome.Settings.Alignment.CreateObjective().RecoversLabels;

    private static string Target(RunOutcome outcome, string comparison) => IsExact(outcome) ? "exact" : "value objective's answer" + comparison;

    private static IEnumerable<NumberRow> Rows(RunOutcome outcome, BanditMetrics metrics)
    {
        yield return Row("q_correlation", metrics.QCorrelation, 1, "correlation of Q_{θ} = β(f_{θ} − f_{φ}) with qQ on held-out behavior points, t = 10^{−3}");
        yield return Row("q_slope", metrics.QSlope, 1, "slope of Q_{θ} over qQ there" + (metrics.QSlope is null ? "; only the value objective has this identity" : string.Empty));
        // The dataset reweighted by exp(qQ/β) is the optimum of the value objective alone.
        bool known = IsExact(outcome);
        yield return Row("policy_mean_q", metrics.PolicyMeanQ, known ? metrics.TargetMeanQ : null, known
            ? "mean Q of policy samples; exact: the dataset reweighted by exp(qQ/β)"
            : $"mean Q of policy samples; value objective's answer, for comparison: {Number(metrics.TargetMeanQ)}");
        yield return Row("behavior_mean_q", metrics.BehaviorMeanQ, outcome.DatasetMeanQ, "mean Q of behavior samples; exact: the dataset");
        yield return Row("energy_distance_policy", metrics.EnergyDistancePolicy, known ? 0 : null, "policy samples to the reweighted dataset" + (known ? string.Empty : ", the value objective's answer, for comparison"));
        yield return Row("energy_distance_behavior", metrics.EnergyDistanceBehavior, 0, "behavior samples to the dataset");
    }

    private static NumberRow Row(string name, double? value, double? exact, string what) =>
        new(name, [Number(value), Number(value is null ? null : exact)], what);

    private static string Number(double? value) => value is { } number
        ? number.ToString("0.000", CultureInfo.InvariantCulture).Replace('-', '−')
        : "–";
}
