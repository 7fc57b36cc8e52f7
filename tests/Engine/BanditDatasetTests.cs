using EDA.Engine;
using EDA.Engine.Data;

namespace EDA.Tests.Engine;

public class BanditDatasetTests
{
    private const int Count = 20_000;

    public static TheoryData<string> Names => [.. Bandit.Table.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Same_seed_same_points(string name)
    {
        var first = BanditDataset.Create(name, 1000, 5);
        var again = BanditDataset.Create(name, 1000, 5);
        Assert.Equal(first.Points, again.Points);
        Assert.Equal(first.Energies, again.Energies);
        Assert.NotEqual(first.Points, BanditDataset.Create(name, 1000, 6).Points);
        Assert.NotEqual(first.Points, BanditDataset.Create(name, 1000, 5, stream: 1).Points);
        Assert.Equal(1000, first.Count);
        Assert.All(first.Points, value => Assert.InRange(value, -5, 5));
        Assert.All(first.Energies, value => Assert.InRange(value, 0, 1.3));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void One_point_will_do(string name) => Assert.All(BanditDataset.Create(name, 1, 0).Points, value => Assert.True(float.IsFinite(value)));

    [Fact]
    public void Eight_gaussians_are_centred_in_order()
    {
        var points = Points("8gaussians").ToList();
        double[] degrees = [90, 135, 180, 225, 270, 315, 0, 45];
        for (int i = 0; i < 8; i++)
        {
            var own = points.Where(point => Math.Abs(point.Energy - (i / 7.0)) < 1e-6).ToList();
            double radians = degrees[i] * Math.PI / 180;
            Assert.InRange(own.Count, Count / 8 * 0.9, Count / 8 * 1.1);
            Assert.Equal(4 * Math.Cos(radians) / 1.414, own.Average(point => point.X), 0.03);
            Assert.Equal(4 * Math.Sin(radians) / 1.414, own.Average(point => point.Y), 0.03);
            double meanX = own.Average(point => point.X);
            Assert.Equal(0.5 / 1.414, Math.Sqrt(own.Average(point => Math.Pow(point.X - meanX, 2))), 0.02);
        }
    }

    [Fact]
    public void Swiss_roll_energy_is_the_squared_radius_over_nine()
    {
        foreach (var (x, y, energy) in Points("swissroll"))
            Assert.Equal(((x * x) + (y * y)) / 9, energy, 1e-5);
        // E‖x‖² = (E r² + 2)/25 with r uniform in [1.5π, 4.5π].
        double square = Math.Pow(1.5 * Math.PI, 2) * (1 + 2 + (4 / 3.0));
        Assert.Equal((square + 2) / 25 / 9, Points("swissroll").Average(point => point.Energy), 0.01);
    }

    [Fact]
    public void Rings_are_quarters_with_their_energies()
    {
        (double Radius, double Energy)[] rings = [(3, 0.667), (2.25, 0.333), (1.5, 1), (0.75, 0)];
        var points = Points("rings").ToList();
        foreach (var (radius, energy) in rings)
        {
            var own = points.Where(point => Math.Abs(point.Energy - energy) < 1e-6).ToList();
            Assert.Equal(Count / 4, own.Count);
            Assert.Equal(radius, own.Average(point => Math.Sqrt((point.X * point.X) + (point.Y * point.Y))), 0.01);
            Assert.Equal(0, own.Average(point => point.X), 0.01);
            Assert.Equal(0, own.Average(point => point.Y), 0.01);
        }
    }

    [Fact]
    public void Moons_are_halves()
    {
        var points = Points("moons").ToList();
        var outer = points.Where(point => point.Energy == 0).ToList();
        var inner = points.Where(point => point.Energy == 1).ToList();
        Assert.Equal(Count / 2, outer.Count);
        Assert.Equal(Count / 2, inner.Count);
        // Mean of (cos θ, sin θ) over the half circle is (0, 2/π).
        Assert.Equal(-1, outer.Average(point => point.X), 0.02);
        Assert.Equal((4 / Math.PI) - 0.2, outer.Average(point => point.Y), 0.02);
        Assert.Equal(1, inner.Average(point => point.X), 0.02);
        Assert.Equal(1 - (4 / Math.PI) - 0.2, inner.Average(point => point.Y), 0.02);
    }

    [Fact]
    public void Checkerboard_fills_its_squares()
    {
        foreach (var (x, y, energy) in Points("checkerboard"))
        {
            Assert.Equal((x is > 0 and <= 2) || x <= -2 ? 1 : 0, energy);
            Assert.InRange(x, -4, 4);
            // Squares of side 2 whose indices add up to an even number.
            double parity = Math.Floor(x / 2) + Math.Floor(y / 2);
            bool onEdge = Math.Abs((y / 2) - Math.Round(y / 2)) < 1e-5;
            Assert.True(onEdge || parity % 2 == 0, $"({x}, {y})");
            Assert.InRange(y, -4, 4);
        }
    }

    [Fact]
    public void Spirals_are_each_others_reflection()
    {
        var points = Points("2spirals").ToList();
        Assert.All(points, point => Assert.InRange(point.Energy, 1 - (0.3 * Math.PI) - 1e-6, 1));
        // The angle is √u · 540°, so its square is uniform: E n² = (3π)²/2.
        Assert.Equal(Math.Pow(3 * Math.PI, 2) / 2, points.Average(point => Math.Pow(10 * (1 - point.Energy), 2)), 0.6);
        foreach (var (x, y, energy) in points)
        {
            double n = 10 * (1 - energy);
            double One(double sign) => Math.Abs((sign * x) - ((-n * Math.Cos(n)) + 0.25) / 3) + Math.Abs((sign * y) - ((n * Math.Sin(n)) + 0.25) / 3);
            Assert.InRange(Math.Min(One(1), One(-1)), 0, 1.2);
        }

        Assert.Equal(0, points.Average(point => point.X), 0.05);
        Assert.Equal(0, points.Average(point => point.Y), 0.05);
    }

    [Fact]
    public void Refuses_unknown_names_and_empty_sets()
    {
        var error = Assert.Throws<InvalidSettingException>(() => BanditDataset.Create("rongs", 10, 0));
        Assert.Equal("bandit is 'rongs'; allowed is one of 8gaussians, swissroll, rings, moons, checkerboard, 2spirals", error.Message);
        Assert.Throws<InvalidSettingException>(() => BanditDataset.Create("rings", 0, 0));
    }

    private static IEnumerable<(double X, double Y, double Energy)> Points(string name)
    {
        var set = BanditDataset.Create(name, Count, 1);
        for (int i = 0; i < set.Count; i++)
            yield return (set.Points[2 * i], set.Points[(2 * i) + 1], set.Energies[i]);
    }
}
