using System.Text;
using EDA.Host.Reports;

namespace EDA.Host.Experiments.Report;

/// <summary>The page of a report: tables and figures in one file that needs no network.</summary>
internal static class ReportPage
{
    private const string Style = """
        body { max-width: 1180px; }
        td.name, th.name { text-align: left; }
        td { white-space: nowrap; }
        .wide { overflow-x: auto; }
        ul.notes { border-left: 3px solid #c77d0a; background: #fdf7ec; margin: 14px 0; padding: 6px 12px 6px 30px; }
        p.what { color: #555; font-size: 13px; margin: 0 0 8px; max-width: 900px; }
        @media (prefers-color-scheme: dark) { ul.notes { background: #2b2417; } p.what { color: #a5a9ae; } }
        """;

    /// <summary>Writes it.</summary>
    /// <param name="report">The report.</param>
    /// <returns>The text of the file.</returns>
    public static string Write(RunReport report)
    {
        var page = new StringBuilder();
        string name = report.Groups.Tasks.Count == 1 ? report.Groups.Tasks[0].Name : "several tasks";
        page.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        page.Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        page.Append($"<title>Report, {Text(name)}</title>\n<style>\n{IndexPage.Style}\n{Style}\n</style>\n</head>\n<body>\n");
        page.Append($"<h1>Report, {Text(name)}</h1>\n<p class=\"lead\">{Text(report.Lead)}</p>\n");
        if (report.Notes.Count > 0)
            page.Append($"<ul class=\"notes\">\n{string.Concat(report.Notes.Select(note => $"<li>{Text(note)}</li>\n"))}</ul>\n");
        foreach (var table in report.MainTables)
            Append(page, table);
        page.Append("<h2>Figures</h2>\n");
        foreach (var figure in report.Figures)
            page.Append($"<figure>\n{IndexPage.Inline(figure)}\n<figcaption>{IndexPage.Marked(figure.Caption)}</figcaption>\n</figure>\n");
        foreach (var table in report.FurtherTables)
            Append(page, table);
        page.Append($"<h2>Reproduce</h2>\n<pre><code>{Text(report.Request.Command)}</code></pre>\n");
        AppendRuns(page, report);
        page.Append("</body>\n</html>\n");
        return page.ToString();
    }

    private static void Append(StringBuilder page, ReportTable table)
    {
        page.Append($"<h2>{Text(table.Title)}</h2>\n<p class=\"what\">{Text(table.What)}</p>\n<div class=\"wide\"><table>\n<thead><tr>{Cells("th", table.Heads)}</tr></thead>\n<tbody>\n");
        foreach (var row in table.Rows)
            page.Append($"<tr>{Cells("td", row)}</tr>\n");
        page.Append("</tbody>\n</table></div>\n");

        string Cells(string mark, IReadOnlyList<string> cells) => string.Concat(cells.Select((cell, i) => $"<{mark}{(i < table.Names ? " class=\"name\"" : string.Empty)}>{Text(cell)}</{mark}>"));
    }

    private static void AppendRuns(StringBuilder page, RunReport report)
    {
        page.Append("<details><summary>Every run</summary>\n<table><tbody>\n");
        foreach (var run in report.Search.Runs)
            page.Append($"<tr><td>{Text(run.Folder.ShownPath)}</td><td>{Text(run.Request.Task.Name)}</td><td>seed {run.Seed}</td></tr>\n");
        page.Append("</tbody></table></details>\n");
    }

    private static string Text(string text) => IndexPage.Text(text);
}
