namespace EDA.Engine.Data;

/// <summary>Why an episode of a dataset ends where it does.</summary>
public enum EpisodeEnd
{
    /// <summary>Its last row is terminal.</summary>
    Terminal,

    /// <summary>Its last row is a timeout, or it was cut at the environment's limit.</summary>
    Timeout,

    /// <summary>The file ends within it.</summary>
    Unfinished,
}

/// <summary>A run of rows from one reset to the next.</summary>
/// <param name="FirstRow">The first row.</param>
/// <param name="Count">The number of rows.</param>
/// <param name="Return">The undiscounted sum of the rewards, untreated.</param>
/// <param name="End">Why it ends.</param>
public readonly record struct Episode(int FirstRow, int Count, double Return, EpisodeEnd End);
