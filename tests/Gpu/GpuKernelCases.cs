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

/// <summary>Inputs of the layer norm kernel and what it should make of them, in double precision.</summary>
public sealed class LayerNormCase
{
    public LayerNormCase(int rows, int width)
    {
        (Rows, Width) = (rows, width);
        var random = new Random(2);
        // A mean far from 0: a variance from E[x²] − E[x]² would lose digits.
        Input = [.. ExpandCase.Values(random, rows * width, 1).Select(x => x + 5)];
        Gamma = ExpandCase.Values(random, width, 1);
        Beta = ExpandCase.Values(random, width, 1);
        Normalized = new double[rows * width];
        Output = new double[rows * width];
        ReciprocalDeviation = new double[rows];
        for (int r = 0; r < rows; r++)
        {
            var row = Input.Skip(r * width).Take(width).Select(x => (double)x).ToList();
            double mean = row.Average();
            double rsd = 1 / Math.Sqrt(row.Average(x => (x - mean) * (x - mean)) + 1e-5);
            ReciprocalDeviation[r] = rsd;
            for (int h = 0; h < width; h++)
            {
                Normalized[(r * width) + h] = (row[h] - mean) * rsd;
                Output[(r * width) + h] = (Gamma[h] * Normalized[(r * width) + h]) + Beta[h];
            }
        }
    }

    public int Rows { get; }

    public int Width { get; }

    public float[] Input { get; }

    public float[] Gamma { get; }

    public float[] Beta { get; }

    public double[] Normalized { get; }

    public double[] Output { get; }

    public double[] ReciprocalDeviation { get; }
}
