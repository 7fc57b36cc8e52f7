using EDA.Bench.Charts;
using EDA.Bench.Peaks;
using EDA.Host.Figures;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace EDA.Bench.Profiling;

/// <summary>
/// The roofline of a device with a point a kernel: what it achieved over how much arithmetic it has a byte, under what
/// memory and multiply-adders allow (Williams, Waterman, Patterson 2009). Numbers are those of the list beside it. What
/// has no arithmetic stands at the left edge, as high as its bandwidth reaches there.
/// </summary>
public static class Roofline
{
    private const double PlotWidth = 560;
    private const double LeastHeight = 430;
    private const double Left = 74;
    private const double Right = 16;
    private const double Top = 14;
    private const double Bottom = 50;
    private const double LineHeight = 15;
    private const double ListLeft = PlotWidth + 12;
    private const double ListWidth = 340;

    /// <summary>Draws it.</summary>
    /// <param name="title">What was profiled, and where.</param>
    /// <param name="rows">The points, the longest-running first.</param>
    /// <param name="peaks">The roof.</param>
    /// <returns>An SVG document.</returns>
    public static string Draw(string title, IReadOnlyList<UsageRow> rows, DevicePeaks peaks)
    {
        double height = Math.Max(LeastHeight, (rows.Count + 4) * LineHeight);
        var frame = Frame.Around(rows, peaks, height);
        var model = Plot.Empty(new OxyThickness(Left, Top, Right, Bottom));
        model.Axes.Add(Plot.Logarithmic(AxisPosition.Bottom, "FLOP a byte", frame.X.Low, frame.X.High));
        model.Axes.Add(Plot.Logarithmic(AxisPosition.Left, "GFLOP/s", frame.Y.Low, frame.Y.High));
        model.Series.Add(RoofLine(frame, peaks));
        var points = rows.Select(row => frame.Place(row)).ToArray();
        var labels = Labels(points.Select(frame.ToPixels).ToArray());
        for (int i = 0; i < rows.Count; i++)
            AddPoint(model, frame, points[i], labels[i], i + 1, rows[i]);

        var sheet = new SvgSheet("roofline", ListLeft + ListWidth, height + 26);
        sheet.Write(title, 10, 17, 13, "start");
        sheet.Add(model, 0, 24, PlotWidth, height);
        double y = 24 + Top + 4;
        sheet.Write(FormattableString.Invariant($"roof: {peaks.Gflops:0.#} GFLOP/s ({peaks.Arithmetic}),"), ListLeft, y, 10, "start");
        sheet.Write(FormattableString.Invariant($"{peaks.Gbps:0.#} GB/s ({peaks.Memory})"), ListLeft, y + LineHeight, 10, "start");
        for (int i = 0; i < rows.Count; i++)
        {
            double line = y + ((i + 2.5) * LineHeight);
            sheet.Write(FormattableString.Invariant($"{i + 1}"), ListLeft + 12, line, 10, "end");
            sheet.Write(rows[i].Name, ListLeft + 20, line, 10, "start");
            sheet.Write(FormattableString.Invariant($"{rows[i].TimeShare * 100:0.0} %"), ListLeft + 250, line, 10, "end");
        }

        return sheet.ToDocument();
    }

    private static LineSeries RoofLine(Frame frame, DevicePeaks peaks)
    {
        double ridge = peaks.Gflops / peaks.Gbps;
        return Plot.Line(
            Plot.Frame,
            2,
            [
                new(frame.X.Low, frame.X.Low * peaks.Gbps),
                .. ridge > frame.X.Low && ridge < frame.X.High ? (DataPoint[])[new(ridge, peaks.Gflops)] : [],
                new(frame.X.High, Math.Min(peaks.Gflops, frame.X.High * peaks.Gbps)),
            ]);
    }

