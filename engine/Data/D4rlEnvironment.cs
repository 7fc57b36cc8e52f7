namespace EDA.Engine.Data;

/// <summary>A family of D4RL tasks; it decides how rewards are treated (method: section 4).</summary>
public enum D4rlDomain
{
    /// <summary>hopper, halfcheetah and walker2d.</summary>
    Locomotion,

    /// <summary>An ant that walks to a goal in a maze.</summary>
    AntMaze,

    /// <summary>A robot arm in a kitchen.</summary>
    Kitchen,

    /// <summary>None of D4RL's: an environment of the user's own.</summary>
    Other,
}

/// <summary>
/// What is known of a D4RL environment without simulating it (method: section 7): sizes, the longest episode, and the
/// returns that are 0 and 100 of the normalised score.
/// </summary>
/// <param name="Name">The name, for instance <c>hopper</c>.</param>
/// <param name="Domain">The family.</param>
/// <param name="StateSize">S.</param>
/// <param name="ActionSize">A.</param>
/// <param name="EpisodeLimit">Steps after which an episode is cut.</param>
/// <param name="Reference">The returns that are 0 and 100 of the normalised score.</param>
public sealed record D4rlEnvironment(
    string Name,
    D4rlDomain Domain,
    int StateSize,
    int ActionSize,
    int EpisodeLimit,
    ReferenceReturns Reference)
{
    /// <summary>The limit where nothing else is known: that of nearly all of D4RL.</summary>
    public const int UsualEpisodeLimit = 1000;

    /// <summary>The environments of the paper's tasks.</summary>
    public static IReadOnlyList<D4rlEnvironment> All { get; } =
    [
        new("hopper", D4rlDomain.Locomotion, 11, 3, UsualEpisodeLimit, new(-20.272305, 3234.3)),
        new("halfcheetah", D4rlDomain.Locomotion, 17, 6, UsualEpisodeLimit, new(-280.178953, 12135.0)),
        new("walker2d", D4rlDomain.Locomotion, 17, 6, UsualEpisodeLimit, new(1.629008, 4592.3)),
        new("antmaze-umaze", D4rlDomain.AntMaze, 29, 8, 700, new(0, 1)),
        new("antmaze-medium", D4rlDomain.AntMaze, 29, 8, UsualEpisodeLimit, new(0, 1)),
        new("kitchen", D4rlDomain.Kitchen, 60, 9, 280, new(0, 4)),
    ];

    /// <summary>The environments' names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(environment => environment.Name)];

    /// <summary>How this environment's rewards are treated before a critic sees them.</summary>
    public RewardTreatment RewardTreatment => RewardTreatments.Of(Domain);

    /// <summary>The environment of a name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <returns>The environment.</returns>
    /// <exception cref="InvalidSettingException">There is none of that name.</exception>
    public static D4rlEnvironment Of(string name) =>
        All.FirstOrDefault(environment => environment.Name == name)
        ?? throw new InvalidSettingException("environment", name, "one of " + string.Join(", ", Names));

    /// <summary>The environment that a file's name or a note in it speaks of.</summary>
    /// <param name="text">For instance <c>walker2d_medium-v2.hdf5</c> or <c>mujoco/hopper/expert-v0</c>.</param>
    /// <returns>The environment, or null where the text names none.</returns>
    public static D4rlEnvironment? Guess(string? text)
    {
        if (text is null)
            return null;
        string word = text.ToLowerInvariant().Replace("_", string.Empty, StringComparison.Ordinal).Replace("-", string.Empty, StringComparison.Ordinal);
        string? name = word switch
        {
            _ when word.Contains("antmaze", StringComparison.Ordinal) => word switch
            {
                _ when word.Contains("umaze", StringComparison.Ordinal) => "antmaze-umaze",
                // D4RL's files call the medium maze big.
                _ when word.Contains("medium", StringComparison.Ordinal) || word.Contains("bigmaze", StringComparison.Ordinal) => "antmaze-medium",
                _ => null,
            },
            _ when word.Contains("hopper", StringComparison.Ordinal) => "hopper",
            _ when word.Contains("halfcheetah", StringComparison.Ordinal) => "halfcheetah",
            _ when word.Contains("walker", StringComparison.Ordinal) => "walker2d",
            _ when word.Contains("kitchen", StringComparison.Ordinal) => "kitchen",
            _ => null,
        };
        return name is null ? null : Of(name);
    }
}
