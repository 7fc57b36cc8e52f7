namespace EDA.Engine.Data;

/// <summary>The returns that scores are measured by: 0 for a random policy, 100 for an expert.</summary>
/// <param name="Random">The return of the random policy.</param>
/// <param name="Expert">The return of the expert.</param>
public sealed record ReferenceReturns(double Random, double Expert)
{
    /// <summary>Returns as they are, for environments that have no such policies.</summary>
    public static ReferenceReturns Identity { get; } = new(0, 100);

    /// <summary>Whether scores are the returns themselves.</summary>
    public bool IsIdentity => this == Identity;

    /// <summary>The D4RL normalised score, 100·(R − R_random)/(R_expert − R_random).</summary>
    /// <param name="episodeReturn">R.</param>
    /// <returns>The score.</returns>
    public double Score(double episodeReturn) => 100 * (episodeReturn - Random) / (Expert - Random);
}