    private static void AddPoint(PlotModel model, Frame frame, DataPoint point, ScreenPoint label, int number, UsageRow row)
    {
        // The area goes with the time, so that the eye finds what matters.
        double size = 2.5 + (7 * Math.Sqrt(row.TimeShare));
        bool moved = row.Flop <= 0;
        var series = new ScatterSeries
        {
            MarkerType = moved ? MarkerType.Square : MarkerType.Circle,
            MarkerSize = size,
            MarkerFill = OxyColor.FromAColor(0xb0, Plot.Engine),
            MarkerStroke = Plot.Engine,
            MarkerStrokeThickness = 1,
        };
        series.Points.Add(new ScatterPoint(point.X, point.Y));
        model.Series.Add(series);
        model.Annotations.Add(Plot.Words(FormattableString.Invariant($"{number}"), frame.FromPixels(label), HorizontalAlignment.Center));
    }

    // Each number as near to its point as others leave room: tried around it at growing distances.
    private static ScreenPoint[] Labels(ScreenPoint[] points)
    {
        var placed = new List<ScreenPoint>();
        foreach (var point in points)
        {
            var candidates =
                from distance in (double[])[12, 20, 28, 36]
                from angle in Enumerable.Range(0, 12)
                select new ScreenPoint(point.X + (distance * Math.Cos(angle * Math.PI / 6)), point.Y - (distance * Math.Sin(angle * Math.PI / 6)));
            placed.Add(candidates.FirstOrDefault(IsFree, new ScreenPoint(point.X + 12, point.Y)));
        }

        return [.. placed];

        bool IsFree(ScreenPoint candidate) =>
            placed.All(other => Math.Abs(other.X - candidate.X) > 13 || Math.Abs(other.Y - candidate.Y) > 10)
            && points.All(other => other.DistanceTo(candidate) > 8)
            && candidate.X > Left + 6 && candidate.X < PlotWidth - Right - 6;
    }

    /// <summary>The ranges of the axes, and where they put a point.</summary>
    private sealed record Frame((double Low, double High) X, (double Low, double High) Y, double Height)
    {
        public static Frame Around(IReadOnlyList<UsageRow> rows, DevicePeaks peaks, double height)
        {
            double ridge = peaks.Gflops / peaks.Gbps;
            double low = Decade(rows.Where(row => row.Intensity > 0).Select(row => row.Intensity).Append(ridge).Min() / 2, -1);
            double high = Decade(rows.Select(row => row.Intensity).Append(ridge).Max() * 2, 1);
            var frame = new Frame((low, high), (1, 1), height);
            double least = rows.Select(row => frame.Place(row).Y).Append(low * peaks.Gbps).Where(y => y > 0).Min();
            return frame with { Y = (Decade(least / 1.5, -1), Decade(peaks.Gflops * 1.2, 1)) };
        }

        public DataPoint Place(UsageRow row) => row.Flop > 0
            ? new DataPoint(row.Intensity, row.Gflops)
            : new DataPoint(X.Low * 1.08, Math.Max(row.Gbps, 1e-6) * X.Low * 1.08);

        public ScreenPoint ToPixels(DataPoint point) => new(
            Left + (Share(point.X, X) * (PlotWidth - Left - Right)),
            Top + ((1 - Share(point.Y, Y)) * (Height - Top - Bottom)));

        public DataPoint FromPixels(ScreenPoint point) => new(
            Value((point.X - Left) / (PlotWidth - Left - Right), X),
            Value(1 - ((point.Y - Top) / (Height - Top - Bottom)), Y));

        private static double Share(double value, (double Low, double High) range) => Math.Log(value / range.Low) / Math.Log(range.High / range.Low);

        private static double Value(double share, (double Low, double High) range) => range.Low * Math.Pow(range.High / range.Low, share);

        private static double Decade(double value, int direction) =>
            Math.Pow(10, direction < 0 ? Math.Floor(Math.Log10(value)) : Math.Ceiling(Math.Log10(value)));
    }
}
