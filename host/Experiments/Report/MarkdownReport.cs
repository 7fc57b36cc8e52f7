using System.Text;

namespace EDA.Host.Experiments.Report;

/// <summary>report.md: the tables in Markdown, and what must be known to read them.</summary>
internal static class MarkdownReport
{
    /// <summary>Writes it.</summary>
    /// <param name="report">The report.</param>
    /// <returns>The text of the file.</returns>
    public static string Write(RunReport report)
    {
        var text = new StringBuilder();
        text.Append($"# Report\n\n{Safe(report.Lead)}\n");
        if (report.Notes.Count > 0)
            text.Append('\n').AppendJoin('\n', report.Notes.Select(note => "- " + Safe(note))).Append('\n');
        foreach (var table in report.MainTables.Concat(report.FurtherTables))
        {
            text.Append($"\n## {Safe(table.Title)}\n\n{Safe(table.What)}\n\n");
            Append(text, table.Heads);
            Append(text, [.. table.Heads.Select((_, i) => i < table.Names ? "---" : "---:")]);
            foreach (var row in table.Rows)
                Append(text, row);
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, IReadOnlyList<string> cells) => text.Append("| ").AppendJoin(" | ", cells.Select(Safe)).Append(" |\n");

    private static string Safe(string cell) => cell.Replace("|", "\\|", StringComparison.Ordinal);
}
