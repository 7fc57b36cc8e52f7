using EDA.Engine.Baselines;
using EDA.Engine.Critics;
using EDA.Engine.Evaluation;
using EDA.Engine.Experiments.Statistics;
using EDA.Host.Experiments.Report;
using EDA.Host.Figures;

namespace EDA.Host.Experiments.Paper;

/// <summary>The paper's Figure 4: three critics, each with a Gaussian policy, with a diffusion policy, and with EDA.</summary>
internal static class ThreeCritics
{
    private const string CriticKey = "critic.method", None = "–";

    private static readonly string[] _columns = ["Gaussian", "diffusion", "EDA", "EDA, best of 4"];

    // Each critic with the methods that stand for its columns; those that train one of their own have no such setting.
    private static readonly (CriticMethod Critic, Method Gaussian, Method Diffusion)[] _rows =
    [
        (CriticMethod.Implicit, Method.Iql, Method.Idql), (CriticMethod.Softmax, Method.Gaussian, Method.Qgpo), (CriticMethod.Online, Method.Td3Bc, Method.DiffusionQl),
    ];

    /// <summary>The settings of its runs.</summary>
    public static IReadOnlyList<IReadOnlyDictionary<string, string>> Points { get; } =
    [
        .. _rows.SelectMany(row => (IReadOnlyDictionary<string, string>[])
        [
            new Dictionary<string, string> { [SweepDefinition.MethodKey] = row.Gaussian.Name },
            new Dictionary<string, string> { [SweepDefinition.MethodKey] = row.Diffusion.Name },
            new Dictionary<string, string> { [SweepDefinition.MethodKey] = Method.Eda.Name, [CriticKey] = row.Critic.Name },
        ]),
    ];

    /// <summary>The table: a row for each critic.</summary>
    /// <param name="report">The report on the runs.</param>
    /// <returns>The table.</returns>
    public static ReportTable Table(RunReport report) => new(
        "Figure 4",
        "Normalised scores, mean of the tasks, with 95 % confidence intervals where there are several seeds. Gaussian: iql, gaussian, td3-bc; diffusion: idql, qgpo, diffusion-ql; each as its paper plays it.",
        ["critic", .. _columns],
        1,
        [.. _rows.Select(row => (IReadOnlyList<string>)[row.Critic.Name, .. Cells(report, row).Select(Show)])]);

    /// <summary>The figure: a panel for each critic.</summary>
    /// <param name="report">The report on the runs.</param>
    /// <returns>The figure.</returns>
    public static Figure Draw(RunReport report)
    {
        var axis = new SettingAxis(string.Empty, false, [.. _columns.Select((column, i) => ((double)i, column))]);
        var panels = _rows.Select(row =>
        {
            var points = Cells(report, row).Select((cell, i) => (cell, i)).Where(one => one.cell is not null)
                .Select(one => new IntervalPoint(one.i, one.cell!.Value.Value, one.cell.Value.Interval is { } interval ? (interval.Low, interval.High) : null));
            return ($"{row.Critic.Name} critic", IntervalPanels.Points([new IntervalCurve(row.Critic.Name, IntervalPanels.Distinct[0], [.. points])], axis, "normalised score", null, isJoined: false));
        }).ToList();
        return new Figure("critics", "Figure 4: each critic with a Gaussian policy, a diffusion policy and EDA; mean of the tasks, bars are 95 % confidence intervals, missing where there is one seed.", PanelGrid.Draw("critics", panels, [], string.Empty));
    }

    private static List<Estimate?> Cells(RunReport report, (CriticMethod Critic, Method Gaussian, Method Diffusion) row) =>
    [
        Of(report, row.Gaussian, null, Rollouts.Policy), Of(report, row.Diffusion, null, Rollouts.Policy),
        Of(report, Method.Eda, row.Critic, Rollouts.Policy), Of(report, Method.Eda, row.Critic, Rollouts.PolicyRejecting),
    ];

    private static Estimate? Of(RunReport report, Method method, CriticMethod? critic, string series)
    {
        double[][] scores = [.. report.Numbers.Tasks.Where(cell => cell.Series.Name == series && IsOf(cell.Group)).Select(cell => cell.Scores)];
        if (scores.Length == 0)
            return null;
        var runs = new RunScores([.. scores]);
        return new Estimate(TaskMeans.Mean(runs), runs.HasSpread ? new StratifiedBootstrap(report.Request.Replications).Interval(runs, TaskMeans.Mean) : null);

        bool IsOf(RunGroup group) => Value(group, SweepDefinition.MethodKey) == method.Name && (critic is null || Value(group, CriticKey) == critic.Name);
        string? Value(RunGroup group, string path) => report.Groups.Paths.Zip(group.Values).FirstOrDefault(pair => pair.First == path).Second;
    }

    private static string Show(Estimate? estimate) => estimate is not { } known ? None
        : FormattableString.Invariant($"{known.Value:0.0}") + (known.Interval is { } interval ? FormattableString.Invariant($" [{interval.Low:0.0}, {interval.High:0.0}]") : string.Empty);
}
