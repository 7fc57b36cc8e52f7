using EDA.Kernels;

namespace EDA.Engine.Data;

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
    /// <param name="name">The name of a row of <see cref="Bandit.Table"/>.</param>
    /// <param name="count">N, at least 1.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="stream">0 for training data; other numbers give further independent draws of the same seed.</param>
    /// <returns>The dataset, the same for the same arguments on every machine up to the last bit of sine and cosine.</returns>
    /// <exception cref="InvalidSettingException">There is no such bandit, or no point.</exception>
    public static BanditDataset Create(string name, int count, ulong seed, uint stream = 0)
    {
        var bandit = Bandit.Table.Find(name);
        Setting.Range(count, 1, name: nameof(count));
        var draw = new RandomDraw(seed, RandomStage.Data, stream);
        var points = HostMemory.Allocate<float>(Dimensions * (long)count, "the points");
        var energies = HostMemory.Allocate<float>(count, "the energies");
        for (int i = 0; i < count; i++)
        {
            var uniform = Philox.Block(draw, RandomPurpose.DataPosition, (ulong)i);
            double noise0 = Philox.Normal(draw, RandomPurpose.DataNoise, 2 * (ulong)i);
            double noise1 = Philox.Normal(draw, RandomPurpose.DataNoise, (2 * (ulong)i) + 1);
            var (x, y, energy) = bandit.Point(new PointDraw(i, count, uniform, noise0, noise1));
            points[2 * i] = (float)x;
            points[(2 * i) + 1] = (float)y;
            energies[i] = (float)energy;
        }

        return new BanditDataset(name, points, energies);
    }
}
