using EDA.Kernels;

namespace EDA.Engine.Environments;

/// <summary>Random numbers of an episode, element by element, in float64.</summary>
internal static class EpisodeRandom
{
    /// <summary>A uniform number in [least, most).</summary>
    public static double Uniform(in RandomDraw episode, RandomPurpose purpose, int element, double least, double most) =>
        least + ((most - least) * Philox.Uniform(Philox.Word(episode, purpose, (ulong)element)));

    /// <summary>A standard normal.</summary>
    public static double Normal(in RandomDraw episode, RandomPurpose purpose, int element) =>
        Philox.Normal(episode, purpose, (ulong)element);
}
