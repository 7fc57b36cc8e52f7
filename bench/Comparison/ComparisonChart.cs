using System.Globalization;
using EDA.Bench.Charts;
using EDA.Host.Figures;
using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace EDA.Bench.Comparison;

/// <summary>
/// A comparison as bars: each step's time as a share of the first reference's, so that steps of milliseconds and of
/// seconds stand on one page; the times are written beside. A mark shows the floor, nominal work over the peak.
/// </summary>
public static class ComparisonChart
{
    private const double Width = 760;
    private const double Left = 150;
    private const double BarHeight = 19;
    private const double GroupGap = 14;

    // The room that a bar's words take, of the longest bar: a mark that would cross them moves them behind it.
    private const double WordsShare = 0.15;

    private static readonly OxyColor[] Others = [OxyColor.FromRgb(0xc9, 0xb0, 0x5f), OxyColor.FromRgb(0x8f, 0xb8, 0x8a), OxyColor.FromRgb(0xb4, 0x9a, 0xc4)];
    private static readonly OxyColor Floor = OxyColor.FromRgb(0xb0, 0x2a, 0x30);

    /// <summary>Draws it.</summary>
    /// <param name="document">The comparison.</param>
    /// <returns>An SVG document.</returns>
    public static string Draw(ComparisonDocument document)
    {
        string[] references = [.. document.Rows.Select(row => row.Reference).OfType<string>().Distinct()];
        string[] steps = [.. document.Steps.Select(step => step.Name)];
        int bars = 1 + references.Length;
        double group = (bars * BarHeight) + GroupGap, plotHeight = steps.Length * group;
        var model = Plot.Empty(new OxyThickness(Left, 4, 20, 40));
        (model.Padding, model.PlotAreaBorderThickness) = (new OxyThickness(0), new OxyThickness(0, 0, 0, 0.8));
        var shares = steps.Select(step => Shares(document, step, references)).ToArray();
        double longest = shares.SelectMany(step => step.Bars).Select(bar => bar.Share).DefaultIfEmpty(1).Max();
        string whose = references.Length > 0 ? ComparisonPage.ProgramTitle(references[0]) : "the engine";
        model.Axes.Add(Plot.Axis<LinearAxis>(AxisPosition.Bottom, $"time, as a share of {whose}'s", 0, longest * 1.18));
        // Downwards, in pixels: a group a step.
        model.Axes.Add(new LinearAxis { Position = AxisPosition.Left, Minimum = 0, Maximum = plotHeight, StartPosition = 1, EndPosition = 0, IsAxisVisible = false });
        var rectangles = new RectangleBarSeries { StrokeThickness = 0 };
        for (int i = 0; i < steps.Length; i++)
        {
            double top = (i * group) + (GroupGap / 2);
            for (int bar = 0; bar < shares[i].Bars.Count; bar++)
            {
                var (share, seconds) = shares[i].Bars[bar];
                if (seconds <= 0)
                    continue;
                double at = top + (bar * BarHeight);
                rectangles.Items.Add(new RectangleBarItem(0, at + 1, share, at + BarHeight - 1) { Color = bar == 0 ? Plot.Engine : Others[(bar - 1) % Others.Length] });
                string ratio = bar > 0 && shares[i].Bars[0].Share > 0 ? string.Create(CultureInfo.InvariantCulture, $", {share / shares[i].Bars[0].Share:0.0} ×") : string.Empty;
                double end = shares[i].Floor is { } mark && mark > share && mark < share + (longest * WordsShare) ? mark : share;
                model.Annotations.Add(Plot.Words(ComparisonPage.Time(seconds) + ratio, new DataPoint(end + (longest * 0.008), at + (BarHeight / 2))));
            }

            if (shares[i].Floor is { } floor)
            {
                model.Annotations.Add(new LineAnnotation
                {
                    Type = LineAnnotationType.Vertical,
                    X = floor,
                    MinimumY = top - 3,
                    MaximumY = top + (bars * BarHeight) + 3,
                    Color = Floor,
                    StrokeThickness = 1.6,
                    LineStyle = LineStyle.Solid,
                });
            }
        }

        model.Series.Add(rectangles);
        const double Head = 46;
        var sheet = new SvgSheet("compare", Width, Head + plotHeight + 48);
        Legend(sheet, document, references);
        sheet.Add(model, 0, Head, Width, plotHeight + 44);
        for (int i = 0; i < steps.Length; i++)
        {
            double middle = Head + 4 + ((i + 0.5) * group);
            sheet.Write(ComparisonPage.Title(steps[i]), Left - 10, middle - 1, 12, "end");
            sheet.Write(document.Step(steps[i]).What, Left - 10, middle + 13, 10, "end");
        }

        return sheet.ToDocument();
    }

    private static (IReadOnlyList<(double Share, double Seconds)> Bars, double? Floor) Shares(ComparisonDocument document, string step, string[] references)
    {
        var rows = document.Rows.Where(row => row.Name == step).ToArray();
        double engine = rows[0].EngineSeconds;
        double whole = rows.FirstOrDefault(row => references.Length > 0 && row.Reference == references[0])?.ReferenceSeconds ?? engine;
        var bars = new List<(double, double)> { (engine / whole, engine) };
        foreach (string reference in references)
        {
            double seconds = rows.FirstOrDefault(row => row.Reference == reference)?.ReferenceSeconds ?? 0;
            bars.Add((seconds / whole, seconds));
        }

        return (bars, document.Step(step).FloorSeconds / whole);
    }

    private static void Legend(SvgSheet sheet, ComparisonDocument document, string[] references)
    {
        string words = string.Join("; ", references.Select((reference, i) =>
        {
            var program = document.Program(reference, ComparisonDocument.Best);
            return $"{ComparisonPage.ProgramTitle(reference)} {program?.Version}{(program?.Blas is { } blas ? $" ({blas})" : string.Empty)}{(program is { Unfair: true } ? ", unfair" : string.Empty)}";
        }));
        string threads = document.Programs[0].Threads is { } count ? string.Create(CultureInfo.InvariantCulture, $", {count} threads") : string.Empty;
        sheet.Write($"EDA.Engine{(words.Length > 0 ? $" and {words}" : string.Empty)}{threads}", 10, 18, 13, "start");
        sheet.Write(
            string.Create(CultureInfo.InvariantCulture, $"upper bar: the engine; red: nominal work over the peak beside it (median {document.PeakGflops:0} GFLOP/s, {document.Arithmetic})"), 10, 35, 11, "start");
    }
}
