using EDA.Kernels;

namespace EDA.Engine.Data;

/// <summary>The names of the six 2-D bandits (method: section 7).</summary>
public static class Bandits
{
    /// <summary>The names, in the order of the method's table.</summary>
    public static IReadOnlyList<string> Names { get; } = ["8gaussians", "swissroll", "rings", "moons", "checkerboard", "2spirals"];

    /// <summary>Refuses a name that is not one of them.</summary>
    internal static int IndexOf(string? name, string setting)
    {
        int index = -1;
        for (int i = 0; i < Names.Count; i++)
        {
            if (Names[i] == name)
                index = i;
        }

        return index >= 0 ? index : throw new InvalidSettingException(setting, name, "one of " + string.Join(", ", Names));
    }
}

/// <summary>
/// Points of a 2-D bandit: the actions of a behavior policy without a state, each with an energy that serves as its Q
/// (method: section 7).
/// </summary>
public sealed class BanditDataset
{
    /// <summary>The number of variables of a point.</summary>
    public const int Dimensions = 2;

    private BanditDataset(string name, float[] points, float[] energies)
    {
        Name = name;
        Points = points;
        Energies = energies;
    }

    /// <summary>The bandit's name.</summary>
    public string Name { get; }

    /// <summary>The points [N×2].</summary>
    public float[] Points { get; }

    /// <summary>The energy of each point [N], non-negative and about 1 at most.</summary>
    public float[] Energies { get; }

    /// <summary>N.</summary>
    public int Count => Energies.Length;

    /// <summary>Draws a dataset.</summary>
    /// <param name="name">One of <see cref="Bandits.Names"/>.</param>
    /// <param name="count">N, at least 1.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="stream">0 for training data; other numbers give further independent draws of the same seed.</param>
    /// <returns>The dataset, the same for the same arguments on every machine up to the last bit of sine and cosine.</returns>
    /// <exception cref="InvalidSettingException">There is no such bandit, or no point.</exception>
    public static BanditDataset Create(string name, int count, ulong seed, uint stream = 0)
    {
        int bandit = Bandits.IndexOf(name, nameof(name));
        Setting.Range(count, 1, name: nameof(count));
        var draw = new RandomDraw(seed, RandomStage.Data, stream);
        var points = new float[Dimensions * (long)count];
        var energies = new float[count];
        for (int i = 0; i < count; i++)
        {
            var uniform = Philox.Block(draw, RandomPurpose.DataPosition, (ulong)i);
            double noise0 = Philox.Normal(draw, RandomPurpose.DataNoise, 2 * (ulong)i);
            double noise1 = Philox.Normal(draw, RandomPurpose.DataNoise, (2 * (ulong)i) + 1);
            var (x, y, energy) = bandit switch
            {
                0 => EightGaussians(uniform, noise0, noise1),
                1 => SwissRoll(uniform, noise0, noise1),
                2 => Rings(i, count, noise0, noise1),
                3 => Moons(i, count, noise0, noise1),
                4 => Checkerboard(uniform),
                _ => TwoSpirals(i, uniform, noise0, noise1),
            };
            points[2 * i] = (float)x;
            points[(2 * i) + 1] = (float)y;
            energies[i] = (float)energy;
        }

        return new BanditDataset(name, points, energies);
    }

    private static (double X, double Y, double Energy) EightGaussians(Philox.Words u, double noise0, double noise1)
    {
        int centre = Philox.Index(u.W0, 8);
        var (sine, cosine) = Math.SinCos(Math.PI * (90 + (45 * centre)) / 180);
        return (((4 * cosine) + (0.5 * noise0)) / 1.414, ((4 * sine) + (0.5 * noise1)) / 1.414, centre / 7.0);
    }

    private static (double X, double Y, double Energy) SwissRoll(Philox.Words u, double noise0, double noise1)
    {
        double r = 1.5 * Math.PI * (1 + (2 * Philox.Uniform(u.W0)));
        var (sine, cosine) = Math.SinCos(r);
        double x = ((r * cosine) + noise0) / 5;
        double y = ((r * sine) + noise1) / 5;
        return (x, y, ((x * x) + (y * y)) / 9);
    }

    /// <summary>Points are dealt to the four circles in turn, so that any run of them has a quarter of each.</summary>
    private static (double X, double Y, double Energy) Rings(int index, int count, double noise0, double noise1)
    {
        int circle = index & 3;
        int onCircle = (count - circle + 3) / 4;
        double radius = 3 - (0.75 * circle);
        var (sine, cosine) = Math.SinCos(2 * Math.PI * (index >> 2) / onCircle);
        double square = radius * radius;
        double energy = square >= 8.5 ? 0.667 : square >= 5 ? 0.333 : square >= 2 ? 1 : 0;
        return ((radius * cosine) + (0.08 * noise0), (radius * sine) + (0.08 * noise1), energy);
    }

    /// <summary>Points are dealt to the two half circles in turn; on each they are evenly spaced, ends included.</summary>
    private static (double X, double Y, double Energy) Moons(int index, int count, double noise0, double noise1)
    {
        int moon = index & 1;
        int onMoon = (count - moon + 1) / 2;
        var (sine, cosine) = Math.SinCos(Math.PI * (index >> 1) / Math.Max(1, onMoon - 1));
        var (x, y) = moon == 0 ? (cosine, sine) : (1 - cosine, 0.5 - sine);
        return ((2 * (x + (0.1 * noise0))) - 1, (2 * (y + (0.1 * noise1))) - 0.2, moon);
    }

    private static (double X, double Y, double Energy) Checkerboard(Philox.Words u)
    {
        double x = (4 * Philox.Uniform(u.W0)) - 2;
        double floor = Math.Floor(x);
        double parity = floor - (2 * Math.Floor(floor / 2));
        double y = Philox.Uniform(u.W1) - (2 * Philox.Index(u.W2, 2)) + parity;
        (x, y) = (2 * x, 2 * y);
        return (x, y, (x is > 0 and <= 2) || x <= -2 ? 1 : 0);
    }

    private static (double X, double Y, double Energy) TwoSpirals(int index, Philox.Words u, double noise0, double noise1)
    {
        double n = Math.Sqrt(Philox.Uniform(u.W0)) * (3 * Math.PI);
        var (sine, cosine) = Math.SinCos(n);
        double sign = (index & 1) == 0 ? 1 : -1;
        double x = sign * ((-n * cosine) + (0.5 * Philox.Uniform(u.W1))) / 3;
        double y = sign * ((n * sine) + (0.5 * Philox.Uniform(u.W2))) / 3;
        return (x + (0.1 * noise0), y + (0.1 * noise1), Math.Max(0, 1 - (n / 10)));
    }
}
