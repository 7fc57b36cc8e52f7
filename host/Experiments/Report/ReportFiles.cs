using EDA.Engine.Experiments.Statistics;
using EDA.Engine.Files;
using EDA.Host.Reports;
using EDA.Host.Tables;

namespace EDA.Host.Experiments.Report;

/// <summary>The folder of a report (docs/report.md).</summary>
internal static class ReportFiles
{
    /// <summary>The file that makes a folder a report's.</summary>
    public const string MarkdownName = "report.md";

    private const string AllTasks = "all";

    /// <summary>Writes all of it.</summary>
    /// <param name="report">The report.</param>
    /// <param name="folder">A folder that is there, with nothing in it but an empty report.md.</param>
    public static void Write(RunReport report, string folder)
    {
        string figures = Path.Combine(folder, "figures");
        Directory.CreateDirectory(figures);
        foreach (var figure in report.Figures)
            Save(Path.Combine(figures, figure.Name + ".svg"), figure.Svg);
        WriteScores(report, Path.Combine(folder, "scores.csv"));
        WriteSummary(report, Path.Combine(folder, "summary.csv"));
        Save(Path.Combine(folder, "table.tex"), LatexTable.Write(report.MainTables));
        Save(Path.Combine(folder, "index.html"), ReportPage.Write(report));
        Save(Path.Combine(folder, MarkdownName), MarkdownReport.Write(report));

        static void Save(string path, string text) => WholeFile.Write(path, overwrite: true, file => File.WriteAllText(file, text));
    }

    // One row for each run and series.
    private static void WriteScores(RunReport report, string path) => WholeFile.Write(path, overwrite: false, file =>
    {
        using var csv = CsvFile.Create(file);
        csv.Row(["folder", "recipe", "environment", "budget", "dataset_sha256", .. report.Groups.Paths, "seed", "series", "score"]);
        foreach (var (task, group) in from task in report.Groups.Tasks from grp in report.Groups.All where grp.Runs.ContainsKey(task) select (task, grp))
        {
            foreach (var (run, series) in from run in @group.Runs[task] from series in ReportSeries.All where run.Scores.ContainsKey(series) select (run, series))
                csv.Row([run.Folder.ShownPath, .. Words(task), .. @group.Values, run.Seed.ToString(CultureInfo.InvariantCulture), series.Name, CsvFile.Text(run.Scores[series])]);
        }
    });

    // One row for each task, group and series, and where there are several tasks one for all of them.
    private static void WriteSummary(RunReport report, string path) => WholeFile.Write(path, overwrite: false, file =>
    {
        bool hasPaper = report.Published.IsThere;
        using var csv = CsvFile.Create(file);
        csv.Row(
        [
            "recipe", "environment", "budget", "dataset_sha256", .. report.Groups.Paths, "series", "tasks", "runs", "mean", "deviation", "mean_low", "mean_high", "median", "median_low", "median_high",
            "iqm", "iqm_low", "iqm_high", "optimality_gap", "optimality_gap_low", "optimality_gap_high", .. hasPaper ? (string[])["published_mean", "published_deviation"] : [],
        ]);
        foreach (var cell in report.Numbers.Tasks)
        {
            // The median of one task is its runs'; the aggregate of the same name is one over tasks.
            var paper = cell.Series.Name == Engine.Evaluation.Rollouts.PolicyRejecting ? report.Published.Of(cell.Task) : null;
            csv.Row(
            [
                .. Words(cell.Task), .. cell.Group.Values, cell.Series.Name, "1", Text(cell.Scores.Length), .. Numbers(cell.Aggregates, cell.Spread.StandardDeviation, new(cell.Median, null)),
                .. hasPaper ? (string[])[Text(paper?.Mean), Text(paper?.Deviation)] : [],
            ]);
        }

        foreach (var one in report.Numbers.AllTasks)
            csv.Row([AllTasks, string.Empty, string.Empty, string.Empty, .. one.Group.Values, one.Series.Name, Text(one.Scores.Tasks.Count), Text(one.Scores.Count), .. Numbers(one.Aggregates, null, one.Aggregates.Median), .. hasPaper ? (string[])[string.Empty, string.Empty] : []]);
    });

    private static IEnumerable<string> Numbers(AggregateScores aggregates, double? deviation, Estimate median)
    {
        yield return Text(aggregates.Mean.Value);
        yield return Text(deviation);
        foreach (var end in Ends(aggregates.Mean))
            yield return end;
        foreach (var estimate in (Estimate?[])[median, aggregates.InterquartileMean, aggregates.OptimalityGap])
        {
            yield return Text(estimate?.Value);
            foreach (var end in Ends(estimate))
                yield return end;
        }

        static string[] Ends(Estimate? estimate) => [Text(estimate?.Interval?.Low), Text(estimate?.Interval?.High)];
    }

    private static string[] Words(ReportTask task) => [task.Recipe, task.Environment ?? string.Empty, task.Budget, task.Sha256 ?? string.Empty];

    private static string Text(double? value) => value is { } number ? CsvFile.Text(number) : string.Empty;

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
