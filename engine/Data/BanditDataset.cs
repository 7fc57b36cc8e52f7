namespace EDA.Engine.Data;

/// <summary>The names of the six 2-D bandits (method: section 7).</summary>
public static class Bandits
{
    /// <summary>The names, in the order of the method's table.</summary>
    public static IReadOnlyList<string> Names { get; } = ["8gaussians", "swissroll", "rings", "moons", "checkerboard", "2spirals"];
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

    /// <summary>The energy of each point [N], in [0, 1].</summary>
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
    public static BanditDataset Create(string name, int count, ulong seed, uint stream = 0) => throw new NotImplementedException();
}
