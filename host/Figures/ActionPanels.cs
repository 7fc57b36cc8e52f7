using EDA.Engine.Evaluation;
using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace EDA.Host.Figures;

/// <summary>Some sampled actions of a policy in one state, with what is marked beside them: two entries of each action.</summary>
/// <param name="Points">The two entries, coloured by Q.</param>
/// <param name="Data">The dataset's own action.</param>
/// <param name="Mean">The mean of the samples.</param>
/// <param name="From">The mean of the policy that this one is compared with, which may be this one.</param>
internal sealed record ActionCloud(PlanarPoints Points, (double X, double Y) Data, (double X, double Y) Mean, (double X, double Y) From);

/// <summary>The panels of sampled actions.</summary>
internal static class ActionPanels
{
    /// <summary>The outer width of a distribution's panel beyond its plot area, and the height below it.</summary>
    public const double DistributionMargin = 16, DistributionBottom = 18;

    // Actions lie in ±1; a point on the bound is to be seen whole.
    private const double Extent = 1.08;
    private const int Cells = 112, FewestPoints = 24, MostPoints = 60, Colors = 16;
    private const double PointDistance = 4;

    // Shares of the samples that the two shades hold.
    private const double Most = 0.9, Half = 0.5;
    private const double LeastBandwidth = 0.035;

    private static readonly OxyColor _light = OxyColor.FromRgb(0xec, 0xec, 0xe8), _dark = OxyColor.FromRgb(0xd3, 0xd3, 0xcd), _ink = OxyColor.FromRgb(0x11, 0x11, 0x11), _red = OxyColor.FromRgb(0xd6, 0x27, 0x28);
    private static readonly OxyColor _plain = OxyColor.FromRgb(0x31, 0x68, 0x8e);

    /// <summary>Room for the labels of a panel.</summary>
    /// <param name="labels">The labels it carries.</param>
    /// <returns>The outer width and height, and where the plot area begins.</returns>
    public static (double Width, double Height, double Left) Size(PanelLabels labels)
    {
        var margins = Margins(labels);
        return (margins.Left + Panels.Side + margins.Right, margins.Top + Panels.Side + margins.Bottom, margins.Left);
    }

    /// <summary>Samples as dots coloured by Q over the regions where half and nine tenths of them lie, with means and the data's action.</summary>
    /// <param name="cloud">The samples.</param>
    /// <param name="range">The Q at the two ends of the colour scale; null for no colours.</param>
    /// <param name="labels">Which labels to draw.</param>
    /// <returns>The plot.</returns>
    public static PlotModel Cloud(ActionCloud cloud, (double Low, double High)? range, PanelLabels labels)
    {
        var model = Panels.Bare();
        model.PlotMargins = Margins(labels);
        model.Axes.Add(Panels.Straight(AxisPosition.Bottom, -Extent, Extent, 1, labels.HasFlag(PanelLabels.Bottom)));
        model.Axes.Add(Panels.Straight(AxisPosition.Left, -Extent, Extent, 1, labels.HasFlag(PanelLabels.Left)));
        if (Regions(cloud.Points) is { } regions)
        {
            model.Axes.Add(new LinearColorAxis
            {
                Key = "regions",
                Position = AxisPosition.None,
                Palette = new OxyPalette(OxyColors.White, _light, _dark),
                Minimum = -0.5,
                Maximum = 2.5,
            });
            model.Series.Add(new HeatMapSeries
            {
                ColorAxisKey = "regions",
                X0 = -Extent,
                X1 = Extent,
                Y0 = -Extent,
                Y1 = Extent,
                Data = regions,
                CoordinateDefinition = HeatMapCoordinateDefinition.Edge,
                Interpolate = false,
                RenderMethod = HeatMapRenderMethod.Bitmap,
            });
        }

        var dots = new ScatterSeries { MarkerType = MarkerType.Circle, MarkerSize = 1.7, MarkerStrokeThickness = 0, MarkerFill = _plain };
        if (range is { } scale)
        {
            Panels.AddColors(model, OxyPalettes.Viridis(Colors), scale, labels);
            model.Axes[^1].Key = "q";
            (dots.ColorAxisKey, dots.MarkerFill) = ("q", OxyColors.Automatic);
        }

        for (int i = 0; i < cloud.Points.Count; i++)
            dots.Points.Add(new ScatterPoint(Round(cloud.Points.X[i]), Round(cloud.Points.Y[i]), double.NaN, range is { } ends ? Math.Clamp(cloud.Points.Value[i], ends.Low, ends.High) : double.NaN));
        model.Series.Add(dots);
        model.Series.Add(Marker(cloud.Data, MarkerType.Cross, 5, OxyColors.White, 4.2));
        model.Series.Add(Marker(cloud.Data, MarkerType.Cross, 5, _red, 2));
        if (cloud.From != cloud.Mean)
            model.Annotations.Add(new ArrowAnnotation { StartPoint = Point(cloud.From), EndPoint = Point(cloud.Mean), Color = _ink, StrokeThickness = 1.8, HeadLength = 5, HeadWidth = 2.6 });
        model.Series.Add(Marker(cloud.From, MarkerType.Circle, 3.4, _ink, 1.6));
        return model;
    }

