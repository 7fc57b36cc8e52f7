using EDA.Engine.Experiments.Statistics;
using EDA.Host.Reports;
using MathNet.Numerics.Statistics;

namespace EDA.Host.Experiments.Report;

/// <summary>All that a report says of its groups, by the statistics of Agarwal et al. 2021.</summary>
internal sealed class ReportNumbers
{
    // As many thresholds as a figure has room for, and replications as the paper's code takes for a profile.
    private const int Thresholds = 201, ProfileReplications = 2000;

    // With more pairs than these the best group is compared with each of the others.
    private const int MostPairs = 10;

    // As few as the paper has. Resamples of two seeds have three means, of three seeds ten.
    private const int EnoughSeeds = 5;

    private readonly RunGroups _groups;
    private readonly List<string> _notes = [];
    private readonly Dictionary<(ReportTask Task, RunGroup Group, ReportSeries Series), TaskNumbers> _byPlace;
    private readonly Dictionary<ReportSeries, IReadOnlyList<ReportTask>> _tasksOf;

    /// <summary>Measures everything.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="replications">Replications of the bootstrap.</param>
    public ReportNumbers(RunGroups groups, int replications)
    {
        _groups = groups;
        var bootstrap = new StratifiedBootstrap(replications);
        Tasks = [.. Cells().AsParallel().AsOrdered().Select(cell => Measure(cell, bootstrap))];
        _byPlace = Tasks.ToDictionary(cell => (cell.Task, cell.Group, cell.Series));
        _tasksOf = ReportSeries.All.ToDictionary(series => series, series => (IReadOnlyList<ReportTask>)[.. groups.Tasks.Where(task => Tasks.Any(cell => cell.Series == series && cell.Task == task))]);
        Series = [.. ReportSeries.All.Where(series => _tasksOf[series].Count > 0)];
        AddNotes();
        var complete = Series.Select(series => (Series: series, Groups: Complete(series))).ToList();
        AllTasks =
        [
            .. complete.Where(one => TasksOf(one.Series).Count > 1).SelectMany(one => one.Groups.Select(group => (one.Series, group.Group, group.Scores)))
                .AsParallel().AsOrdered().Select(one => new AllTasksNumbers(one.Group, one.Series, one.Scores, AggregateScores.Of(one.Scores, one.Series.Target, bootstrap))),
        ];
        if (AllTasks.Any(one => one.Scores.Tasks.Select(runs => runs.Length).Distinct().Count() > 1))
            _notes.Add("tasks have different numbers of runs: those with more count for more in the interquartile mean over all tasks");
        var equal = FindEqual();
        var better = complete.Where(one => one.Series.MoreIsBetter && one.Groups.Count > 0).ToList();
        Improvements =
        [
            .. better.Where(one => !equal.Contains(one.Series)).SelectMany(one => Pairs(one.Groups).Select(pair => (one.Series, pair.X, pair.Y)))
                .AsParallel().AsOrdered().Select(pair => Compare(pair.Series, pair.X, pair.Y, bootstrap)),
        ];
        var bands = new StratifiedBootstrap(Math.Min(replications, ProfileReplications));
        Profiles = [.. better.SelectMany(one => Profile(one.Series, one.Groups, bands))];
    }

    /// <summary>Each series of each group on each task.</summary>
    public IReadOnlyList<TaskNumbers> Tasks { get; }

    /// <summary>Each series of each group that has it on all tasks; none where there is one task.</summary>
    public IReadOnlyList<AllTasksNumbers> AllTasks { get; }

    /// <summary>Groups against each other.</summary>
    public IReadOnlyList<Improvement> Improvements { get; }

    /// <summary>The profiles.</summary>
    public IReadOnlyList<GroupProfile> Profiles { get; }

    /// <summary>What must be known to read the numbers.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>The series that there are, in order.</summary>
    public IReadOnlyList<ReportSeries> Series { get; }

    private IEnumerable<(ReportTask Task, RunGroup Group, ReportSeries Series, double[] Scores)> Cells() =>
        from task in _groups.Tasks
        from grp in _groups.All
        where grp.Runs.ContainsKey(task)
        from series in ReportSeries.All
        let scores = grp.Runs[task].Where(run => run.Scores.ContainsKey(series)).Select(run => run.Scores[series]).ToArray()
        where scores.Length > 0
        select (task, grp, series, scores);

    private static TaskNumbers Measure((ReportTask Task, RunGroup Group, ReportSeries Series, double[] Scores) cell, StratifiedBootstrap bootstrap) => new(
        cell.Task, cell.Group, cell.Series, cell.Scores, Spread.Of(cell.Scores), cell.Scores.Median(),
        AggregateScores.Of(RunScores.OfOneTask(cell.Scores), cell.Series.Target, bootstrap));

