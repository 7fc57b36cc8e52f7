using EDA.Engine.Runs;
using EDA.Host.CommandLine;
using EDA.Host.Runs;

namespace EDA.Host.Experiments.Report;

/// <summary>Runs alike but for task and seed.</summary>
/// <param name="Values">The settings that make the group, in the order of the paths.</param>
/// <param name="Runs">Its runs by task, by rising seed.</param>
internal sealed record RunGroup(IReadOnlyList<string> Values, IReadOnlyDictionary<ReportTask, IReadOnlyList<ReportedRun>> Runs);

/// <summary>Runs in groups that differ in settings; within a group and a task they differ in their seed alone.</summary>
internal sealed class RunGroups
{
    private RunGroups(IReadOnlyList<string> paths, IReadOnlyList<ReportTask> tasks, IReadOnlyList<RunGroup> groups, IReadOnlyList<string> notes) =>
        (Paths, Tasks, All, Notes) = (paths, tasks, groups, notes);

    /// <summary>The settings that make the groups.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>The tasks.</summary>
    public IReadOnlyList<ReportTask> Tasks { get; }

    /// <summary>The groups, by rising values.</summary>
    public IReadOnlyList<RunGroup> All { get; }

    /// <summary>What else differs among the runs.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>What a group is called.</summary>
    public string Label(RunGroup group) => Paths.Count == 0 ? "all runs" : string.Join(", ", Paths.Zip(group.Values, (path, value) => $"{path} {value}"));

    /// <summary>Puts runs into groups.</summary>
    /// <param name="runs">The runs.</param>
    /// <param name="by">The settings that make the groups; none for all in which the runs of a task differ.</param>
    /// <returns>The groups.</returns>
    /// <exception cref="UserError">A setting is none, runs of a group differ in another setting, or a run is there twice.</exception>
    public static RunGroups Of(IReadOnlyList<ReportedRun> runs, IReadOnlyList<string> by)
    {
        var tasks = ReportTask.Named(runs.Select(ReportTask.Of));
        var named = tasks.ToDictionary(task => task.Unnamed);
        var byTask = runs.GroupBy(run => named[ReportTask.Of(run)]).ToDictionary(one => one.Key, one => one.ToList());
        string[] known = [.. runs.Select(run => run.Request.Settings.Kind).Distinct().SelectMany(ReportedRun.Paths).Distinct()];
        string[] differing = [.. known.Where(path => byTask.Values.Any(alike => alike.Select(run => Value(run, path)).Distinct().Count() > 1))];
        string[] paths = by.Count == 0 ? differing : [.. by.Select(key => SettingPaths.Resolve(known, key, "--by")).Distinct()];
        string[] others = [.. differing.Except(paths)];

        var groups = runs.GroupBy(run => string.Join('\n', paths.Select(path => Value(run, path))))
            .Select(alike => new RunGroup(
                [.. paths.Select(path => Value(alike.First(), path))],
                tasks.Where(task => byTask[task].Any(alike.Contains)).ToDictionary(task => task, task => (IReadOnlyList<ReportedRun>)[.. byTask[task].Where(alike.Contains).OrderBy(run => run.Seed)])))
            .Order(Comparer<RunGroup>.Create((one, other) => Compare(one.Values, other.Values)))
            .ToList();
        var all = new RunGroups(paths, tasks, groups, [.. Differences(runs, byTask, others, paths.Contains(SweepDefinition.MethodKey))]);
        foreach (var group in groups)
            all.Check(group, others);
        return all;
    }

    private void Check(RunGroup group, IEnumerable<string> others)
    {
        foreach (var (task, runs) in group.Runs)
        {
            foreach (string path in others)
            {
                string[] values = [.. runs.Select(run => Value(run, path)).Distinct()];
                if (values.Length > 1)
                    throw new UserError($"{path} differs among the runs of {task.Name}, {Label(group)} ({string.Join(", ", values)}); allowed is one value in a group: --by {path} makes groups of it");
            }

            if (runs.GroupBy(run => run.Seed).FirstOrDefault(same => same.Count() > 1) is { } twice)
                throw new UserError($"{twice.First().Folder.ShownPath} and {twice.Last().Folder.ShownPath} are both seed {twice.Key} of {task.Name}, {Label(group)}; allowed is a run once, or it would count twice");
        }
    }

    // What differs between groups and not within one is no mistake, and no secret either.
    private static IEnumerable<string> Differences(IReadOnlyList<ReportedRun> runs, Dictionary<ReportTask, List<ReportedRun>> byTask, string[] others, bool byMethod)
    {
        foreach (string path in others)
        {
            // Of methods it is no news that they have settings of their own.
            string where = string.Join(", ", byTask.Where(task => task.Value.GroupBy(run => byMethod ? Value(run, SweepDefinition.MethodKey) : string.Empty).Any(alike => alike.Select(run => Value(run, path)).Distinct().Count() > 1)).Select(task => task.Key.Name));
            if (where.Length == 0)
                continue;
            yield return $"{path} differs between the groups, too ({where})";
        }

        foreach (string task in byTask.Keys.Where(task => RunBudgets.IsTrial(task.Budget)).Select(task => task.Name))
            yield return $"{task}: {RunBudgets.TrialNote}";

        foreach (var (what, values) in new[] { ("versions of EDA.Engine", runs.Select(run => run.Version)), ("devices", runs.Select(run => run.Request.Device)) })
        {
            string[] distinct = [.. values.Distinct().Order(StringComparer.Ordinal)];
            if (distinct.Length > 1)
                yield return $"the runs are of several {what}, which are taken together: {string.Join(", ", distinct)}";
        }
    }

    private static string Value(ReportedRun run, string path) => run.Settings.GetValueOrDefault(path, "–");

    private static int Compare(IReadOnlyList<string> one, IReadOnlyList<string> other)
    {
        for (int i = 0; i < one.Count; i++)
        {
            int order = Number(one[i]) is { } first && Number(other[i]) is { } second ? first.CompareTo(second) : string.CompareOrdinal(one[i], other[i]);
            if (order != 0)
                return order;
        }

        return 0;
    }

    /// <summary>A setting's value as a number; null where it is none.</summary>
    public static double? Number(string value) => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? number : null;
}
