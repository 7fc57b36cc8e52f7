namespace EDA.Engine.Data;

/// <summary>
/// The timeouts of a file that has none: every so many rows of an episode, counted as D4RL's standard Q-learning view
/// counts them (method: section 7).
/// </summary>
internal static class EpisodeCuts
{
    /// <summary>Marks the rows at which the view cuts.</summary>
    /// <param name="terminals">The terminal rows [N].</param>
    /// <param name="limit">The environment's limit.</param>
    /// <returns>The cuts [N].</returns>
    public static bool[] Of(ReadOnlySpan<bool> terminals, int limit)
    {
        var cuts = new bool[terminals.Length];
        int step = 0;
        for (int row = 0; row < cuts.Length; row++)
        {
            cuts[row] = step == limit - 1;
            // The published counter restarts at 0 after a cut, and at 1 after a terminal row.
            step = cuts[row] ? 0 : terminals[row] ? 1 : step + 1;
        }

        return cuts;
    }
}
