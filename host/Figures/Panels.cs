using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace EDA.Host.Figures;

/// <summary>Which axis labels a panel of a sheet carries; the inner panels of a grid go without.</summary>
[Flags]
public enum PanelLabels
{
    /// <summary>No tick labels.</summary>
    None = 0,

    /// <summary>Tick labels at the left.</summary>
    Left = 1,

    /// <summary>Tick labels at the bottom.</summary>
    Bottom = 2,

    /// <summary>A colour bar at the right.</summary>
    ColorBar = 4,
}

/// <summary>The plots that figures are put together from. All of a kind look alike and line up.</summary>
public static class Panels
{
    /// <summary>The side of a panel's plot area, in pixels.</summary>
    public const double Side = 168;

    /// <summary>Room for the tick labels at the left.</summary>
    public const double LeftMargin = 26;

    /// <summary>Room for the tick labels at the bottom.</summary>
    public const double BottomMargin = 20;

    /// <summary>Room beside a plot area without labels, so that its border is whole.</summary>
    public const double ThinMargin = 2;

    /// <summary>Room above a plot area: half the height of the topmost tick label.</summary>
    public const double TopMargin = 7;

    /// <summary>Room for a colour bar.</summary>
    public const double ColorBarMargin = 50;

    private const int PaletteSize = 128;
    internal const double SmallFont = 10;

    internal static readonly OxyColor Ink = OxyColor.FromRgb(0x33, 0x33, 0x33);
    internal static readonly OxyColor Frame = OxyColor.FromRgb(0x9a, 0x9a, 0x9a);
    private static readonly OxyColor Line = OxyColor.FromRgb(0x31, 0x68, 0x8e);

    /// <summary>The outer size of <see cref="Identity"/>, in pixels.</summary>
    public static (double Width, double Height) IdentitySize => (LeftMargin + Side + 8, TopMargin + Side + BottomMargin);

    /// <summary>Points of the plane, coloured by value.</summary>
    /// <param name="points">The points.</param>
    /// <param name="extent">Both axes run from −extent to extent.</param>
    /// <param name="range">The values at the two ends of the colour scale.</param>
    /// <param name="labels">Which labels to draw.</param>
    /// <returns>The plot.</returns>
    public static PlotModel Scatter(PlanarPoints points, double extent, (double Low, double High) range, PanelLabels labels)
    {
        var model = Square(extent, labels);
        AddColors(model, OxyPalettes.Viridis(32), range, labels);
        var series = new ScatterSeries { MarkerType = MarkerType.Circle, MarkerSize = 1.4, MarkerStrokeThickness = 0 };
        for (int i = 0; i < points.Count; i++)
        {
            // What lies outside the frame is not drawn: it would only make the file longer.
            if (Math.Abs(points.X[i]) <= extent && Math.Abs(points.Y[i]) <= extent)
                series.Points.Add(new ScatterPoint(Round(points.X[i]), Round(points.Y[i]), double.NaN, Math.Clamp(points.Value[i], range.Low, range.High)));
        }

        model.Series.Add(series);
        return model;
    }

    /// <summary>Points of the plane as small dots of one colour.</summary>
    /// <param name="points">The points.</param>
    /// <param name="extent">Both axes run from −extent to extent.</param>
    /// <param name="labels">Which labels to draw.</param>
    /// <returns>The plot.</returns>
    public static PlotModel Cloud(PlanarPoints points, double extent, PanelLabels labels)
    {
        var model = Square(extent, labels);
        var series = new ScatterSeries { MarkerType = MarkerType.Circle, MarkerSize = 0.8, MarkerStrokeThickness = 0, MarkerFill = Line };
        for (int i = 0; i < points.Count; i++)
        {
            if (Math.Abs(points.X[i]) <= extent && Math.Abs(points.Y[i]) <= extent)
                series.Points.Add(new ScatterPoint(Round(points.X[i]), Round(points.Y[i])));
        }

        model.Series.Add(series);
        return model;
    }

