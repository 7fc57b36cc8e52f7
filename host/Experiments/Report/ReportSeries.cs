using System.Text.Json.Nodes;
using EDA.Engine.Baselines;
using EDA.Engine.Baselines.Generators;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;
using EDA.Host.Reports;

namespace EDA.Host.Experiments.Report;

/// <summary>A number of result.json that runs are compared by.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">The kind of run that has it.</param>
/// <param name="Places">Digits after the point.</param>
/// <param name="MoreIsBetter">Whether more of it is better, so that "above" means something.</param>
/// <param name="Target">γ of its optimality gap: what is good enough; null where there is no such number.</param>
internal sealed record ReportSeries(string Name, RunKind Kind, int Places, bool MoreIsBetter, double? Target)
{
    private const string ScoresKey = "scores", MeanKey = "normalized_mean";

    /// <summary>All of them, in the order they are reported.</summary>
    public static IReadOnlyList<ReportSeries> All { get; } =
    [
        .. ((string[])[Rollouts.Policy, Rollouts.PolicyBest, Rollouts.Weighted, Rollouts.WeightedBest, Rollouts.PolicyRejecting, Rollouts.Behavior, Rollouts.BehaviorRejecting, Rollouts.Implicit])
            .Union(Method.Table.All.Where(method => method.Kinds.Contains(RunKind.Dataset)).SelectMany(method => method.Scores).Select(score => score.Name)).Select(name => new ReportSeries(name, RunKind.Dataset, 1, MoreIsBetter: true, 100)),
        new("q_correlation", RunKind.Bandit, 3, MoreIsBetter: true, 1),
        new("q_slope", RunKind.Bandit, 3, MoreIsBetter: false, null),
        new("policy_mean_q", RunKind.Bandit, 3, MoreIsBetter: false, null),
        new("target_mean_q", RunKind.Bandit, 3, MoreIsBetter: false, null),
        new("behavior_mean_q", RunKind.Bandit, 3, MoreIsBetter: false, null),
        new("energy_distance_policy", RunKind.Bandit, 4, MoreIsBetter: false, null),
        new("energy_distance_behavior", RunKind.Bandit, 4, MoreIsBetter: false, null),
        .. GeneratorModel.All.Select(model => new ReportSeries(GeneratorsPresentation.KeyOf(model.Key), RunKind.Bandit, 4, MoreIsBetter: false, null)),
    ];

    /// <summary>Reads the number; scores also under the names they had before.</summary>
    /// <param name="result">The document of result.json.</param>
    /// <returns>The number; null where there is none.</returns>
    /// <exception cref="InvalidOperationException">It is no number.</exception>
    public double? Read(JsonObject result)
    {
        if (Kind == RunKind.Bandit)
            return result[Name]?.GetValue<double>();
        var scores = result[ScoresKey]?.AsObject();
        var score = scores?[Name] ?? (Rollouts.EarlierNames.TryGetValue(Name, out string? earlier) ? scores?[earlier] : null);
        return score?[MeanKey]?.GetValue<double>();
    }

    /// <summary>A number of the series as text, with a true minus sign.</summary>
    public string Show(double value) => value.ToString($"F{Places}", CultureInfo.InvariantCulture).Replace('-', '−');
}
