namespace EDA.Engine.Evaluation;

/// <summary>How well one series follows another along a line.</summary>
/// <param name="Correlation">Pearson's correlation; null where one of the series is constant or no finite number comes out.</param>
/// <param name="Slope">The least-squares slope of the second over the first; null where the first is constant or no finite number comes out.</param>
public readonly record struct LinearFit(double? Correlation, double? Slope)
{
    /// <summary>Fits y over x.</summary>
    /// <param name="x">The first series [n].</param>
    /// <param name="y">The second series [n].</param>
    /// <returns>Correlation and slope.</returns>
    /// <exception cref="ArgumentException">The series differ in length.</exception>
    public static LinearFit Of(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        if (x.Length != y.Length)
            throw new ArgumentException($"{y.Length} numbers over {x.Length}", nameof(y));
        double meanX = 0, meanY = 0;
        for (int i = 0; i < x.Length; i++)
        {
            meanX += x[i] / x.Length;
            meanY += y[i] / x.Length;
        }

        double xx = 0, xy = 0, yy = 0;
        for (int i = 0; i < x.Length; i++)
        {
            double dx = x[i] - meanX, dy = y[i] - meanY;
            xx += dx * dx;
            xy += dx * dy;
            yy += dy * dy;
        }

        return new LinearFit(
            xx > 0 && yy > 0 ? Finite(xy / (Math.Sqrt(xx) * Math.Sqrt(yy))) : null,
            xx > 0 ? Finite(xy / xx) : null);
    }

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}
