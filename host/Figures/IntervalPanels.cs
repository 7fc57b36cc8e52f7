using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace EDA.Host.Figures;

/// <summary>A number with what is known of its certainty.</summary>
/// <param name="X">Where it stands.</param>
/// <param name="Y">The number.</param>
/// <param name="Interval">Its interval; null for none.</param>
public readonly record struct IntervalPoint(double X, double Y, (double Low, double High)? Interval);

/// <summary>Numbers that belong together.</summary>
/// <param name="Name">What a legend calls them.</param>
/// <param name="Color">Their colour, <c>#rrggbb</c>.</param>
/// <param name="Points">The numbers, by rising X.</param>
public sealed record IntervalCurve(string Name, string Color, IReadOnlyList<IntervalPoint> Points);

/// <summary>A horizontal axis of a setting's values, or of words.</summary>
/// <param name="Title">The setting; empty for none.</param>
/// <param name="IsLogarithmic">Whether it is logarithmic.</param>
/// <param name="Ticks">The values, by rising place, each with its text.</param>
public sealed record SettingAxis(string Title, bool IsLogarithmic, IReadOnlyList<(double At, string Text)> Ticks);

/// <summary>The panels of numbers with intervals.</summary>
public static class IntervalPanels
{
    private const double LeastTickDistance = 34, PlotWidth = 370;
    private const byte BandOpacity = 0x38;

    private static readonly OxyColor Grid = OxyColor.FromRgb(0xec, 0xec, 0xec);

    /// <summary>Colours for so many curves in an order, dark to light.</summary>
    /// <param name="count">How many.</param>
    /// <returns>The colours.</returns>
    public static IReadOnlyList<string> Ordered(int count) =>
        [.. OxyPalettes.Viridis(count + 1 + (count / 8)).Colors.Take(count).Select(color => FormattableString.Invariant($"#{color.R:x2}{color.G:x2}{color.B:x2}"))];

    /// <summary>Colours for a few curves without an order.</summary>
    public static IReadOnlyList<string> Distinct { get; } = ["#31688e", "#c77d0a", "#35a06b", "#9c3587", "#777777", "#c0392b", "#7a5230", "#3ab7c8"];

    /// <summary>Points with bars for their intervals, over the values of a setting.</summary>
    /// <param name="curves">The curves.</param>
    /// <param name="axis">The setting.</param>
    /// <param name="quantity">What the numbers are.</param>
    /// <param name="line">A number to draw a dashed line at; null for none.</param>
    /// <param name="isJoined">Whether the points of a curve are joined.</param>
    /// <returns>The plot.</returns>
    public static PlotModel Points(IReadOnlyList<IntervalCurve> curves, SettingAxis axis, string quantity, double? line, bool isJoined)
    {
        var model = Empty();
        var (low, high) = Range(axis);
        model.Axes.Add(axis.IsLogarithmic ? new TickedLogarithmicAxis(Thinned(axis, low, high)) : new TickedLinearAxis(Thinned(axis, low, high)));
        Style(model.Axes[0], AxisPosition.Bottom, axis.Title, null, low, high);
        model.Axes.Add(Style(new LinearAxis(), AxisPosition.Left, quantity, Grid));
        if (line is { } height)
            model.Series.Add(Line(Panels.Frame, 1, LineStyle.Dash, [new(low, height), new(high, height)]));
        for (int i = 0; i < curves.Count; i++)
        {
            // Curves stand side by side, or the bar of one would hide that of another.
            double shift = (i - ((curves.Count - 1) / 2.0)) * (isJoined ? 0.012 : 0.5 / curves.Count);
            var color = OxyColor.Parse(curves[i].Color);
            DataPoint[] points = [.. curves[i].Points.Select(point => new DataPoint(Shifted(point.X, shift), Round(point.Y)))];
            if (isJoined)
                model.Series.Add(Line(OxyColor.FromAColor(0xa0, color), 1.2, LineStyle.Solid, points));
            foreach (var (point, at) in curves[i].Points.Zip(points))
            {
                if (point.Interval is { } interval)
                    model.Series.Add(Line(color, 1.4, LineStyle.Solid, [new(at.X, Round(interval.Low)), new(at.X, Round(interval.High))]));
            }

            var dots = new ScatterSeries { MarkerType = MarkerType.Circle, MarkerSize = 3, MarkerStrokeThickness = 0, MarkerFill = color };
            dots.Points.AddRange(points.Select(point => new ScatterPoint(point.X, point.Y)));
            model.Series.Add(dots);
        }

        return model;

        double Shifted(double x, double shift) => axis.IsLogarithmic ? x * Math.Pow(high / low, shift) : isJoined ? x + (shift * (high - low)) : x + shift;
    }

