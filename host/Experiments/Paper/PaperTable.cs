using EDA.Engine.Data;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;
using EDA.Host.Experiments.Report;

namespace EDA.Host.Experiments.Paper;

/// <summary>The paper's Table 1: a row for each task, means by domain and over all, the paper's scores beside ours where the data is the paper's.</summary>
internal static class PaperTable
{
    private const string None = "–";

    /// <summary>Makes it.</summary>
    /// <param name="report">The report on the runs.</param>
    /// <returns>The table.</returns>
    public static ReportTable Of(RunReport report)
    {
        var ours = report.Numbers.Tasks.Where(cell => cell.Series.Name == Rollouts.PolicyRejecting).ToDictionary(cell => cell.Task.Recipe);
        var rows = new List<IReadOnlyList<string>>();
        var tasks = DatasetTask.PaperTasks;
        foreach (var domain in tasks.GroupBy(task => task.Domain))
        {
            foreach (var task in domain)
            {
                var cell = ours.GetValueOrDefault(task.Name);
                rows.Add([task.Name, Score(cell), cell is null ? None : Text(cell.Scores.Length), cell is not null && report.Published.Of(cell.Task) is { } known ? $"{Text(known.Mean)} ± {Text(known.Deviation)}" : None]);
            }

            rows.Add(Mean($"mean of {Name(domain.Key)}", [.. domain], ours, report.Published));
        }

        rows.Add(Mean("mean of all", tasks, ours, report.Published));
        return new ReportTable(
            "Table 1",
            "Normalised scores of the aligned policy, the best of 4 samples by Q, mean ± standard deviation over seeds. A mean is of the tasks that were run. The paper's scores, of five seeds, stand beside ours where the data is the published file.",
            ["task", "ours", "seeds", "paper"],
            1,
            rows);
    }

    private static IReadOnlyList<string> Mean(string name, IReadOnlyList<DatasetTask> tasks, IReadOnlyDictionary<string, TaskNumbers> ours, PublishedColumn published)
    {
        TaskNumbers[] found = [.. tasks.Select(task => ours.GetValueOrDefault(task.Name)).OfType<TaskNumbers>()];
        PublishedScore[] papers = [.. found.Select(cell => published.Of(cell.Task)).OfType<PublishedScore>()];
        string mean = found.Length == 0 ? None : Text(found.Average(cell => cell.Spread.Mean)) + (found.Length < tasks.Count ? FormattableString.Invariant($" ({found.Length} of {tasks.Count} tasks)") : string.Empty);

        // A mean of other tasks than ours would say nothing beside it.
        return [name, mean, string.Empty, papers.Length == found.Length && found.Length > 0 ? Text(papers.Average(paper => paper.Mean)) : None];
    }

    private static string Name(D4rlDomain domain) => domain switch
    {
        D4rlDomain.Locomotion => "locomotion",
        D4rlDomain.AntMaze => "antmaze",
        _ => "kitchen",
    };

    private static string Score(TaskNumbers? cell) => cell is null ? None : Text(cell.Spread.Mean) + (cell.Scores.Length > 1 ? $" ± {Text(cell.Spread.StandardDeviation ?? 0)}" : string.Empty);

    private static string Text(double number) => number.ToString("0.0", CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
