using EDA.Engine.Evaluation;
using EDA.Engine.Experiments.Statistics;
using EDA.Engine.Runs;
using EDA.Host.Figures;

namespace EDA.Host.Experiments.Report;

/// <summary>The figures of a report: scores over the groups, performance profiles, learning curves.</summary>
internal sealed class ReportFigures(RunGroups groups, ReportNumbers numbers, PublishedColumn published)
{
    private const int CharactersAcross = 58;

    // What of a bandit stands in the figure: the numbers that are 1 where the policy is exact.
    private static readonly string[] _exact = ["q_correlation", "q_slope"];

    /// <summary>All figures that there is something for.</summary>
    public IReadOnlyList<Figure> Draw(IReadOnlyList<LearningCurve> curves)
    {
        List<ReportSeries> scores = [.. numbers.Series.Where(series => series.Kind == RunKind.Dataset)], exact = [.. numbers.Series.Where(series => _exact.Contains(series.Name))];
        var figures = new List<Figure>();
        if (scores.Count > 0)
            figures.Add(OverGroups("scores", scores, "score", task => published.Of(task)?.Mean, published.IsThere ? " Dashed: the paper's policy with rejection sampling." : string.Empty));
        if (scores.Count > 0 && Methods() is { } methods)
            figures.Insert(0, methods);
        if (exact.Count > 0)
            figures.Add(OverGroups("exact", exact, "correlation, slope", _ => 1, " Dashed: 1, where the policy is exact."));
        if (numbers.Profiles.Count > 0)
            figures.Add(Profiles());
        if (curves.Count > 0)
            figures.Add(Curves(curves));
        return figures;
    }

    private Figure OverGroups(string name, List<ReportSeries> shown, string quantity, Func<ReportTask, double?> line, string dashed)
    {
        var axes = Axes();
        var panels = groups.Tasks.Where(task => shown.Any(series => numbers.TasksOf(series).Contains(task))).SelectMany(task => axes.Select(axis =>
        {
            IntervalCurve[] lines = [.. shown.Where(series => numbers.TasksOf(series).Contains(task)).Select(series => new IntervalCurve(series.Name, ColorOf(series), Points(task, series, axis)))];
            return (task.Name + axis.Words, IntervalPanels.Points(lines, axis.Axis, quantity, line(task), axis.IsNumeric));
        })).ToList();
        return new(
            name,
            $"Interquartile mean over seeds of each series; bars are 95 % confidence intervals, missing where there is one seed.{dashed}{axes[0].Key}",
            PanelGrid.Draw(name, panels, [.. shown.Select(series => (series.Name, ColorOf(series)))], string.Empty));

        string ColorOf(ReportSeries series) => IntervalPanels.Distinct[shown.IndexOf(series)];

        List<IntervalPoint> Points(ReportTask task, ReportSeries series, GroupAxis axis) =>
        [
            .. axis.Groups.Select((group, i) => (Cell: numbers.Find(task, group, series), Place: axis.Axis.Ticks[i].At)).Where(point => point.Cell is not null)
                .Select(point => Point(point.Place, point.Cell!.Aggregates.InterquartileMean)),
        ];
    }

    // Where several methods are there along one number: a panel for each task, a line for each method's own policy.
    private Figure? Methods()
    {
        int method = groups.Paths.ToList().IndexOf(SweepDefinition.MethodKey);
        if (method < 0 || Numeric() is not { } path || groups.All.Select(group => group.Values[method]).Distinct().Count() < 2)
            return null;
        var policy = numbers.Series.Single(series => series.Name == Rollouts.Policy);
        var names = groups.All.Select(Name).Distinct().ToList();
        var ticks = groups.All.Select(group => (RunGroups.Number(group.Values[path])!.Value, group.Values[path])).DistinctBy(tick => tick.Value).OrderBy(tick => tick.Value).ToList();
        var axis = new SettingAxis(groups.Paths[path], ticks[0].Value > 0, ticks);
        var panels = groups.Tasks.Where(numbers.TasksOf(policy).Contains).Select(task =>
        {
            IntervalCurve[] lines = [.. names.Select((name, i) => new IntervalCurve(name, IntervalPanels.Distinct[i % IntervalPanels.Distinct.Count], Line(task, name)))];
            return (task.Name, IntervalPanels.Points(lines, axis, "score", null, isJoined: true));
        }).ToList();
        return new(
            "methods",
            "Interquartile mean over seeds of the score policy of each method; bars are 95 % confidence intervals, missing where there is one seed.",
            PanelGrid.Draw("methods", panels, [.. names.Select((name, i) => (name, IntervalPanels.Distinct[i % IntervalPanels.Distinct.Count]))], string.Empty));

        string Name(RunGroup group) => string.Join(", ", group.Values.Where((_, i) => i != path));

        List<IntervalPoint> Line(ReportTask task, string name) =>
        [
            .. groups.All.Where(group => Name(group) == name).OrderBy(group => RunGroups.Number(group.Values[path])).Select(group => (Cell: numbers.Find(task, group, policy), At: RunGroups.Number(group.Values[path])!.Value))
                .Where(point => point.Cell is not null).Select(point => Point(point.At, point.Cell!.Aggregates.InterquartileMean)),
        ];
    }

