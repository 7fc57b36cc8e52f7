using EDA.Bench.Charts;
using EDA.Bench.Kernels;
using EDA.Host.Figures;
using OxyPlot;
using OxyPlot.Axes;

namespace EDA.Bench.History;

/// <summary>A panel for each processor and precision: the share of the peak that each step reached, from commit to commit.</summary>
internal static class HistoryChart
{
    private const double Width = 560, PanelHeight = 260, Head = 34;

    private static readonly string[] Colors = ["#31688e", "#35a07a", "#c98a2f", "#8a5aa8", "#b03a48", "#4b4b4b", "#7aa6c2", "#a8a03a", "#d17ab0"];

    /// <summary>Draws it.</summary>
    /// <param name="documents">The measurements, in time.</param>
    /// <returns>An SVG document.</returns>
    public static string Draw(IReadOnlyList<KernelDocument> documents)
    {
        var panels = documents.GroupBy(document => (document.Processor, document.Precision)).ToList();
        var sheet = new SvgSheet("history", Width, panels.Count * (Head + PanelHeight));
        for (int i = 0; i < panels.Count; i++)
        {
            double top = i * (Head + PanelHeight);
            sheet.Write($"{panels[i].Key.Processor}, {panels[i].Key.Precision}: share of the measured peak", 10, top + 20, 12, "start");
            sheet.Add(Panel([.. panels[i]]), 0, top + Head, Width, PanelHeight);
        }

        return sheet.ToDocument();
    }

    private static PlotModel Panel(KernelDocument[] documents)
    {
        var model = Plot.Empty(new OxyThickness(48, 6, 12, 44));
        string[] steps = [.. documents.SelectMany(document => document.Rows).Select(row => row.Name).Distinct()];
        double most = documents.SelectMany(document => document.Rows).Max(row => row.PeakShare) * 100;
        var commits = Plot.Axis<LinearAxis>(AxisPosition.Bottom, "commit", -0.3, (documents.Length - 1) * 1.35 + 0.3);
        (commits.MajorStep, commits.MinorTickSize) = (1, 0);
        commits.LabelFormatter = at => at == Math.Floor(at) && at >= 0 && at < documents.Length ? documents[(int)at].Commit : string.Empty;
        model.Axes.Add(commits);
        model.Axes.Add(Plot.Axis<LinearAxis>(AxisPosition.Left, "%", 0, most * 1.3));
        double below = double.NegativeInfinity;
        foreach (var (step, color) in steps.Index().Select(each => (each.Item, Colors[each.Index % Colors.Length])).OrderBy(each => Last(each.Item)))
        {
            var line = Plot.Line(OxyColor.Parse(color), 1.5, documents.Index().SelectMany(each => each.Item.Rows.Where(row => row.Name == step).Select(row => new DataPoint(each.Index, row.PeakShare * 100))));
            (line.MarkerType, line.MarkerSize, line.MarkerFill) = (MarkerType.Circle, 3, line.Color);
            model.Series.Add(line);

            // Where two lines end side by side, the upper one's name moves up.
            below = Math.Max(Last(step), below + (most * 0.055));
            model.Annotations.Add(Plot.Words(step, new DataPoint(documents.Length - 0.9, below), color: line.Color));
        }

        return model;

        double Last(string step) => documents.SelectMany(document => document.Rows).Last(row => row.Name == step).PeakShare * 100;
    }
}
