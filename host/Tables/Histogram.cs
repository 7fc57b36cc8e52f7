namespace EDA.Host.Tables;

/// <summary>How many of some values fall between round numbers.</summary>
/// <param name="Bins">The bins, ascending and without a gap.</param>
internal sealed record Histogram(IReadOnlyList<HistogramBin> Bins)
{
    private const int MostBins = 16;

    /// <summary>Counts values in at most 16 bins whose width is 1, 2 or 5 times a power of ten.</summary>
    /// <param name="values">One or more finite values.</param>
    /// <returns>The histogram.</returns>
    public static Histogram Of(IReadOnlyCollection<double> values)
    {
        double least = values.Min(), greatest = values.Max();
        double width = Width(least, greatest);
        long first = (long)Math.Floor(least / width), last = Math.Max(first, (long)Math.Ceiling(greatest / width) - 1);
        var counts = new int[last - first + 1];
        foreach (double value in values)
            counts[Math.Clamp((long)Math.Floor(value / width), first, last) - first]++;
        return new([.. counts.Select((count, i) => new HistogramBin((first + i) * width, (first + i + 1) * width, count))]);
    }

    private static double Width(double least, double greatest)
    {
        double span = greatest - least;
        if (span <= 0)
            return Math.Max(1, Math.Pow(10, Math.Floor(Math.Log10(Math.Max(1, Math.Abs(least))))));
        for (double power = Math.Pow(10, Math.Floor(Math.Log10(span / MostBins))); ; power *= 10)
        {
            foreach (int factor in (ReadOnlySpan<int>)[1, 2, 5])
            {
                double width = factor * power;
                if (Math.Ceiling(greatest / width) - Math.Floor(least / width) <= MostBins)
                    return width;
            }
        }
    }
}

/// <summary>One bin.</summary>
/// <param name="From">Its least value.</param>
/// <param name="To">The least value of the next bin.</param>
/// <param name="Count">How many values are in it.</param>
internal readonly record struct HistogramBin(double From, double To, int Count);