    /// <summary>Distributions of one quantity on top of each other, with a line at each mean.</summary>
    /// <param name="groups">The numbers and their colours, <c>#rrggbb</c>.</param>
    /// <param name="range">The ends of the axis; numbers beyond count as at its ends.</param>
    /// <param name="mark">A number to mark with a dashed line; null for none.</param>
    /// <param name="step">From one tick to the next; null for ticks that the range suggests.</param>
    /// <param name="width">The outer width that it will have; a curve has no more points than are to be seen.</param>
    /// <returns>The plot.</returns>
    public static PlotModel Distributions(IReadOnlyList<(float[] Values, string Color)> groups, (double Low, double High) range, double? mark, double? step, double width)
    {
        var model = Panels.Bare();
        model.PlotMargins = new OxyThickness(DistributionMargin / 2, Panels.TopMargin, DistributionMargin / 2, DistributionBottom);
        model.PlotAreaBorderThickness = new OxyThickness(0, 0, 0, 0.8);
        double room = 0.04 * (range.High - range.Low);
        var axis = Panels.Straight(AxisPosition.Bottom, range.Low - room, range.High + room, step ?? double.NaN, true);
        axis.IntervalLength = 60;
        model.Axes.Add(axis);
        double[][] curves = [.. groups.Select(group => Smooth(group.Values, range.Low - room, range.High + room, Math.Clamp((int)(width / PointDistance), FewestPoints, MostPoints)))];
        double top = 1.08 * curves.Max(curve => curve.Max());
        model.Axes.Add(new LinearAxis { Position = AxisPosition.Left, Minimum = 0, Maximum = top, IsAxisVisible = false });
        if (mark is { } marked)
            model.Series.Add(Vertical(Math.Clamp(marked, range.Low - room, range.High + room), top, _red, 1.4, LineStyle.Dash));
        for (int g = 0; g < groups.Count; g++)
        {
            var color = OxyColor.Parse(groups[g].Color);
            // One shape for line and shade.
            var area = new PolygonAnnotation { Stroke = color, StrokeThickness = 1.3, Fill = OxyColor.FromAColor(0x2c, color), Layer = AnnotationLayer.BelowSeries };
            area.Points.Add(new DataPoint(range.Low - room, 0));
            for (int i = 0; i < curves[g].Length; i++)
                area.Points.Add(new DataPoint(Place(i, curves[g].Length, range.Low - room, range.High + room), curves[g][i]));
            area.Points.Add(new DataPoint(range.High + room, 0));
            model.Annotations.Add(area);
        }

        foreach (var (values, color) in groups)
            model.Series.Add(Vertical(Math.Clamp(values.Average(), range.Low - room, range.High + room), 0.94 * top, OxyColor.Parse(color), 1.8, LineStyle.Solid));
        return model;
    }