    /// <summary>A field as a coloured map; values beyond the range take its end colours, NaN is light grey.</summary>
    /// <param name="values">The values [column, row].</param>
    /// <param name="extent">The map covers −extent … extent in both directions.</param>
    /// <param name="range">The values at the two ends of the colour scale.</param>
    /// <param name="labels">Which labels to draw.</param>
    /// <returns>The plot.</returns>
    public static PlotModel Map(double[,] values, double extent, (double Low, double High) range, PanelLabels labels)
    {
        var model = Square(extent, labels);
        AddColors(model, OxyPalettes.Viridis(PaletteSize), range, labels);
        var clipped = (double[,])values.Clone();
        for (int i = 0; i < clipped.GetLength(0); i++)
        {
            for (int j = 0; j < clipped.GetLength(1); j++)
                clipped[i, j] = Math.Clamp(clipped[i, j], range.Low, range.High);
        }

        model.Series.Add(new HeatMapSeries
        {
            X0 = -extent,
            X1 = extent,
            Y0 = -extent,
            Y1 = extent,
            Data = clipped,
            CoordinateDefinition = HeatMapCoordinateDefinition.Edge,
            Interpolate = true,
            RenderMethod = HeatMapRenderMethod.Bitmap,
        });
        return model;
    }

    /// <summary>One quantity against another, with the line of equality.</summary>
    /// <param name="x">Horizontal values [n].</param>
    /// <param name="y">Vertical values [n].</param>
    /// <returns>The plot.</returns>
    public static PlotModel Identity(float[] x, float[] y)
    {
        double low = Math.Floor(Math.Min(x.Min(), y.Min())) - 0.3;
        double high = Math.Ceiling(Math.Max(x.Max(), y.Max())) + 0.3;
        var model = Bare();
        model.PlotMargins = new OxyThickness(LeftMargin, TopMargin, 8, BottomMargin);
        double step = Math.Max(1, Math.Ceiling((high - low) / 5));
        model.Axes.Add(Straight(AxisPosition.Bottom, low, high, step, true));
        model.Axes.Add(Straight(AxisPosition.Left, low, high, step, true));
        var equal = new LineSeries { Color = Frame, StrokeThickness = 1, LineStyle = LineStyle.Dash };
        equal.Points.Add(new DataPoint(low, low));
        equal.Points.Add(new DataPoint(high, high));
        model.Series.Add(equal);
        var series = new ScatterSeries { MarkerType = MarkerType.Circle, MarkerSize = 1.2, MarkerStrokeThickness = 0, MarkerFill = Line };
        for (int i = 0; i < x.Length; i++)
            series.Points.Add(new ScatterPoint(Round(x[i]), Round(y[i])));
        model.Series.Add(series);
        return model;
    }

    /// <summary>A loss over steps.</summary>
    /// <param name="curve">The curve.</param>
    /// <returns>The plot.</returns>
    public static PlotModel Curve(LossCurve curve) => Curves([new OverlaidCurve(FormattableString.Invariant($"#{Line.R:x2}{Line.G:x2}{Line.B:x2}"), false, curve)]);

    /// <summary>Curves over steps, laid over each other.</summary>
    /// <param name="curves">The curves.</param>
    /// <returns>The plot.</returns>
    public static PlotModel Curves(IReadOnlyList<OverlaidCurve> curves)
    {
        var model = Bare();
        model.PlotMargins = new OxyThickness(44, TopMargin, 18, BottomMargin + 18);
        model.Axes.Add(new LinearAxis
        {
            Position = AxisPosition.Bottom,
            Title = "step",
            Minimum = 0,
            FontSize = SmallFont,
            TicklineColor = Frame,
            TickStyle = TickStyle.Outside,
            TextColor = Ink,
            IntervalLength = 90,
            StringFormat = "#,0",
            AxisTitleDistance = 6,
            MinorTickSize = 0,
            MajorTickSize = 3,
        });
        model.Axes.Add(UpwardAxis());
        foreach (var (color, isDashed, curve) in curves)
        {
            var line = new LineSeries { Color = OxyColor.Parse(color), StrokeThickness = 1.3, LineStyle = isDashed ? LineStyle.Dash : LineStyle.Solid };
            for (int i = 0; i < curve.Steps.Length; i++)
            {
                if (double.IsFinite(curve.Values[i]))
                    line.Points.Add(new DataPoint(curve.Steps[i], curve.Values[i]));
            }

            model.Series.Add(line);
        }

        return model;
    }

