namespace EDA.Host.Reports;

/// <summary>A number over several seeds.</summary>
/// <param name="Mean">The mean.</param>
/// <param name="StandardDeviation">The sample standard deviation, over n − 1; null of a single one.</param>
public readonly record struct Spread(double Mean, double? StandardDeviation)
{
    /// <summary>Summarises numbers.</summary>
    /// <param name="values">The numbers, at least one.</param>
    /// <returns>Their mean and deviation.</returns>
    public static Spread Of(IReadOnlyCollection<double> values)
    {
        double mean = values.Average();
        return new Spread(mean, values.Count < 2 ? null : Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1)));
    }

    /// <summary>The numbers as text, with so many places.</summary>
    /// <param name="places">Digits after the point.</param>
    /// <returns>For instance 0.731 ± 0.004.</returns>
    public string Show(int places)
    {
        string format = $"F{places}";
        string mean = Mean.ToString(format, CultureInfo.InvariantCulture);
        return StandardDeviation is { } deviation ? $"{mean} ± {deviation.ToString(format, CultureInfo.InvariantCulture)}" : mean;
    }
}
