using EDA.Engine.Runs;

namespace EDA.Host.Experiments.Report;

/// <summary>What a run is on: recipe, budget and data. Scores of one task are compared with each other alone.</summary>
/// <param name="Recipe">The recipe's name.</param>
/// <param name="Environment">The environment, where the recipe leaves it open; else null.</param>
/// <param name="Budget">The budget's name.</param>
/// <param name="Sha256">That of the dataset's file; null without one.</param>
internal sealed record ReportTask(string Recipe, string? Environment, string Budget, string? Sha256)
{
    private const int DigitsShown = 8;

    /// <summary>Its name, which no other task of the report has.</summary>
    public string Name { get; private init; } = string.Empty;

    /// <summary>The same without its name: what <see cref="Of"/> a run gives.</summary>
    public ReportTask Unnamed => this with { Name = string.Empty };

    /// <summary>The row of the table of tasks.</summary>
    public RunTask Row => RunTask.Table.Find(Recipe);

    /// <summary>The paper's score; null where the paper does not have the task.</summary>
    public PublishedScore? Published => (Row as DatasetTask)?.Published;

    /// <summary>That of a run, without a name.</summary>
    public static ReportTask Of(ReportedRun run) => new(
        run.Request.Task.Name, run.Request.Task.Name == DatasetTask.AnyFile.Name ? run.Request.Settings.Environment : null, run.Request.Budget, run.Request.Sha256);

    /// <summary>Orders tasks as their tables do, and names them as shortly as tells them apart.</summary>
    public static IReadOnlyList<ReportTask> Named(IEnumerable<ReportTask> tasks)
    {
        var order = RunTask.Table.Names.ToList();
        ReportTask[] sorted =
        [
            .. tasks.Distinct().OrderBy(task => order.IndexOf(task.Recipe)).ThenBy(task => task.Environment, StringComparer.Ordinal)
                .ThenBy(task => task.Budget, StringComparer.Ordinal).ThenBy(task => task.Sha256, StringComparer.Ordinal),
        ];
        return [.. sorted.Select(task => task with { Name = task.Short + (sorted.Count(other => other.Short == task.Short) == 1 ? string.Empty : $", data {task.Sha256?[..DigitsShown] ?? "none"}") })];
    }

    private string Short => $"{Recipe}{(Environment is null ? string.Empty : " " + Environment)} ({Budget})";
}