    private void AddNotes()
    {
        var single = Tasks.Where(cell => cell.Scores.Length == 1).ToList();
        if (single.Count == Tasks.Count)
            _notes.Add("one seed: no spread, so neither deviations nor intervals");
        else if (single.Count > 0)
            _notes.Add("one seed: no spread, so neither deviation nor interval of " + string.Join("; ", single.Select(Where).Distinct()));
        var few = Tasks.Where(cell => cell.Scores.Length is > 1 and < EnoughSeeds).ToList();
        if (few.Count > 0)
        {
            string which = few.Count == Tasks.Count - single.Count ? string.Empty : ": " + string.Join("; ", few.Select(Where).Distinct());
            _notes.Add(FormattableString.Invariant($"intervals of fewer than {EnoughSeeds} seeds are mostly too narrow, for the bootstrap knows no other seeds than these{which}"));
        }

        foreach (var lacking in Tasks.Where(cell => cell.Scores.Length < cell.Group.Runs[cell.Task].Count))
            _notes.Add($"{lacking.Series.Name} is of {lacking.Scores.Length} of the {lacking.Group.Runs[lacking.Task].Count} runs of {Where(lacking)}: the others have none");
        foreach (var group in _groups.All.Where(group => Series.Any(series => TasksOf(series).Count > 1 && Lacks(group, series))))
            _notes.Add($"{_groups.Label(group)} is left out of all that is over several tasks: it has no runs of {string.Join(", ", _groups.Tasks.Where(task => Series.Any(series => TasksOf(series).Contains(task) && Find(task, group, series) is null)).Select(task => task.Name))}");

        string Where(TaskNumbers cell) => $"{cell.Task.Name}, {_groups.Label(cell.Group)}";
        bool Lacks(RunGroup group, ReportSeries series) => TasksOf(series).Any(task => Find(task, group, series) is null) && TasksOf(series).Any(task => Find(task, group, series) is not null);
    }

    // What does not depend on the settings that make the groups is one set of runs, however many groups show it.
    private IReadOnlyList<ReportSeries> FindEqual()
    {
        var equal = Series.Where(series =>
        {
            var compared = Tasks.Where(cell => cell.Series == series).GroupBy(cell => cell.Task).Where(cells => cells.Count() > 1).ToList();
            return compared.Count > 0 && compared.All(cells => cells.Select(BySeed).Distinct().Count() == 1);
        }).ToList();
        if (equal.Count > 0)
            _notes.Add($"equal, seed by seed, in all groups that have them, and so without a probability of improvement: {string.Join(", ", equal.Select(series => series.Name))}");
        return equal;

        static string BySeed(TaskNumbers cell) => string.Join(' ', cell.Group.Runs[cell.Task].Where(run => run.Scores.ContainsKey(cell.Series)).Select(run => FormattableString.Invariant($"{run.Seed}:{run.Scores[cell.Series]:R}")));
    }

    /// <summary>The tasks that have a series.</summary>
    public IReadOnlyList<ReportTask> TasksOf(ReportSeries series) => _tasksOf[series];

    /// <summary>The numbers of a series of a group on a task; null where there are none.</summary>
    public TaskNumbers? Find(ReportTask task, RunGroup group, ReportSeries series) => _byPlace.GetValueOrDefault((task, group, series));

    private List<(RunGroup Group, RunScores Scores)> Complete(ReportSeries series)
    {
        var tasks = TasksOf(series);
        return
        [
            .. _groups.All.Select(group => (Group: group, Cells: tasks.Select(task => Find(task, group, series)).ToList()))
                .Where(one => one.Cells.All(cell => cell is not null))
                .Select(one => (one.Group, new RunScores([.. one.Cells.Select(cell => cell!.Scores)]))),
        ];
    }

    private static IEnumerable<((RunGroup Group, RunScores Scores) X, (RunGroup Group, RunScores Scores) Y)> Pairs(List<(RunGroup Group, RunScores Scores)> groups)
    {
        if (groups.Count * (groups.Count - 1) / 2 <= MostPairs)
            return groups.SelectMany((x, i) => groups.Skip(i + 1).Select(y => (x, y)));
        var best = groups.MaxBy(one => InterquartileMean.Of(one.Scores));
        return groups.Where(one => one.Group != best.Group).Select(one => (best, one));
    }

    private static Improvement Compare(ReportSeries series, (RunGroup Group, RunScores Scores) x, (RunGroup Group, RunScores Scores) y, StratifiedBootstrap bootstrap) => new(
        series, x.Group, y.Group,
        new Estimate(
            ProbabilityOfImprovement.Of(x.Scores, y.Scores),
            x.Scores.HasSpread && y.Scores.HasSpread ? bootstrap.Interval(x.Scores, y.Scores, ProbabilityOfImprovement.Of) : null));

    private static IEnumerable<GroupProfile> Profile(ReportSeries series, List<(RunGroup Group, RunScores Scores)> groups, StratifiedBootstrap bootstrap)
    {
        double[] all = [.. groups.SelectMany(one => one.Scores.Tasks).SelectMany(runs => runs)];
        double room = Math.Max(0.05 * (all.Max() - all.Min()), 0.01 * series.Target!.Value);
        double low = all.Min() - room, high = all.Max() + room;
        double[] thresholds = [.. Enumerable.Range(0, Thresholds).Select(i => low + ((high - low) * i / (Thresholds - 1)))];
        return groups.AsParallel().AsOrdered().Select(one => new GroupProfile(
            series, one.Group, thresholds, PerformanceProfile.Of(one.Scores, thresholds),
            one.Scores.HasSpread ? bootstrap.Intervals(one.Scores, resample => PerformanceProfile.Of(resample, thresholds)) : null));
    }
}
