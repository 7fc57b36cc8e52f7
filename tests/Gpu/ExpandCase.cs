namespace EDA.Tests.Gpu;

/// <summary>Inputs of the forward layer kernel and what it should make of them, in double precision.</summary>
public sealed class ExpandCase
{
    public ExpandCase(int rows, int inner, int columns)
    {
        (Rows, Inner, Columns) = (rows, inner, columns);
        var random = new Random(1);
        Input = Values(random, rows * inner, 1);
        Weight = Values(random, columns * inner, 2 / Math.Sqrt(inner));
        Bias = Values(random, columns, 1);
        Preactivation = new double[rows * columns];
        for (int r = 0; r < rows; r++)
        {
            for (int j = 0; j < columns; j++)
            {
                double z = Bias[j];
                for (int k = 0; k < inner; k++)
                    z += (double)Input[(r * inner) + k] * Weight[(j * inner) + k];
                Preactivation[(r * columns) + j] = z;
            }
        }

        Activation = [.. Preactivation.Select(z => z / (1 + Math.Exp(-z)))];
        Slope = [.. Preactivation.Select(z => (1 + ((1 - (1 / (1 + Math.Exp(-z)))) * z)) / (1 + Math.Exp(-z)))];
    }

    public int Rows { get; }

    public int Inner { get; }

    public int Columns { get; }

    public float[] Input { get; }

    public float[] Weight { get; }

    public float[] Bias { get; }

    public double[] Preactivation { get; }

    public double[] Activation { get; }

    public double[] Slope { get; }

    internal static float[] Values(Random random, int count, double scale) =>
        [.. Enumerable.Range(0, count).Select(_ => (float)(scale * ((2 * random.NextDouble()) - 1)))];

    /// <summary>The distance from the reference, relative in norm.</summary>
    internal static double Error(IReadOnlyList<double> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Count, actual.Length);
        double squares = 0, norm = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            squares += (expected[i] - actual[i]) * (expected[i] - actual[i]);
            norm += expected[i] * expected[i];
        }

        return Math.Sqrt(squares / norm);
    }
}