    /// <summary>Scores over steps, with their standard deviation as a band.</summary>
    /// <param name="scores">The scores.</param>
    /// <returns>The plot.</returns>
    public static PlotModel Curve(ScoreCurve scores)
    {
        var model = Curve(new LossCurve(string.Empty, scores.Steps, scores.Means));
        (model.Axes[^1].Title, model.Axes[^1].AxisTitleDistance) = ("score", 14);
        var band = new AreaSeries { Color = OxyColors.Transparent, Fill = OxyColor.FromAColor(0x30, Line) };
        for (int i = 0; i < scores.Steps.Length; i++)
        {
            band.Points.Add(new DataPoint(scores.Steps[i], scores.Means[i] + scores.Deviations[i]));
            band.Points2.Add(new DataPoint(scores.Steps[i], scores.Means[i] - scores.Deviations[i]));
        }

        model.Series.Insert(0, band);
        return model;
    }

    /// <summary>A dot for each number of several groups, and a bar at each group's mean.</summary>
    /// <param name="groups">The groups, at least one; each with at least one number.</param>
    /// <param name="title">What the numbers are.</param>
    /// <param name="line">A number to draw a dashed line at; null for none.</param>
    /// <returns>The plot.</returns>
    public static PlotModel Dots(IReadOnlyList<(string Name, double[] Values)> groups, string title, double? line)
    {
        const double Spread = 0.5, MeanWidth = 0.62;
        var model = Bare();
        model.PlotMargins = new OxyThickness(44, TopMargin, 18, BottomMargin);
        model.Axes.Add(new LinearAxis
        {
            Position = AxisPosition.Bottom,
            Minimum = -0.5,
            Maximum = groups.Count - 0.5,
            MajorStep = 1,
            MinorTickSize = 0,
            MajorTickSize = 0,
            FontSize = SmallFont + 1,
            TextColor = Ink,
            LabelFormatter = at => at >= 0 && at < groups.Count && at == Math.Floor(at) ? groups[(int)at].Name : string.Empty,
        });
        model.Axes.Add(UpwardAxis(title));
        if (line is { } height)
            model.Series.Add(Segment(-0.5, groups.Count - 0.5, height, Frame, 1, LineStyle.Dash));
        var dots = new ScatterSeries { MarkerType = MarkerType.Circle, MarkerSize = 2.2, MarkerStrokeThickness = 0, MarkerFill = OxyColor.FromAColor(0x90, Line) };
        for (int group = 0; group < groups.Count; group++)
        {
            double[] values = groups[group].Values;
            for (int i = 0; i < values.Length; i++)
                dots.Points.Add(new ScatterPoint(Round(group + (Spread * (PlanarPoints.Spread(i) - 0.5))), Round(values[i])));
            model.Series.Add(Segment(group - (MeanWidth / 2), group + (MeanWidth / 2), Round(values.Average()), Ink, 1.6, LineStyle.Solid));
        }

        model.Series.Add(dots);
        return model;

        static LineSeries Segment(double from, double to, double at, OxyColor color, double thickness, LineStyle style)
        {
            var series = new LineSeries { Color = color, StrokeThickness = thickness, LineStyle = style };
            series.Points.Add(new DataPoint(from, at));
            series.Points.Add(new DataPoint(to, at));
            return series;
        }
    }

