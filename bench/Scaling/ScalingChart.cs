using EDA.Host.Figures;
using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Axes;
using OxyPlot.Series;

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

    private static readonly OxyColor Ink = OxyColor.FromRgb(0x33, 0x33, 0x33);
    private static readonly OxyColor Faint = OxyColor.FromRgb(0xe4, 0xe4, 0xe4);
    private static readonly OxyColor Frame = OxyColor.FromRgb(0x9a, 0x9a, 0x9a);

    // One colour a step, the same in every panel, told apart by shape too.
    private static readonly Dictionary<string, (OxyColor Color, MarkerType Marker)> Looks = new()
    {
        ["pretraining"] = (OxyColor.FromRgb(0x31, 0x68, 0x8e), MarkerType.Circle),
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
        var model = new PlotModel
        {
            PlotMargins = new OxyThickness(56, Top, 12, Bottom),
            PlotAreaBorderColor = Frame,
            DefaultFont = SvgSheet.Font,
            DefaultFontSize = 10,
            TextColor = Ink,
        };
        int[] values = [.. rows.Select(row => row.Value).Distinct().Order()];
        model.Axes.Add(new LogarithmicAxis
        {
            Position = AxisPosition.Bottom,
            Title = sweep switch { "threads" => "threads", "batch" => "rows of a batch", _ => "K, candidates of each of 64 states" },
            Base = 2,
            Minimum = values[0] / 1.15,
            // A third of the panel is for the names at the lines' ends.
            Maximum = values[^1] * Math.Max(Math.Sqrt((double)values[^1] / values[0]), 1.3),
            MajorGridlineStyle = LineStyle.Solid,
            MajorGridlineColor = Faint,
            TicklineColor = Frame,
            MinorTickSize = 0,
            UseSuperExponentialFormat = false,
            StringFormat = "0",
            AxisTitleDistance = 6,
        });
        double least = rows.Min(row => Math.Min(row.Seconds, row.FloorSeconds)) * 1e3 / 1.5, most = rows.Max(row => Math.Max(row.Seconds, row.FloorSeconds)) * 1e3 * 1.5;
        model.Axes.Add(new LogarithmicAxis
        {
            Position = AxisPosition.Left,
            Title = "ms",
            Minimum = least,
            Maximum = most,
            MajorGridlineStyle = LineStyle.Solid,
            MajorGridlineColor = Faint,
            TicklineColor = Frame,
            UseSuperExponentialFormat = false,
            StringFormat = "0.####",
            AxisTitleDistance = 4,
        });
        foreach (var step in rows.GroupBy(row => row.Step))
        {
            var (color, marker) = Looks[step.Key];
            var ordered = step.OrderBy(row => row.Value).ToArray();
            var measured = new LineSeries { Color = color, StrokeThickness = 1.5, MarkerType = marker, MarkerSize = 3, MarkerFill = color };
            var floor = new LineSeries { Color = color, StrokeThickness = 1.2, LineStyle = LineStyle.Dash };
            foreach (var row in ordered)
            {
                measured.Points.Add(new DataPoint(row.Value, row.Seconds * 1e3));
                floor.Points.Add(new DataPoint(row.Value, row.FloorSeconds * 1e3));
            }

            model.Series.Add(floor);
            model.Series.Add(measured);
        }

        double line = Math.Pow(most / least, LineHeight / (PanelHeight - Top - Bottom)), below = 0;
        foreach (var last in rows.GroupBy(row => row.Step).Select(step => step.MaxBy(row => row.Value)!).OrderBy(row => row.Seconds))
        {
            // Where two lines end side by side, the upper one's name moves up.
            below = Math.Max(last.Seconds * 1e3, below * line);
            model.Annotations.Add(new TextAnnotation
            {
                Text = last.Step,
                TextPosition = new DataPoint(last.Value * Math.Pow((double)values[^1] / values[0], 0.04), below),
                TextHorizontalAlignment = HorizontalAlignment.Left,
                TextVerticalAlignment = VerticalAlignment.Middle,
                StrokeThickness = 0,
                TextColor = Looks[last.Step].Color,
            });
        }

        return model;
    }
}
