using System.Globalization;
using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Diffusion;
using EDA.Engine.Environments;

namespace EDA.Engine.Evaluation;

/// <summary>One who is rolled out.</summary>
/// <param name="Name">The name of its score.</param>
/// <param name="Create">Makes the one who acts; disposed of after its episodes where it can be.</param>
public sealed record Contender(string Name, Func<IActor> Create)
{
    /// <summary>The model whose samples it plays as they come, which knows their density; null for anything else.</summary>
    public BottleneckDiffusionModel? Model { get; init; }
}

/// <summary>What a critic says of states and actions in the host's memory, row by row.</summary>
/// <param name="states">s [n×S].</param>
/// <param name="actions">a [n×A].</param>
/// <returns>Q(s, a) [n].</returns>
public delegate float[] ActionRating(ReadOnlySpan<float> states, ReadOnlySpan<float> actions);

/// <summary>All who are rolled out of a run, one after the other, and the models that they act by.</summary>
/// <param name="all">Those who are rolled out, in order.</param>
/// <param name="identity">A name for each of the models, by which what was rolled out before is known to be of the same.</param>
/// <param name="owned">The models, disposed of with this.</param>
public sealed class Contenders(IReadOnlyList<Contender> all, IReadOnlyDictionary<string, string> identity, params IDisposable?[] owned) : IDisposable
{
    /// <summary>Those who are rolled out, in order.</summary>
    public IReadOnlyList<Contender> All => all;

    /// <summary>A name for each of the models.</summary>
    public IReadOnlyDictionary<string, string> Identity => identity;

    /// <summary>Whose actions are worth a look beside each other, by name, what was there before the tilt first; null where there is no distribution to look at.</summary>
    public IReadOnlyList<string>? Shown { get; init; }

    /// <summary>What follows from all scores, as further scores: which of several was the best, for instance. Null where nothing does.</summary>
    public Func<IReadOnlyDictionary<string, PolicyScore>, IEnumerable<KeyValuePair<string, PolicyScore>>>? Conclude { get; init; }

    /// <summary>Q of what they do, the smaller of the run's target twins, for who looks at their episodes and samples; null where the run has no critic.</summary>
    public ActionRating? Rating { get; init; }

    /// <summary>The rating by a critic.</summary>
    /// <param name="critic">The critic; null for none.</param>
    /// <returns>The rating; null for none.</returns>
    internal static ActionRating? RatingBy(Critic? critic) => critic is null ? null : (states, actions) => critic.Labels(states, actions);

    /// <summary>A name for each of the models where a critic chooses among several samples of a behavior.</summary>
    /// <param name="critic">The critic; null where there is none yet.</param>
    /// <param name="samples">How many samples.</param>
    /// <param name="behavior">The behavior's fingerprint.</param>
    /// <returns>The names, for <see cref="Identity"/>.</returns>
    internal static IReadOnlyDictionary<string, string> NamesOf(Critic? critic, int samples, string behavior) => new Dictionary<string, string>
    {
        ["behavior"] = behavior,
        ["critic"] = critic is null ? "none" : Fingerprint.Of(critic.Target.ToArray()) + (critic.ClipsActions ? " clipped" : string.Empty),
        ["samples"] = samples.ToString(CultureInfo.InvariantCulture),
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var model in owned)
            model?.Dispose();
    }
}