    /// <summary>The outer size of a square panel with these labels.</summary>
    /// <param name="labels">The labels it carries.</param>
    /// <returns>Width and height in pixels.</returns>
    public static (double Width, double Height) Size(PanelLabels labels)
    {
        var margins = Margins(labels);
        return (margins.Left + Side + margins.Right, margins.Top + Side + margins.Bottom);
    }

    internal static PlotModel Bare() => new()
    {
        Background = OxyColors.Transparent,
        PlotAreaBackground = OxyColors.White,
        PlotAreaBorderColor = Frame,
        PlotAreaBorderThickness = new OxyThickness(0.8),
        Padding = new OxyThickness(0),
        DefaultFont = SvgSheet.Font,
        TextColor = Ink,
    };

    private static PlotModel Square(double extent, PanelLabels labels)
    {
        var model = Bare();
        model.PlotMargins = Margins(labels);
        model.Axes.Add(Straight(AxisPosition.Bottom, -extent, extent, 2, labels.HasFlag(PanelLabels.Bottom)));
        model.Axes.Add(Straight(AxisPosition.Left, -extent, extent, 2, labels.HasFlag(PanelLabels.Left)));
        return model;
    }

    private static OxyThickness Margins(PanelLabels labels) => new(
        labels.HasFlag(PanelLabels.Left) ? LeftMargin : ThinMargin,
        TopMargin,
        labels.HasFlag(PanelLabels.ColorBar) ? ColorBarMargin : ThinMargin,
        labels.HasFlag(PanelLabels.Bottom) ? BottomMargin : ThinMargin);

    internal static LinearAxis Straight(AxisPosition position, double low, double high, double step, bool labelled) => new()
    {
        Position = position,
        Minimum = low,
        Maximum = high,
        MajorStep = step,
        MinorTickSize = 0,
        MajorTickSize = labelled ? 3 : 0,
        TickStyle = TickStyle.Outside,
        TicklineColor = Frame,
        FontSize = SmallFont,
        TextColor = labelled ? Ink : OxyColors.Transparent,
        LabelFormatter = labelled ? SignedNumber : _ => string.Empty,
        AxisTickToLabelDistance = 2,
    };

    internal static void AddColors(PlotModel model, OxyPalette palette, (double Low, double High) range, PanelLabels labels)
    {
        // A flat field still needs a scale of some width.
        double high = range.High > range.Low ? range.High : range.Low + 1;
        model.Axes.Add(new LinearColorAxis
        {
            Position = labels.HasFlag(PanelLabels.ColorBar) ? AxisPosition.Right : AxisPosition.None,
            Palette = palette,
            InvalidNumberColor = OxyColor.FromRgb(0xf0, 0xf0, 0xf0),
            Minimum = range.Low,
            Maximum = high,
            FontSize = SmallFont,
            TextColor = Ink,
            TicklineColor = Frame,
            // The renderer makes the bar as wide as a tick is long.
            MajorTickSize = 11,
            MinorTickSize = 0,
            AxisDistance = 8,
            IntervalLength = 36,
            LabelFormatter = SignedNumber,
            AxisTickToLabelDistance = 2,
        });
    }

    // A true minus sign, and no trailing zeros.
    internal static string SignedNumber(double value) =>
        (Math.Abs(value) < 1e-9 ? 0 : value).ToString("0.##", CultureInfo.InvariantCulture).Replace('-', '−');

    private static double Round(double value) => Math.Round(value, 3);

    private static LinearAxis UpwardAxis(string? title = null) => new()
    {
        Position = AxisPosition.Left,
        Title = title,
        AxisTitleDistance = title is null ? 4 : 14,
        FontSize = SmallFont,
        TicklineColor = Frame,
        TickStyle = TickStyle.Outside,
        TextColor = Ink,
        MajorGridlineStyle = LineStyle.Solid,
        MajorGridlineColor = OxyColor.FromRgb(0xec, 0xec, 0xec),
        IntervalLength = 40,
        MinorTickSize = 0,
        MajorTickSize = 3,
        MinimumPadding = 0.06,
        MaximumPadding = 0.06,
    };
}
