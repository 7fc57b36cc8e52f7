namespace EDA.Host.Figures;

/// <summary>
/// Makes fields that are known up to a constant comparable: shifts them, and finds a colour range for a row of maps.
/// Display only; the numbers of a run come from the engine.
/// </summary>
public static class FieldScale
{
    // Seven nats, a factor of a thousand in density: below that a map shows where the network was never trained.
    private const double DensityRange = 7;

    // Where the behavior density is below this share of its peak an energy is extrapolation; it does not set the colours.
    private const double SupportShare = 0.02;

    /// <summary>Shifts each log-density so that its exponential integrates to one over the grid.</summary>
    /// <param name="fields">Log-densities up to a constant.</param>
    /// <param name="extent">The grid covers −extent … extent in both directions.</param>
    /// <returns>New fields.</returns>
    public static IReadOnlyList<PlanarField> Normalise(IReadOnlyList<PlanarField> fields, double extent) =>
        [.. fields.Select(field =>
        {
            var finite = field.Values.Cast<double>().Where(double.IsFinite).ToArray();
            double peak = finite.DefaultIfEmpty(0).Max();
            double side = 2 * extent;
            double cell = side / field.Values.GetLength(0) * (side / field.Values.GetLength(1));
            double logTotal = peak + Math.Log(finite.DefaultIfEmpty(0).Sum(value => Math.Exp(value - peak)) * cell);
            return field with { Values = Select(field.Values, value => value - logTotal) };
        })];

    /// <summary>The colour range of normalised log-densities: from the highest value down by seven nats.</summary>
    /// <param name="fields">The maps that share the range.</param>
    /// <returns>Its two ends.</returns>
    public static (double Low, double High) DensityColors(IEnumerable<PlanarField> fields)
    {
        double high = Math.Ceiling(2 * fields.SelectMany(field => field.Values.Cast<double>()).Where(double.IsFinite).DefaultIfEmpty(0).Max()) / 2;
        return (high - DensityRange, high);
    }

    /// <summary>Shifts each energy so that its mean, weighted by the behavior density at the same time, is zero.</summary>
    /// <param name="energy">Energies up to a constant.</param>
    /// <param name="behavior">Normalised behavior log-densities at the same times on the same grid.</param>
    /// <returns>New fields.</returns>
    public static IReadOnlyList<PlanarField> Center(IReadOnlyList<PlanarField> energy, IReadOnlyList<PlanarField> behavior) =>
        [.. energy.Zip(behavior, (field, density) =>
        {
            double sum = 0;
            double weights = 0;
            foreach (var (value, log) in Pairs(field, density))
            {
                double weight = Math.Exp(log);
                sum += weight * value;
                weights += weight;
            }

            double mean = weights > 0 ? sum / weights : 0;
            return field with { Values = Select(field.Values, value => value - mean) };
        })];

    /// <summary>Blanks each energy where the behavior density is below its colours: there the network extrapolates.</summary>
    /// <param name="energy">Energies.</param>
    /// <param name="behavior">Normalised behavior log-densities at the same times on the same grid.</param>
    /// <param name="floor">The lowest log-density that has a colour.</param>
    /// <returns>New fields, with NaN where they are blank.</returns>
    public static IReadOnlyList<PlanarField> Blank(IReadOnlyList<PlanarField> energy, IReadOnlyList<PlanarField> behavior, double floor) =>
        [.. energy.Zip(behavior, (field, density) =>
        {
            var values = (double[,])field.Values.Clone();
            for (int i = 0; i < values.GetLength(0); i++)
            {
                for (int j = 0; j < values.GetLength(1); j++)
                {
                    if (!(density.Values[i, j] >= floor))
                        values[i, j] = double.NaN;
                }
            }

            return field with { Values = values };
        })];

    /// <summary>The colour range of centred energies: the values found where there is behavior.</summary>
    /// <param name="energy">The maps that share the range.</param>
    /// <param name="behavior">Normalised behavior log-densities at the same times on the same grid.</param>
    /// <returns>Its two ends.</returns>
    public static (double Low, double High) EnergyColors(IReadOnlyList<PlanarField> energy, IReadOnlyList<PlanarField> behavior)
    {
        var supported = new List<double>();
        foreach (var (field, density) in energy.Zip(behavior))
        {
            double floor = density.Values.Cast<double>().Where(double.IsFinite).DefaultIfEmpty(0).Max() + Math.Log(SupportShare);
            supported.AddRange(Pairs(field, density).Where(pair => pair.Log >= floor).Select(pair => pair.Value));
        }

        if (supported.Count == 0)
            return (-1, 1);
        supported.Sort();
        double low = supported[supported.Count / 100];
        double high = supported[supported.Count - 1 - (supported.Count / 100)];
        return (Math.Floor(2 * low) / 2, Math.Ceiling(2 * high) / 2);
    }

    private static IEnumerable<(double Value, double Log)> Pairs(PlanarField field, PlanarField density) =>
        field.Values.Cast<double>().Zip(density.Values.Cast<double>()).Where(pair => double.IsFinite(pair.First) && double.IsFinite(pair.Second));

    private static double[,] Select(double[,] values, Func<double, double> map)
    {
        var result = new double[values.GetLength(0), values.GetLength(1)];
        for (int i = 0; i < result.GetLength(0); i++)
        {
            for (int j = 0; j < result.GetLength(1); j++)
                result[i, j] = map(values[i, j]);
        }

        return result;
    }
}
