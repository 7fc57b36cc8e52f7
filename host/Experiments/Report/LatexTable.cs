using System.Text;

namespace EDA.Host.Experiments.Report;

/// <summary>table.tex: tables for a paper, ruled by the package booktabs.</summary>
internal static class LatexTable
{
    /// <summary>Writes tables.</summary>
    /// <param name="tables">The tables.</param>
    /// <returns>The text of the file.</returns>
    public static string Write(IEnumerable<ReportTable> tables)
    {
        var text = new StringBuilder("% \\usepackage{booktabs}\n");
        foreach (var table in tables)
        {
            text.Append($"\n% {table.Title}. {table.What}\n\\begin{{tabular}}{{{new string('l', table.Names)}{new string('r', table.Heads.Count - table.Names)}}}\n\\toprule\n");
            Append(text, table.Heads);
            text.Append("\\midrule\n");
            foreach (var row in table.Rows)
                Append(text, row);
            text.Append("\\bottomrule\n\\end{tabular}\n");
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, IReadOnlyList<string> cells) => text.AppendJoin(" & ", cells.Select(Safe)).Append(" \\\\\n");

    private static string Safe(string cell) => string.Concat(cell.Select(letter => letter switch
    {
        '_' or '%' or '&' or '#' or '$' or '{' or '}' => $"\\{letter}",
        '\\' => "\\textbackslash{}",
        '~' => "\\textasciitilde{}",
        '^' => "\\textasciicircum{}",
        '±' => "$\\pm$",
        '−' => "$-$",
        '–' => "--",
        '>' or '<' => $"${letter}$",
        _ => letter.ToString(),
    }));
}