    private Figure Profiles()
    {
        var colors = Colors();
        var panels = numbers.Profiles.GroupBy(profile => profile.Series).Select(alike =>
        {
            IntervalCurve[] lines = [.. alike.Select(profile => new IntervalCurve(groups.Label(profile.Group), colors[profile.Group], [.. profile.Thresholds.Select((at, i) => Point(at, new(profile.Shares[i], profile.Band?[i])))]))];
            int tasks = numbers.TasksOf(alike.Key).Count;
            return (alike.Key.Name + (tasks > 1 ? $", {tasks} tasks" : string.Empty), IntervalPanels.Bands(lines, alike.Key.Kind == RunKind.Dataset ? "score τ" : "τ", "share of runs above τ", (-0.02, 1.02)));
        }).ToList();
        return new(
            "profiles",
            "Performance profiles: the share of runs that score above τ; bands are pointwise 95 % confidence intervals, missing where a task has one seed.",
            PanelGrid.Draw("profiles", panels, Legend(colors), string.Join(", ", groups.Paths)));
    }

    private Figure Curves(IReadOnlyList<LearningCurve> curves)
    {
        // Colours in an order say nothing of methods.
        RunGroup[] drawn = [.. groups.All.Where(group => curves.Any(curve => curve.Group == group))];
        bool isByMethod = groups.Paths.Contains(SweepDefinition.MethodKey) && drawn.Length <= IntervalPanels.Distinct.Count;
        var shades = isByMethod ? IntervalPanels.Distinct : IntervalPanels.Ordered(drawn.Length);
        var colors = drawn.Select((group, i) => (group, i)).ToDictionary(pair => pair.group, pair => shades[pair.i]);

        // Methods train for different numbers of steps: then what they have in common is the share of them.
        bool isShare = curves.Select(curve => curve.Points[^1].Step).Distinct().Count() > 1;
        var panels = curves.GroupBy(curve => (curve.Task, curve.Name)).Select(alike =>
        {
            IntervalCurve[] lines =
            [
                .. alike.Select(curve => new IntervalCurve(
                    groups.Label(curve.Group), colors[curve.Group], [.. curve.Points.Select(point => Point(isShare ? (double)point.Step / curve.Points[^1].Step : point.Step, point.Mean))])),
            ];
            return ($"{alike.Key.Task.Name}, {alike.Key.Name}", IntervalPanels.Bands(lines, isShare ? "share of the training" : "step of the training", "score", null));
        }).ToList();
        return new(
            "curves",
            "Scores along training, mean over seeds; bands are 95 % confidence intervals, missing where there is one seed.",
            PanelGrid.Draw("curves", panels, Legend(colors), string.Join(", ", groups.Paths)));
    }

    // Of several settings one that is a number makes a true axis, and each value of the others a panel; everything else is a
    // word for each group, or a figure where words have no room.
    private List<GroupAxis> Axes()
    {
        if (Numeric() is { } path)
        {
            return
            [
                .. groups.All.GroupBy(group => string.Concat(group.Values.Where((_, i) => i != path).Select(value => ", " + value))).Select(alike =>
                {
                    RunGroup[] rising = [.. alike.OrderBy(group => RunGroups.Number(group.Values[path]))];
                    var ticks = rising.Select(group => (RunGroups.Number(group.Values[path])!.Value, group.Values[path])).ToList();
                    return new GroupAxis(rising, alike.Key, new SettingAxis(groups.Paths[path], ticks[0].Value > 0, ticks), true, string.Empty);
                }),
            ];
        }

        string[] words = [.. groups.All.Select(group => groups.Paths.Count == 0 ? "all runs" : string.Join(", ", group.Values))];
        bool fits = words.Max(word => word.Length) * words.Length <= CharactersAcross;
        string key = fits ? string.Empty : " " + string.Join("; ", groups.All.Select((group, i) => $"{i + 1}: {groups.Label(group)}")) + ".";
        return [new GroupAxis(groups.All, string.Empty, new SettingAxis(string.Empty, false, [.. words.Select((word, i) => ((double)i, fits ? word : (i + 1).ToString(CultureInfo.InvariantCulture)))]), false, key)];
    }

    // The one setting that varies and is a number; null where there is none, or more than one.
    private int? Numeric()
    {
        int[] numeric = [.. Enumerable.Range(0, groups.Paths.Count).Where(i => groups.All.Select(group => group.Values[i]).Distinct().Count() > 1 && groups.All.All(group => RunGroups.Number(group.Values[i]) is not null))];
        return numeric is [var path] ? path : null;
    }

    private Dictionary<RunGroup, string> Colors()
    {
        var colors = IntervalPanels.Ordered(groups.All.Count);
        return groups.All.Select((group, i) => (group, i)).ToDictionary(pair => pair.group, pair => colors[pair.i]);
    }

    private List<(string Name, string Color)> Legend(Dictionary<RunGroup, string> colors) =>
        groups.Paths.Count == 0 ? [] : [.. groups.All.Where(colors.ContainsKey).Select(group => (string.Join(", ", group.Values), colors[group]))];

    private static IntervalPoint Point(double x, Estimate estimate) =>
        new(x, estimate.Value, estimate.Interval is { } interval ? (interval.Low, interval.High) : null);

    /// <summary>Groups that stand along one axis.</summary>
    /// <param name="Groups">The groups, a tick each.</param>
    /// <param name="Words">What tells them from those of other panels.</param>
    /// <param name="Axis">The axis.</param>
    /// <param name="IsNumeric">Whether it is a number's.</param>
    /// <param name="Key">What figures on it stand for.</param>
    private sealed record GroupAxis(IReadOnlyList<RunGroup> Groups, string Words, SettingAxis Axis, bool IsNumeric, string Key);
}
