using EDA.Kernels;

namespace EDA.Engine.Data;

/// <summary>What a point of a bandit is made from.</summary>
/// <param name="Index">The point, from 0.</param>
/// <param name="Count">The number of points.</param>
/// <param name="Uniform">Uniform words.</param>
/// <param name="Noise0">A standard normal number.</param>
/// <param name="Noise1">Another.</param>
public readonly record struct PointDraw(int Index, int Count, Philox.Words Uniform, double Noise0, double Noise1);

/// <summary>A 2-D bandit (method: section 7).</summary>
/// <param name="Name">The name, as typed after <c>bandit-</c>.</param>
/// <param name="Summary">What it is, in one line.</param>
/// <param name="Point">Makes a point and its energy, non-negative and about 1 at most.</param>
public sealed record Bandit(string Name, string Summary, Func<PointDraw, (double X, double Y, double Energy)> Point) : INamed<Bandit>
{
    /// <inheritdoc/>
    public static NamedTable<Bandit> Table { get; } = new(
        "bandit",
        new Bandit("8gaussians", "eight Gaussians on a circle, Q rising from one to the next", EightGaussians),
        new Bandit("swissroll", "a spiral band, Q the squared radius", SwissRoll),
        new Bandit("rings", "four noisy circles with three levels of Q", Rings),
        new Bandit("moons", "two interleaved half circles, Q 0 and 1", Moons),
        new Bandit("checkerboard", "squares of a checkerboard, Q 0 and 1 by column", Checkerboard),
        new Bandit("2spirals", "two spiral arms, Q falling outwards", TwoSpirals));

    private static (double X, double Y, double Energy) EightGaussians(PointDraw draw)
    {
        int centre = Philox.Index(draw.Uniform.W0, 8);
        var (sine, cosine) = Math.SinCos(Math.PI * (90 + (45 * centre)) / 180);
        return (((4 * cosine) + (0.5 * draw.Noise0)) / 1.414, ((4 * sine) + (0.5 * draw.Noise1)) / 1.414, centre / 7.0);
    }

    private static (double X, double Y, double Energy) SwissRoll(PointDraw draw)
    {
        double r = 1.5 * Math.PI * (1 + (2 * Philox.Uniform(draw.Uniform.W0)));
        var (sine, cosine) = Math.SinCos(r);
        double x = ((r * cosine) + draw.Noise0) / 5;
        double y = ((r * sine) + draw.Noise1) / 5;
        return (x, y, ((x * x) + (y * y)) / 9);
    }

    /// <summary>Points are dealt to the four circles in turn, so that any run of them has a quarter of each.</summary>
    private static (double X, double Y, double Energy) Rings(PointDraw draw)
    {
        int circle = draw.Index & 3;
        int onCircle = (draw.Count - circle + 3) / 4;
        double radius = 3 - (0.75 * circle);
        var (sine, cosine) = Math.SinCos(2 * Math.PI * (draw.Index >> 2) / onCircle);
        double square = radius * radius;
        double energy = square >= 8.5 ? 0.667 : square >= 5 ? 0.333 : square >= 2 ? 1 : 0;
        return ((radius * cosine) + (0.08 * draw.Noise0), (radius * sine) + (0.08 * draw.Noise1), energy);
    }

    /// <summary>Points are dealt to the two half circles in turn; on each they are evenly spaced, ends included.</summary>
    private static (double X, double Y, double Energy) Moons(PointDraw draw)
    {
        int moon = draw.Index & 1;
        int onMoon = (draw.Count - moon + 1) / 2;
        var (sine, cosine) = Math.SinCos(Math.PI * (draw.Index >> 1) / Math.Max(1, onMoon - 1));
        var (x, y) = moon == 0 ? (cosine, sine) : (1 - cosine, 0.5 - sine);
        return ((2 * (x + (0.1 * draw.Noise0))) - 1, (2 * (y + (0.1 * draw.Noise1))) - 0.2, moon);
    }

    private static (double X, double Y, double Energy) Checkerboard(PointDraw draw)
    {
        double x = (4 * Philox.Uniform(draw.Uniform.W0)) - 2;
        double floor = Math.Floor(x);
        double parity = floor - (2 * Math.Floor(floor / 2));
        double y = Philox.Uniform(draw.Uniform.W1) - (2 * Philox.Index(draw.Uniform.W2, 2)) + parity;
        (x, y) = (2 * x, 2 * y);
        return (x, y, (x is > 0 and <= 2) || x <= -2 ? 1 : 0);
    }

    private static (double X, double Y, double Energy) TwoSpirals(PointDraw draw)
    {
        double n = Math.Sqrt(Philox.Uniform(draw.Uniform.W0)) * (3 * Math.PI);
        var (sine, cosine) = Math.SinCos(n);
        double sign = (draw.Index & 1) == 0 ? 1 : -1;
        double x = sign * ((-n * cosine) + (0.5 * Philox.Uniform(draw.Uniform.W1))) / 3;
        double y = sign * ((n * sine) + (0.5 * Philox.Uniform(draw.Uniform.W2))) / 3;
        return (x + (0.1 * draw.Noise0), y + (0.1 * draw.Noise1), Math.Max(0, 1 - (n / 10)));
    }
}
