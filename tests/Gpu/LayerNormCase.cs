namespace EDA.Tests.Gpu;

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
