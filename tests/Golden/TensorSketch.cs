namespace EDA.Tests.Golden;

/// <summary>What generate.py keeps of a gradient's tensor.</summary>
public sealed record TensorSketch(double Norm, double[] Projections, double[] Entries)
{
    private const int ProjectionCount = 8;
    private const int EntryCount = 4;

    /// <summary>Sketches one tensor.</summary>
    /// <param name="seed">The case's seed.</param>
    /// <param name="tensor">The tensor's position in the layout.</param>
    /// <param name="values">Its elements.</param>
    public static TensorSketch Of(int seed, int tensor, ReadOnlySpan<double> values)
    {
        int signs = (1000 * seed) + 200 + tensor, positions = (1000 * seed) + 300 + tensor;
        double squares = 0;
        var projections = new double[ProjectionCount];
        for (int i = 0; i < values.Length; i++)
        {
            squares += values[i] * values[i];
            uint bits = FormulaNumbers.Bits(signs, i);
            for (int p = 0; p < ProjectionCount; p++)
                projections[p] += (bits >> p & 1) == 0 ? values[i] : -values[i];
        }

        var entries = new double[EntryCount];
        for (int j = 0; j < EntryCount; j++)
            entries[j] = values[(int)(FormulaNumbers.Bits(positions, j) % (uint)values.Length)];
        return new TensorSketch(Math.Sqrt(squares), projections, entries);
    }
}
