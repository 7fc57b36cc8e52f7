namespace EDA.Engine.Evaluation;

/// <summary>
/// The energy distance of two distributions from samples, 2E‖x−y‖ − E‖x−x'‖ − E‖y−y'‖ (Székely and Rizzo), without
/// the root. It is 0 in the mean where the distributions are equal and can come out slightly below.
/// </summary>
public static class EnergyDistance
{
    /// <summary>
    /// The estimate in which no point is compared with itself. With equal weights it is unbiased; with weights w,
    /// E‖x−x'‖ is Σ_{i≠j} w_i w_j ‖x_i−x_j‖ / Σ_{i≠j} w_i w_j.
    /// </summary>
    /// <param name="x">Points [n×dimensions], at least 2.</param>
    /// <param name="y">Points [m×dimensions], at least 2.</param>
    /// <param name="dimensions">The number of variables of a point.</param>
    /// <param name="weightsX">Weights of x [n], not negative; empty for equal ones.</param>
    /// <param name="weightsY">Weights of y [m], not negative; empty for equal ones.</param>
    /// <returns>The estimate, in the points' unit.</returns>
    /// <exception cref="ArgumentException">There are fewer than two points, or the weights do not match them.</exception>
    public static double Between(
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> y,
        int dimensions,
        ReadOnlySpan<double> weightsX = default,
        ReadOnlySpan<double> weightsY = default)
    {
        var wx = Weights(x, dimensions, weightsX, nameof(x));
        var wy = Weights(y, dimensions, weightsY, nameof(y));
        double cross = 0;
        for (int i = 0; i < wx.Length; i++)
        {
            double row = 0;
            var point = x.Slice(i * dimensions, dimensions);
            for (int j = 0; j < wy.Length; j++)
                row += wy[j] * Distance(point, y.Slice(j * dimensions, dimensions));
            cross += wx[i] * row;
        }

        return (2 * cross) - Within(x, wx, dimensions) - Within(y, wy, dimensions);
    }

    private static double[] Weights(ReadOnlySpan<float> points, int dimensions, ReadOnlySpan<double> weights, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dimensions, 1);
        if (points.Length % dimensions != 0 || points.Length < 2 * dimensions)
            throw new ArgumentException($"{points.Length} numbers are not two or more points of {dimensions}", name);
        int count = points.Length / dimensions;
        if (!weights.IsEmpty && weights.Length != count)
            throw new ArgumentException($"{weights.Length} weights for {count} points", name);
        var result = new double[count];
        double sum = 0;
        for (int i = 0; i < count; i++)
            sum += result[i] = weights.IsEmpty ? 1 : weights[i];
        for (int i = 0; i < count; i++)
            result[i] /= sum;
        return result;
    }

    private static double Within(ReadOnlySpan<float> points, double[] weights, int dimensions)
    {
        double sum = 0;
        double pairs = 0;
        double before = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            double row = 0;
            var point = points.Slice(i * dimensions, dimensions);
            for (int j = 0; j < i; j++)
                row += weights[j] * Distance(point, points.Slice(j * dimensions, dimensions));
            sum += weights[i] * row;
            pairs += weights[i] * before;
            before += weights[i];
        }

        return sum / pairs;
    }

    private static double Distance(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double square = 0;
        for (int i = 0; i < a.Length; i++)
        {
            double difference = (double)a[i] - b[i];
            square += difference * difference;
        }

        return Math.Sqrt(square);
    }
}
