using System.Text;
using EDA.Host.Figures;
using EDA.Host.Reports;

namespace EDA.Host.View;

/// <summary>The curves of several runs laid over each other.</summary>
/// <param name="catalogue">The runs.</param>
internal sealed class ComparePage(RunCatalogue catalogue)
{
    /// <summary>The most runs whose curves one can still tell apart.</summary>
    public const int MostRuns = 12;

    /// <summary>The page.</summary>
    /// <param name="paths">The runs' folders.</param>
    /// <returns>The page.</returns>
    public string Write(IReadOnlyList<string> paths) =>
        ViewPage.Write("Curves", $"/compare/parts?runs={string.Join(',', paths.Select(catalogue.IdOf))}", $"<h1>Curves</h1>\n{Parts(paths)}");

    /// <summary>Its parts as they are now.</summary>
    /// <param name="paths">The runs' folders.</param>
    /// <returns>The parts.</returns>
    public string Parts(IReadOnlyList<string> paths)
    {
        var rows = paths.Select(catalogue.RowOf).ToList();
        string[] colors = [.. rows.Select((_, number) => IntervalPanels.Distinct[number % IntervalPanels.Distinct.Count])];
        var differing = rows.SelectMany(row => row.Settings.Keys).Distinct().Where(path => rows.Select(row => row.Settings.GetValueOrDefault(path)).Distinct().Count() > 1).Order(StringComparer.Ordinal).ToList();
        string legend = ViewPage.Table(["run", "state", "seed", "stage", "score", "settings that differ"], rows.Select((row, number) => (IEnumerable<string>)
        [
            $"<svg class=\"key\" width=\"26\" height=\"10\" aria-hidden=\"true\"><line x1=\"0\" x2=\"26\" y1=\"5\" y2=\"5\" stroke=\"{colors[number]}\" stroke-width=\"3\"{Dashes(number)}/></svg> <a href=\"/run/{row.Id}\">{ViewPage.Text(Path.GetFileName(row.Folder))}</a>",
            ViewPage.State(ListPage.Word(row.State)),
            row.Seed?.ToString(CultureInfo.InvariantCulture) ?? string.Empty,
            ViewPage.Text(row.Stage is null ? string.Empty : string.Create(CultureInfo.InvariantCulture, $"{row.Stage} {row.Step:#,0}")),
            row.Score is { } score ? ViewPage.Text(string.Create(CultureInfo.InvariantCulture, $"{score:0.###} {row.ScoreName}")) : string.Empty,
            ViewPage.Text(string.Join(", ", differing.Where(row.Settings.ContainsKey).Select(path => $"{path}={row.Settings[path]}"))),
        ]));
        var curves = rows.SelectMany((row, number) => new MetricsHistory(SharedFile.Rows(new ViewedRun(paths[number]).Metrics)).AllCurves.Select(curve => (Curve: curve, Number: number)));
        var figures = new StringBuilder();
        foreach (var alike in curves.GroupBy(curve => curve.Curve.Title))
        {
            OverlaidCurve[] laid = [.. alike.Select(one => new OverlaidCurve(colors[one.Number], one.Number >= IntervalPanels.Distinct.Count, one.Curve))];
            figures.Append($"<figure class=\"plot\">\n{IndexPage.Inline(CurveFigure.Overlaid(alike.Key, laid))}\n<figcaption>{IndexPage.Marked(alike.Key)}, over steps</figcaption></figure>\n");
        }

        return ViewPage.Part("runs", legend, "Runs")
            + ViewPage.Part("curves", figures.Length == 0 ? "<p class=\"lead\">None of them has reported at two steps yet.</p>" : $"<div class=\"grid\">{figures}</div>", "Curves");
    }

    private static string Dashes(int number) => number >= IntervalPanels.Distinct.Count ? " stroke-dasharray=\"6 3\"" : string.Empty;
}