    private static OxyThickness Margins(PanelLabels labels) => new(
        labels.HasFlag(PanelLabels.Left) ? Panels.LeftMargin : Panels.ThinMargin,
        Panels.TopMargin,
        labels.HasFlag(PanelLabels.ColorBar) ? Panels.ColorBarMargin : Panels.ThinMargin,
        labels.HasFlag(PanelLabels.Bottom) ? Panels.BottomMargin : Panels.ThinMargin);

    // Points of a scatter series would take their colour from the scale of Q.
    private static LineSeries Marker((double X, double Y) at, MarkerType type, double size, OxyColor stroke, double thickness)
    {
        var marker = new LineSeries { LineStyle = LineStyle.None, MarkerType = type, MarkerSize = size, MarkerFill = OxyColors.White, MarkerStroke = stroke, MarkerStrokeThickness = thickness };
        marker.Points.Add(Point(at));
        return marker;
    }

    private static LineSeries Vertical(double at, double top, OxyColor color, double thickness, LineStyle style)
    {
        var line = new LineSeries { Color = color, StrokeThickness = thickness, LineStyle = style };
        line.Points.Add(new DataPoint(at, 0));
        line.Points.Add(new DataPoint(at, top));
        return line;
    }

    // Which cells lie where half of the samples are densest (2), which where nine tenths are (1). Null for fewer than a handful.
    private static double[,]? Regions(PlanarPoints points)
    {
        if (points.Count < 8)
            return null;
        double hx = Bandwidth(points.X), hy = Bandwidth(points.Y);
        double[] centres = [.. Enumerable.Range(0, Cells).Select(i => Extent * ((((2.0 * i) + 1) / Cells) - 1))];
        double[][] kx = [.. points.X.Select(x => Kernel(centres, x, hx))], ky = [.. points.Y.Select(y => Kernel(centres, y, hy))];
        var density = new double[Cells, Cells];
        for (int k = 0; k < points.Count; k++)
        {
            for (int i = 0; i < Cells; i++)
            {
                double weight = kx[k][i];
                if (weight < 1e-12)
                    continue;
                for (int j = 0; j < Cells; j++)
                    density[i, j] += weight * ky[k][j];
            }
        }

        double[] at = [.. Enumerable.Range(0, points.Count).Select(k => density[Cell(points.X[k]), Cell(points.Y[k])]).Order()];
        double outer = at[(int)((1 - Most) * at.Length)], inner = at[(int)((1 - Half) * at.Length)];
        for (int i = 0; i < Cells; i++)
        {
            for (int j = 0; j < Cells; j++)
                density[i, j] = density[i, j] >= inner ? 2 : density[i, j] >= outer ? 1 : 0;
        }

        return density;

        static int Cell(float value) => Math.Clamp((int)((value + Extent) / (2 * Extent) * Cells), 0, Cells - 1);
    }

    private static double[] Kernel(double[] centres, double at, double width) => Array.ConvertAll(centres, centre => Math.Exp(-0.5 * (centre - at) * (centre - at) / (width * width)));

    // Scott's rule for two dimensions.
    private static double Bandwidth(float[] values) => Math.Max(LeastBandwidth, Deviation(values) * Math.Pow(values.Length, -1.0 / 6));

    private static double Deviation(float[] values)
    {
        double mean = values.Average(value => (double)value);
        return Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
    }

    // A density by kernels, a fifth narrower than Scott's rule has it for one dimension, so that modes stay apart.
    private static double[] Smooth(float[] values, double low, double high, int count)
    {
        double span = high - low, width = Math.Max(span / 60, 0.8 * Deviation(values) * Math.Pow(values.Length, -0.2));
        var curve = new double[count];
        foreach (float value in values)
        {
            double at = Math.Clamp(value, low, high);
            for (int i = 0; i < count; i++)
            {
                double distance = (Place(i, count, low, high) - at) / width;
                curve[i] += Math.Exp(-0.5 * distance * distance) / (values.Length * width);
            }
        }

        return curve;
    }

    private static double Place(int i, int count, double low, double high) => low + ((high - low) * i / (count - 1));

    private static DataPoint Point((double X, double Y) at) => new(Round(at.X), Round(at.Y));

    private static double Round(double value) => Math.Round(value, 3);
}
