using EDA.Host.Figures;
using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace EDA.Bench.Charts;

/// <summary>What every chart of a measurement is drawn with: one look for axes, lines and words.</summary>
internal static class Plot
{
    /// <summary>The colour of the engine, and of whatever stands alone.</summary>
    public static readonly OxyColor Engine = OxyColor.FromRgb(0x31, 0x68, 0x8e);

    /// <summary>The colour of frames and roofs.</summary>
    public static readonly OxyColor Frame = OxyColor.FromRgb(0x9a, 0x9a, 0x9a);

    private static readonly OxyColor Ink = OxyColor.FromRgb(0x33, 0x33, 0x33);
    private static readonly OxyColor Faint = OxyColor.FromRgb(0xe4, 0xe4, 0xe4);

    /// <summary>An empty plot.</summary>
    /// <param name="margins">The room around its area.</param>
    public static PlotModel Empty(OxyThickness margins) => new()
    {
        PlotMargins = margins,
        PlotAreaBorderColor = Frame,
        DefaultFont = SvgSheet.Font,
        DefaultFontSize = 11,
        TextColor = Ink,
    };

    /// <summary>An axis with a grid.</summary>
    /// <param name="position">Where it stands.</param>
    /// <param name="title">What it is of.</param>
    /// <param name="low">Its least value.</param>
    /// <param name="high">Its largest value.</param>
    public static T Axis<T>(AxisPosition position, string title, double low, double high)
        where T : Axis, new() => new()
        {
            Position = position,
            Title = title,
            Minimum = low,
            Maximum = high,
            MajorGridlineStyle = LineStyle.Solid,
            MajorGridlineColor = Faint,
            TicklineColor = Frame,
            AxisTitleDistance = 6,
        };

    /// <summary>A logarithmic axis with a grid.</summary>
    /// <param name="position">Where it stands.</param>
    /// <param name="title">What it is of.</param>
    /// <param name="low">Its least value.</param>
    /// <param name="high">Its largest value.</param>
    /// <param name="numberBase">From one grid line to the next.</param>
    public static LogarithmicAxis Logarithmic(AxisPosition position, string title, double low, double high, double numberBase = 10)
    {
        var axis = Axis<LogarithmicAxis>(position, title, low, high);
        (axis.Base, axis.UseSuperExponentialFormat, axis.StringFormat) = (numberBase, false, "0.######");
        if (numberBase == 2)
            axis.MinorTickSize = 0;
        return axis;
    }

    /// <summary>A line.</summary>
    /// <param name="color">Its colour.</param>
    /// <param name="thickness">How wide it is.</param>
    /// <param name="points">Its points.</param>
    public static LineSeries Line(OxyColor color, double thickness, params IEnumerable<DataPoint> points)
    {
        var line = new LineSeries { Color = color, StrokeThickness = thickness };
        line.Points.AddRange(points);
        return line;
    }

    /// <summary>Words at a place.</summary>
    /// <param name="text">The words.</param>
    /// <param name="at">The place.</param>
    /// <param name="alignment">Which of their sides stands there.</param>
    /// <param name="color">Their colour; ink for none.</param>
    public static TextAnnotation Words(string text, DataPoint at, HorizontalAlignment alignment = HorizontalAlignment.Left, OxyColor? color = null) => new()
    {
        Text = text,
        TextPosition = at,
        TextHorizontalAlignment = alignment,
        TextVerticalAlignment = VerticalAlignment.Middle,
        StrokeThickness = 0,
        TextColor = color ?? Ink,
        FontSize = 10,
    };
}
