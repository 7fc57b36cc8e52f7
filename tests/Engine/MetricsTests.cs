using EDA.Engine.Evaluation;
using EDA.Kernels;

namespace EDA.Tests.Engine;

public class MetricsTests
{
    [Fact]
    public void Energy_distance_by_hand()
    {
        // On a line: x = {0, 1}, y = {3, 5}: E‖x−y‖ = (3+5+2+4)/4 = 3.5, E‖x−x'‖ = 1, E‖y−y'‖ = 2.
        Assert.Equal(4, EnergyDistance.Between([0, 1], [3, 5], 1), 1e-12);

        // With weights 1/4 and 3/4 on y: cross = ((3+2)/4 + 3(5+4)/4)/2 = 4; a pair of two points is always that pair.
        Assert.Equal(5, EnergyDistance.Between([0, 1], [3, 5], 1, default, [0.25, 0.75]), 1e-12);
        Assert.Equal(5, EnergyDistance.Between([3, 5], [0, 1], 1, [1, 3]), 1e-12);
    }

    [Fact]
    public void Whole_number_weights_count_as_copies_of_other_points()
    {
        // Copies would be compared with each other at distance 0, weights are not: the weighted form is the copies' one
        // with such pairs left out.
        float[] x = Normals(40, 0);
        float[] y = Normals(6, 1);
        double[] w = [1, 2, 1, 3, 1, 2];
        double pairs = 0, within = 0;
        for (int i = 0; i < 6; i++)
        {
            for (int j = 0; j < 6; j++)
            {
                if (i == j)
                    continue;
                pairs += w[i] * w[j];
                within += w[i] * w[j] * Distance(y, i, y, j);
            }
        }

        double cross = 0, own = 0;
        for (int i = 0; i < 40; i++)
        {
            for (int j = 0; j < 6; j++)
                cross += w[j] * Distance(x, i, y, j) / 40 / 10;
            for (int j = 0; j < 40; j++)
                own += Distance(x, i, x, j) / (40 * 39);
        }

        Assert.Equal((2 * cross) - own - (within / pairs), EnergyDistance.Between(x, y, 2, default, w), 1e-10);
    }

    [Fact]
    public void Equal_distributions_are_at_no_distance_in_the_mean()
    {
        double sum = 0;
        for (uint i = 0; i < 200; i++)
            sum += EnergyDistance.Between(Normals(50, 2 * i), Normals(50, (2 * i) + 1), 2) / 200;
        Assert.Equal(0, sum, 0.01);
    }

    [Fact]
    public void A_weighted_sample_stands_for_its_target()
    {
        // N(0, I) weighted by e^x is N((1, 0), I).
        float[] y = Normals(1000, 1);
        double[] w = [.. Enumerable.Range(0, 1000).Select(i => Math.Exp(y[2 * i]))];
        float[] shifted = Normals(1000, 2);
        for (int i = 0; i < shifted.Length; i += 2)
            shifted[i] += 1;
        Assert.Equal(0, EnergyDistance.Between(shifted, y, 2, default, w), 0.03);
        Assert.True(EnergyDistance.Between(shifted, y, 2) > 0.3);
    }

    [Fact]
    public void Energy_distance_refuses_what_it_cannot_compare()
    {
        Assert.Throws<ArgumentException>(() => EnergyDistance.Between([1], [1, 2], 1));
        Assert.Throws<ArgumentException>(() => EnergyDistance.Between([1, 2, 3], [1, 2, 3, 4], 2));
        Assert.Throws<ArgumentException>(() => EnergyDistance.Between([1, 2], [1, 2], 1, [1]));
    }

    [Fact]
    public void Linear_fit_is_pearson_and_least_squares()
    {
        var fit = LinearFit.Of([1, 2, 3, 4], [2, 4, 5, 4]);
        Assert.Equal(0.7, fit.Slope!.Value, 1e-12);
        Assert.Equal(3.5 / Math.Sqrt(5 * 4.75), fit.Correlation!.Value, 1e-12);
        Assert.Equal(new LinearFit(null, 0), LinearFit.Of([1, 2], [3, 3]));
        Assert.Equal(new LinearFit(null, null), LinearFit.Of([1, 1], [3, 4]));
        Assert.Throws<ArgumentException>(() => LinearFit.Of([1, 1], [3]));
    }

    [Theory]
    [InlineData(1, 1f, 1f)]
    [InlineData(2, 1f, 1f)]
    [InlineData(1000, 1f, 1f)]
    [InlineData(1000, 1f, 1e-4f)]
    [InlineData(1000, 0f, 1f)]
    [InlineData(50, 0f, 0f)]
    public void Nearest_point_is_the_nearest(int count, float scaleX, float scaleY)
    {
        float[] points = Normals(count, 1);
        for (int i = 0; i < count; i++)
        {
            points[2 * i] *= scaleX;
            points[(2 * i) + 1] *= scaleY;
        }

        var nearest = new NearestPoint(points);
        float[] queries = Normals(500, 2);
        for (int i = 0; i < 500; i++)
        {
            // Some queries far outside, some exactly on a point.
            float scale = i % 10 == 0 ? 30 : 1;
            (float x, float y) = i % 7 == 0 ? (points[2 * (i % count)], points[(2 * (i % count)) + 1]) : (scale * queries[2 * i], scale * queries[(2 * i) + 1]);
            double found = Distance([x, y], 0, points, nearest.Of(x, y));
            double least = Enumerable.Range(0, count).Min(j => Distance([x, y], 0, points, j));
            Assert.Equal(least, found, 1e-12);
        }
    }

    [Fact]
    public void Nearest_point_refuses_what_is_no_point()
    {
        Assert.Throws<ArgumentException>(() => new NearestPoint([]));
        Assert.Throws<ArgumentException>(() => new NearestPoint([1, float.NaN]));
        Assert.Throws<ArgumentException>(() => new NearestPoint([1, 2]).Of(float.NaN, 0));
    }

    private static float[] Normals(int count, uint step) =>
        [.. Enumerable.Range(0, 2 * count).Select(i => Philox.Normal(new RandomDraw(9, RandomStage.Evaluation, step), RandomPurpose.Noise, (ulong)i))];

    private static double Distance(float[] a, int i, float[] b, int j) =>
        Math.Sqrt(Math.Pow((double)a[2 * i] - b[2 * j], 2) + Math.Pow((double)a[(2 * i) + 1] - b[(2 * j) + 1], 2));
}
