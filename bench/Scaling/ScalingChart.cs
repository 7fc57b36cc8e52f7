using EDA.Bench.Charts;
using EDA.Host.Figures;
using OxyPlot;
using OxyPlot.Axes;

namespace EDA.Bench.Scaling;

/// <summary>A panel a sweep: the time of each step, and dashed below it its floor, nominal work over the peak.</summary>
internal static class ScalingChart
{
    private const double PanelWidth = 330;
    private const double PanelHeight = 290;
    private const double Head = 52;
    private const double Top = 6;
    private const double Bottom = 44;
    private const double LineHeight = 12;

    // One colour a step, the same in every panel, told apart by shape too.
    private static readonly Dictionary<string, (OxyColor Color, MarkerType Marker)> Looks = new()
    {
        ["pretraining"] = (Plot.Engine, MarkerType.Circle),
        ["alignment"] = (OxyColor.FromRgb(0x35, 0xa0, 0x7a), MarkerType.Square),
        ["score"] = (OxyColor.FromRgb(0xc9, 0x8a, 0x2f), MarkerType.Triangle),
        ["sampling"] = (OxyColor.FromRgb(0x8a, 0x5a, 0xa8), MarkerType.Diamond),
        ["iql"] = (OxyColor.FromRgb(0xb0, 0x3a, 0x48), MarkerType.Circle),
    };

    /// <summary>Draws it.</summary>
    /// <param name="document">The sweeps.</param>
    /// <returns>An SVG document.</returns>
    public static string Draw(ScalingDocument document)
    {
        string[] sweeps = [.. document.Sweeps.Select(row => row.Sweep).Distinct()];
        var sheet = new SvgSheet("scaling", sweeps.Length * PanelWidth, Head + PanelHeight);
        sheet.Write($"{document.Device}, {document.Precision}; {document.Network}", 10, 18, 12, "start");
        sheet.Write("solid: measured, dashed: the floor (nominal work over the measured peak)", 10, 36, 11, "start");
        for (int i = 0; i < sweeps.Length; i++)
            sheet.Add(Panel(sweeps[i], [.. document.Sweeps.Where(row => row.Sweep == sweeps[i])]), i * PanelWidth, Head, PanelWidth, PanelHeight);
        return sheet.ToDocument();
    }

    private static PlotModel Panel(string sweep, ScalingRow[] rows)
    {
        var model = Plot.Empty(new OxyThickness(56, Top, 12, Bottom));
        int[] values = [.. rows.Select(row => row.Value).Distinct().Order()];
        double span = (double)values[^1] / values[0];
        string title = sweep switch { "threads" => "threads", "batch" => "rows of a batch", _ => "K, candidates of each of 64 states" };
        double least = rows.Min(row => Math.Min(row.Seconds, row.FloorSeconds)) * 1e3 / 1.5, most = rows.Max(row => Math.Max(row.Seconds, row.FloorSeconds)) * 1e3 * 1.5;
        // A third of the panel is for the names at the lines' ends.
        model.Axes.Add(Plot.Logarithmic(AxisPosition.Bottom, title, values[0] / 1.15, values[^1] * Math.Max(Math.Sqrt(span), 1.3), 2));
        model.Axes.Add(Plot.Logarithmic(AxisPosition.Left, "ms", least, most));
        double line = Math.Pow(most / least, LineHeight / (PanelHeight - Top - Bottom)), below = 0;
        foreach (var step in rows.GroupBy(row => row.Step).Select(step => step.OrderBy(row => row.Value).ToArray()).OrderBy(step => step[^1].Seconds))
        {
            var (color, marker) = Looks[step[0].Step];
            var floor = Plot.Line(color, 1.2, step.Select(row => new DataPoint(row.Value, row.FloorSeconds * 1e3)));
            floor.LineStyle = LineStyle.Dash;
            var measured = Plot.Line(color, 1.5, step.Select(row => new DataPoint(row.Value, row.Seconds * 1e3)));
            (measured.MarkerType, measured.MarkerSize, measured.MarkerFill) = (marker, 3, color);
            model.Series.Add(floor);
            model.Series.Add(measured);

            // Where two lines end side by side, the upper one's name moves up.
            below = Math.Max(step[^1].Seconds * 1e3, below * line);
            model.Annotations.Add(Plot.Words(step[0].Step, new DataPoint(step[^1].Value * Math.Pow(span, 0.04), below), color: color));
        }

        return model;
    }
}
