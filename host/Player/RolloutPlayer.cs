using System.Net;
using System.Text.Json.Nodes;
using EDA.Engine;
using EDA.Engine.Evaluation.Recordings;
using EDA.Host.Reports;

namespace EDA.Host.Player;

/// <summary>
/// The section of a page that plays recorded rollouts: a canvas for each policy, with return so far and Q beneath. It is
/// all in itself, data, style and program, and needs no network.
/// </summary>
public static class RolloutPlayer
{
    // Half a page, and more than any run needs that is not long, of many joints and many policies at once.
    private const int MostDataBytes = 1_100_000;

    /// <summary>The program, which plays the section once the page is there.</summary>
    public static string Script { get; } = Resource("player.js");

    /// <summary>Its style. Colours are custom properties of <c>.rollouts</c>.</summary>
    public static string Style { get; } = Resource("player.css");

    /// <summary>The section of a run's page.</summary>
    /// <param name="folder">The folder of recorded episodes.</param>
    /// <param name="outcome">What the run came to: an episode of other rollouts than its scores are of is not shown.</param>
    /// <param name="mostBytes">The most bytes of the section.</param>
    /// <returns>HTML, the style and the program included; null where nothing was recorded.</returns>
    public static string? Section(string folder, RunOutcome outcome, int mostBytes) => Section(
        folder,
        outcome.Scores,
        name => Describe(outcome, name),
        mostBytes);

    /// <summary>The section without its style and its program, for a page that has both.</summary>
    /// <param name="folder">The folder of recorded episodes.</param>
    /// <param name="outcome">What the run came to.</param>
    /// <param name="mostBytes">The most bytes of the section.</param>
    /// <returns>HTML; null where nothing was recorded.</returns>
    public static string? Bare(string folder, RunOutcome outcome, int mostBytes) => Section(folder, outcome.Scores, name => Describe(outcome, name), mostBytes, Bare);

    /// <summary>The section, of a folder that need not be of a run of this process.</summary>
    /// <param name="folder">The folder of recorded episodes.</param>
    /// <param name="scores">The scores of result.json by name: an episode of other rollouts is not shown.</param>
    /// <param name="describe">Says what a policy is; an empty text for nothing.</param>
    /// <param name="mostBytes">The most bytes of the section.</param>
    /// <returns>HTML, the style and the program included; null where nothing was recorded.</returns>
    public static string? Section(string folder, IReadOnlyDictionary<string, JsonObject> scores, Func<string, string> describe, int mostBytes) =>
        Section(folder, scores, describe, mostBytes, Frame);

    private static string? Section(string folder, IReadOnlyDictionary<string, JsonObject> scores, Func<string, string> describe, int mostBytes, Func<string, string> frame)
    {
        try
        {
            if (RecordedRollouts.Read(folder) is not { } recorded)
                return null;
            var shown = recorded with { Policies = [.. recorded.Policies.Select(policy => policy with { Episodes = [.. policy.Episodes.Where(episode => IsOf(scores.GetValueOrDefault(policy.Policy), episode))] }).Where(policy => policy.Episodes.Count > 0)] };
            if (shown.Policies.Count == 0)
                return null;
            if (shown.Scene is not { } scene)
                return Said($"Recorded episodes are in episodes/; there is no picture of {shown.Environment}.");
            int rest = frame(string.Empty).Length + Script.Length + Style.Length;
            return frame(new PlayerData(shown, scene, folder).Write(describe, Math.Min(MostDataBytes, mostBytes - rest)));
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException)
        {
            return Said($"The recorded episodes cannot be shown: {OneLine.Of(broken.Message)}.");
        }
    }

    private static bool IsOf(JsonObject? score, RecordedEpisode episode) =>
        score?["returns"] is JsonArray returns && episode.Episode >= 0 && episode.Episode < returns.Count
        && returns[episode.Episode] is JsonValue value && value.TryGetValue(out double found) && found.Equals(episode.Return);

    private static string Describe(RunOutcome outcome, string policy) =>
        outcome.Settings.Method.Row.Scores.FirstOrDefault(score => score.Name == policy)?.Describe(outcome.Settings) ?? string.Empty;

    private static string Said(string line) => $"<h2>Rollouts</h2>\n<p class=\"lead\">{WebUtility.HtmlEncode(line)}</p>\n";

    private static string Bare(string data) => $"""
        <section class="rollouts" aria-label="Rollouts">
        <h2>Rollouts</h2>
        <noscript><p>Rollouts are played by a script of this page.</p></noscript>
        <script type="application/json">{data}</script>
        </section>
        """;

    private static string Frame(string data) => $"""
        <style>
        {Style}</style>
        {Bare(data)}
        <script>
        {Script}</script>

        """;

    private static string Resource(string name)
    {
        using var reader = new StreamReader(typeof(RolloutPlayer).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not in the program"));
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
