using EDA.Engine.Experiments.Statistics;
using EDA.Engine.Runs;

namespace EDA.Host.Experiments.Report;

/// <summary>The tables of a report.</summary>
internal sealed class ReportTables(RunGroups groups, ReportNumbers numbers, PublishedColumn published)
{
    private const string None = "–";

    private bool HasTasks => groups.Tasks.Count > 1;

    /// <summary>Those that a paper would have: the scores, of bandits and datasets apart, and where there are several tasks what they come to together.</summary>
    public IReadOnlyList<ReportTable> Main =>
        [.. groups.Tasks.GroupBy(task => task.Row.Kind).Select(alike => Scores(alike.Key, [.. alike])), .. numbers.AllTasks.Count > 0 ? (ReportTable[])[AllTasks()] : []];

    /// <summary>The others.</summary>
    public IReadOnlyList<ReportTable> Further => [Details(), .. numbers.Improvements.Count > 0 ? (ReportTable[])[Improvements()] : []];

    /// <summary>A number with its interval, for instance 47.9 [41.2, 55.0].</summary>
    public static string Show(ReportSeries series, Estimate? estimate) => estimate is not { } known ? None
        : series.Show(known.Value) + (known.Interval is { } interval ? $" [{series.Show(interval.Low)}, {series.Show(interval.High)}]" : string.Empty);

    private ReportTable Scores(RunKind kind, IReadOnlyList<ReportTask> tasks)
    {
        var series = numbers.Series.Where(one => one.Kind == kind).ToList();
        bool hasPaper = tasks.Any(task => published.Of(task) is not null);
        var rows = new List<IReadOnlyList<string>>();
        foreach (var task in tasks)
        {
            foreach (var group in groups.All.Where(group => group.Runs.ContainsKey(task)))
                rows.Add([.. Names(task, group), group.Runs[task].Count.ToString(CultureInfo.InvariantCulture), .. series.Select(one => Cell(task, group, one)), .. Paper(task)]);
        }

        return new(
            tasks.Count > 1 ? $"Scores on {(kind == RunKind.Bandit ? "bandits" : "datasets")}" : $"Scores on {tasks[0].Name}",
            "Mean ± standard deviation over seeds (over n − 1)." + (hasPaper ? " paper: EDA in the paper's Table 1, whose number is policy_rejection's; over five seeds." : string.Empty),
            [.. NameHeads, "runs", .. series.Select(one => one.Name), .. hasPaper ? (string[])["paper"] : []],
            NameHeads.Count(),
            rows);

        string Cell(ReportTask task, RunGroup group, ReportSeries one)
        {
            if (numbers.Find(task, group, one) is not { } found)
                return None;
            return one.Show(found.Spread.Mean) + (found.Spread.StandardDeviation is { } deviation ? $" ± {one.Show(deviation)}" : string.Empty);
        }

        IEnumerable<string> Paper(ReportTask task)
        {
            if (hasPaper)
                yield return published.Of(task) is { } score ? FormattableString.Invariant($"{score.Mean:0.0} ± {score.Deviation:0.0}") : None;
        }
    }

    private ReportTable Details() => new(
        "Each series",
        "In brackets 95 % confidence intervals. IQM: the interquartile mean, of the middle half of the runs. Optimality gap: how far runs fall short of 100, of q_correlation of 1.",
        [.. NameHeads, "series", "runs", "mean", "median", "IQM", "optimality gap"],
        NameHeads.Count() + 1,
        [
            .. numbers.Tasks.Select(cell => (IReadOnlyList<string>)
            [
                .. Names(cell.Task, cell.Group), cell.Series.Name, cell.Scores.Length.ToString(CultureInfo.InvariantCulture), Show(cell.Series, cell.Aggregates.Mean), cell.Series.Show(cell.Median),
                Show(cell.Series, cell.Aggregates.InterquartileMean), Show(cell.Series, cell.Aggregates.OptimalityGap),
            ]),
        ]);

    private ReportTable AllTasks() => new(
        "All tasks together",
        "Mean and median of the tasks' means; IQM of all runs of all tasks; in brackets 95 % confidence intervals.",
        [.. groups.Paths, "series", "tasks", "runs", "IQM", "mean", "median", "optimality gap"],
        groups.Paths.Count + 1,
        [
            .. numbers.AllTasks.Select(one => (IReadOnlyList<string>)
            [
                .. one.Group.Values, one.Series.Name, one.Scores.Tasks.Count.ToString(CultureInfo.InvariantCulture), one.Scores.Count.ToString(CultureInfo.InvariantCulture),
                Show(one.Series, one.Aggregates.InterquartileMean), Show(one.Series, one.Aggregates.Mean), Show(one.Series, one.Aggregates.Median), Show(one.Series, one.Aggregates.OptimalityGap),
            ]),
        ]);

    private ReportTable Improvements() => new(
        "Probability of improvement",
        "How likely a run of X scores above one of Y, ties counted half, on average over tasks; in brackets 95 % confidence intervals.",
        ["series", "X", "Y", "P(X > Y)"],
        3,
        [
            .. numbers.Improvements.Select(one => (IReadOnlyList<string>)
            [
                one.Series.Name, groups.Label(one.X), groups.Label(one.Y),
                FormattableString.Invariant($"{one.Probability.Value:0.00}") + (one.Probability.Interval is { } interval ? FormattableString.Invariant($" [{interval.Low:0.00}, {interval.High:0.00}]") : string.Empty),
            ]),
        ]);

    private IEnumerable<string> NameHeads => [.. HasTasks ? (string[])["task"] : [], .. groups.Paths];

    private IEnumerable<string> Names(ReportTask task, RunGroup group) => [.. HasTasks ? (string[])[task.Name] : [], .. group.Values];
}