    /// <summary>Lines with bands for their intervals.</summary>
    /// <param name="curves">The curves.</param>
    /// <param name="over">What they are over.</param>
    /// <param name="quantity">What the numbers are.</param>
    /// <param name="range">The ends of the vertical axis; null for those of the numbers.</param>
    /// <returns>The plot.</returns>
    public static PlotModel Bands(IReadOnlyList<IntervalCurve> curves, string over, string quantity, (double Low, double High)? range)
    {
        var model = Empty();
        double[] xs = [.. curves.SelectMany(curve => curve.Points).Select(point => point.X)];
        model.Axes.Add(Style(new LinearAxis { IntervalLength = 80, StringFormat = "#,0.##" }, AxisPosition.Bottom, over, null, xs.Min(), xs.Max()));
        model.Axes.Add(Style(new LinearAxis(), AxisPosition.Left, quantity, Grid, range?.Low, range?.High));
        foreach (var curve in curves.Where(curve => curve.Points.All(point => point.Interval is not null)))
        {
            var band = new AreaSeries { StrokeThickness = 0, Color = OxyColors.Transparent, Fill = OxyColor.FromAColor(BandOpacity, OxyColor.Parse(curve.Color)) };
            band.Points.AddRange(curve.Points.Select(point => new DataPoint(point.X, Round(point.Interval!.Value.High))));
            band.Points2.AddRange(curve.Points.Select(point => new DataPoint(point.X, Round(point.Interval!.Value.Low))));
            model.Series.Add(band);
        }

        foreach (var curve in curves)
            model.Series.Add(Line(OxyColor.Parse(curve.Color), 1.5, LineStyle.Solid, [.. curve.Points.Select(point => new DataPoint(point.X, Round(point.Y)))]));
        return model;
    }

    private static PlotModel Empty()
    {
        var model = Panels.Bare();
        model.PlotMargins = new OxyThickness(52, Panels.TopMargin, 16, Panels.BottomMargin + 20);
        return model;
    }

    private static Axis Style(Axis axis, AxisPosition position, string title, OxyColor? grid, double? low = null, double? high = null)
    {
        axis.Position = position;
        axis.Title = title.Length == 0 ? null : title;
        axis.AxisTitleDistance = position == AxisPosition.Left ? 10 : 6;
        axis.FontSize = Panels.SmallFont;
        axis.TicklineColor = Panels.Frame;
        axis.TickStyle = TickStyle.Outside;
        axis.TextColor = Panels.Ink;
        axis.MinorTickSize = 0;
        axis.MajorTickSize = 3;
        axis.MinimumPadding = axis.MaximumPadding = 0.06;
        if (position == AxisPosition.Left)
            axis.IntervalLength = 36;
        if (grid is { } color)
            (axis.MajorGridlineStyle, axis.MajorGridlineColor) = (LineStyle.Solid, color);
        if (low is { } least && high is { } most)
            (axis.Minimum, axis.Maximum) = (least, most > least ? most : least + 1);
        return axis;
    }

    private static (double Low, double High) Range(SettingAxis axis)
    {
        double first = axis.Ticks[0].At, last = axis.Ticks[^1].At;
        if (axis.IsLogarithmic)
        {
            double factor = last > first ? Math.Pow(last / first, 0.08) : 2;
            return (first / factor, last * factor);
        }

        double room = axis.Title.Length == 0 || last == first ? 0.5 : 0.08 * (last - first);
        return (first - room, last + room);
    }

    // The first, and of the rest those that have room.
    private static List<(double At, string Text)> Thinned(SettingAxis axis, double low, double high)
    {
        var kept = new List<(double At, string Text)>();
        foreach (var tick in axis.Ticks)
        {
            if (axis.Title.Length == 0 || kept.Count == 0 || Place(tick.At) - Place(kept[^1].At) >= LeastTickDistance)
                kept.Add(tick);
        }

        return kept;

        double Place(double at) => PlotWidth * (axis.IsLogarithmic ? Math.Log(at / low) / Math.Log(high / low) : (at - low) / (high - low));
    }

    private static LineSeries Line(OxyColor color, double thickness, LineStyle style, IEnumerable<DataPoint> points)
    {
        var series = new LineSeries { Color = color, StrokeThickness = thickness, LineStyle = style };
        series.Points.AddRange(points);
        return series;
    }

    private static double Round(double value) => Math.Round(value, 4);

    private static string Text(IEnumerable<(double At, string Text)> ticks, double at) => ticks.MinBy(tick => Math.Abs(tick.At - at)).Text;

    private sealed class TickedLogarithmicAxis : LogarithmicAxis
    {
        private readonly List<(double At, string Text)> _ticks;

        public TickedLogarithmicAxis(List<(double At, string Text)> ticks) => (_ticks, LabelFormatter) = (ticks, at => Text(ticks, at));

        public override void GetTickValues(out IList<double> majorLabelValues, out IList<double> majorTickValues, out IList<double> minorTickValues) =>
            (majorLabelValues, majorTickValues, minorTickValues) = ([.. _ticks.Select(tick => tick.At)], [.. _ticks.Select(tick => tick.At)], []);
    }

    private sealed class TickedLinearAxis : LinearAxis
    {
        private readonly List<(double At, string Text)> _ticks;

        public TickedLinearAxis(List<(double At, string Text)> ticks) => (_ticks, LabelFormatter) = (ticks, at => Text(ticks, at));

        public override void GetTickValues(out IList<double> majorLabelValues, out IList<double> majorTickValues, out IList<double> minorTickValues) =>
            (majorLabelValues, majorTickValues, minorTickValues) = ([.. _ticks.Select(tick => tick.At)], [.. _ticks.Select(tick => tick.At)], []);
    }
}
