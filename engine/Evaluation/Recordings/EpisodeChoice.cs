namespace EDA.Engine.Evaluation.Recordings;

/// <summary>Which episodes of an evaluation are kept to be looked at.</summary>
public static class EpisodeChoice
{
    /// <summary>What they are kept as, in order: the first, and by their returns the best, the median (of an even count the lower) and the worst.</summary>
    public static IReadOnlyList<string> Names { get; } = ["first", "best", "median", "worst"];

    /// <summary>Chooses.</summary>
    /// <param name="returns">Each episode's return, at least one; of equal ones the earlier counts as less.</param>
    /// <param name="count">How many of <see cref="Names"/>.</param>
    /// <returns>The episodes' numbers, each once, with the names that they are kept as.</returns>
    public static IReadOnlyList<(int Episode, IReadOnlyList<string> Names)> Of(IReadOnlyList<double> returns, int count)
    {
        int[] ranked = [.. Enumerable.Range(0, returns.Count).OrderBy(episode => returns[episode]).ThenBy(episode => episode)];

        // The best of equals is the first of them, as the worst is.
        int best = ranked.First(episode => returns[episode].Equals(returns[ranked[^1]]));
        int[] chosen = [0, best, ranked[(ranked.Length - 1) / 2], ranked[0]];
        return [.. Names.Zip(chosen).Take(count).GroupBy(pair => pair.Second, pair => pair.First).Select(group => (group.Key, (IReadOnlyList<string>)[.. group]))];
    }
}
