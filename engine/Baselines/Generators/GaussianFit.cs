using EDA.Kernels;

namespace EDA.Engine.Baselines.Generators;

/// <summary>The normal distribution of greatest likelihood: the points' mean and their full covariance, over N.</summary>
/// <param name="Mean">The mean [d].</param>
/// <param name="Covariance">The covariance [d×d].</param>
public sealed record GaussianFit(double[] Mean, double[,] Covariance)
{
    /// <summary>Fits it, exactly.</summary>
    /// <param name="points">Points [N×d], at least one.</param>
    /// <param name="dimensions">d, at least 1.</param>
    /// <returns>The fit.</returns>
    /// <exception cref="ArgumentException">There is no point, or the array holds no whole number of them.</exception>
    public static GaussianFit Of(ReadOnlySpan<float> points, int dimensions)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dimensions, 1);
        if (points.Length == 0 || points.Length % dimensions != 0)
            throw new ArgumentException($"{points.Length} numbers are not one or more points of {dimensions}", nameof(points));
        int count = points.Length / dimensions;
        var mean = new double[dimensions];
        for (int i = 0; i < points.Length; i++)
            mean[i % dimensions] += (double)points[i] / count;
        var covariance = new double[dimensions, dimensions];
        for (int first = 0; first < points.Length; first += dimensions)
        {
            for (int i = 0; i < dimensions; i++)
            {
                for (int j = 0; j < dimensions; j++)
                    covariance[i, j] += (points[first + i] - mean[i]) * (points[first + j] - mean[j]) / count;
            }
        }

        return new GaussianFit(mean, covariance);
    }

    /// <summary>Draws points: mean + Lξ with LLᵀ the covariance and ξ the normal numbers of <see cref="RandomPurpose.ActionNoise"/>, element point·d + entry.</summary>
    /// <param name="count">How many.</param>
    /// <param name="draw">The random stream.</param>
    /// <returns>The points [count×d].</returns>
    public float[] Sample(int count, in RandomDraw draw)
    {
        int size = Mean.Length;
        var factor = Factor();
        var points = new float[count * size];
        for (int first = 0; first < points.Length; first += size)
        {
            for (int i = 0; i < size; i++)
            {
                double value = Mean[i];
                for (int j = 0; j <= i; j++)
                    value += factor[i, j] * Philox.Normal(draw, RandomPurpose.ActionNoise, (ulong)(first + j));
                points[first + i] = (float)value;
            }
        }

        return points;
    }

    // Cholesky's lower triangle; a direction in which points do not spread has a column of zeros.
    private double[,] Factor()
    {
        int size = Mean.Length;
        var factor = new double[size, size];
        for (int j = 0; j < size; j++)
        {
            for (int i = j; i < size; i++)
            {
                double rest = Covariance[i, j];
                for (int k = 0; k < j; k++)
                    rest -= factor[i, k] * factor[j, k];
                factor[i, j] = i == j ? Math.Sqrt(Math.Max(0, rest)) : factor[j, j] > 0 ? rest / factor[j, j] : 0;
            }
        }

        return factor;
    }
}
