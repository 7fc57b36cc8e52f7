using System.Text.Json;
using System.Text.Json.Nodes;
using EDA.Engine.Baselines;
using EDA.Engine.Environments;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;
using EDA.Host.Figures;
using EDA.Host.Runs;
using EDA.Kernels;

namespace EDA.Host.Reports;

/// <summary>What a run on a dataset shows: the scores of its policies, episode by episode.</summary>
internal sealed class DatasetPresentation : RunPresentation
{
    private const string MeanKey = "normalized_mean", DeviationKey = "normalized_std";

    /// <summary>The key of result.json that ratings stand under.</summary>
    public const string RatingsKey = "ratings";

    private const string StatesKey = "states", SamplesKey = "samples", DataKey = "data", PoliciesKey = "policies";
    private const string QMeanKey = "q_mean", QDeviationKey = "q_std", QGainKey = "q_gain", QGainErrorKey = "q_gain_error", BeyondKey = "beyond";

    public override NumberTable? Table(RunOutcome outcome)
    {
        if (!outcome.IsMeasured && outcome.HeldOutLoss is null)
            return null;
        string[] heads = !outcome.Settings.Evaluation.RollsOut ? ["mean Q", "Q above the data's", "beyond the behavior's 99 %", "states × samples"]
            : [.. IsNormalised(outcome) ? (string[])["normalised score"] : [], "return", "episodes", .. Published(outcome) is null ? (string[])[] : ["paper"]];
        return new(heads, [.. Shown(outcome).Select(name => Row(outcome, name)), .. RatingRows(outcome), .. HeldOut()]);

        IEnumerable<NumberRow> HeldOut() => outcome.HeldOutLoss is { } loss
            ? [new NumberRow("held_out_loss", [loss.ToString("0.0000", CultureInfo.InvariantCulture), .. heads.Skip(1).Select(_ => string.Empty)], "‖σ_{t}∇f + ε‖^{2} on state-action pairs that pretraining did not see")]
            : [];
    }

    /// <summary>Reads the ratings out of result.json.</summary>
    /// <param name="result">The document.</param>
    /// <returns>The ratings; null if there are none.</returns>
    public static DatasetRatings? ReadRatings(JsonObject result)
    {
        return result[RatingsKey] is JsonObject ratings
            ? new(ratings[StatesKey]!.GetValue<int>(), ratings[SamplesKey]!.GetValue<int>(), Rating(ratings[DataKey]!), ratings[PoliciesKey]!.AsObject().ToDictionary(entry => entry.Key, entry => Rating(entry.Value!)))
            : null;

        static PolicyRating Rating(JsonNode node) => new(
            node[QMeanKey]?.GetValue<double>(), node[QDeviationKey]?.GetValue<double>(), node[QGainKey]?.GetValue<double>(), node[QGainErrorKey]?.GetValue<double>(), node[BeyondKey]?.GetValue<double>());
    }

    public override void AddNumbers(RunOutcome outcome, JsonObject document)
    {
        document["environment"] = outcome.Settings.Environment;
        var method = outcome.Settings.Method.Row;
        document["method"] = method.Name;
        if (method.LooksAt("critic"))
            document["critic"] = JsonSerializer.SerializeToNode(outcome.Settings.Critic.Method, SettingPaths.Json);
        document["held_out_loss"] = outcome.HeldOutLoss;
        document["candidates_per_second"] = outcome.CandidateRate is { } rate ? Math.Round(rate, 1) : null;
        var scores = new JsonObject();
        foreach (string name in method.Scores.Select(score => score.Name).Union(outcome.Scores.Keys))
        {
            scores[name] = outcome.Scores.GetValueOrDefault(name)?.DeepClone();
            if (method == Method.Eda && Rollouts.EarlierNames.TryGetValue(name, out string? earlier))
                scores[earlier] = scores[name]?.DeepClone();
        }

        document["scores"] = scores;
        document[RatingsKey] = outcome.Ratings is { } ratings
            ? new JsonObject
            {
                [StatesKey] = ratings.States,
                [SamplesKey] = ratings.Samples,
                [DataKey] = ToJson(ratings.Data),
                [PoliciesKey] = new JsonObject(ratings.Policies.Select(entry => KeyValuePair.Create<string, JsonNode?>(entry.Key, ToJson(entry.Value)))),
            }
            : null;
        document["acting"] = outcome.Scores.ContainsKey(Rollouts.PolicyBest) || outcome.Scores.ContainsKey(Rollouts.WeightedBest) ? outcome.Settings.Evaluation.Acting.ToString() : null;
        document["published"] = Published(outcome) is { } published ? new JsonObject { ["mean"] = published.Mean, ["deviation"] = published.Deviation } : null;
    }

    public override IEnumerable<KeyValuePair<string, double>> Numbers(RunOutcome outcome) =>
        Shown(outcome).Select(name => KeyValuePair.Create(name, Number(outcome, name, MeanKey)))
            .Concat((outcome.Ratings?.Policies ?? new Dictionary<string, PolicyRating>()).SelectMany(entry => ((string, double?)[])[($"{entry.Key}_{QMeanKey}", entry.Value.QMean), ($"{entry.Key}_{BeyondKey}", entry.Value.Beyond)])
                .Where(number => number.Item2 is not null).Select(number => KeyValuePair.Create(number.Item1, number.Item2!.Value)));

    public override IEnumerable<string> Lines(RunOutcome outcome)
    {
        foreach (string name in Shown(outcome))
        {
            string score = IsNormalised(outcome) ? FormattableString.Invariant($"score {Number(outcome, name, MeanKey):0.0} ± {Number(outcome, name, DeviationKey):0.0}, ") : string.Empty;
            yield return Line(name, $"{score}return {Return(outcome, name)}, {Number(outcome, name, "episodes"):0} episodes{Chosen(outcome, name) switch { null => string.Empty, { } which => ", " + which }}");
        }

        foreach (var (name, rating) in Ratings(outcome))
            yield return Line(name, $"Q {Q(rating)}{(Gain(rating) is { } gain ? $", {gain} beside the data's" : string.Empty)}{(rating.Beyond is { } beyond ? FormattableString.Invariant($", {beyond:0.0 %} of its actions beyond the behavior's 99 %") : string.Empty)}");
        if (outcome.HeldOutLoss is { } loss)
            yield return Line("held-out loss", $"{loss:0.0000}");
        if (Published(outcome) is { } published && outcome.Scores.ContainsKey(Rollouts.PolicyRejecting))
            yield return Line("paper", $"score {published.Mean:0.0} ± {published.Deviation:0.0}");
    }

    public override IEnumerable<string> Lines(RunOutcome example, IReadOnlyDictionary<string, Spread> numbers)
    {
        foreach (string name in Names(example).Where(numbers.ContainsKey))
            yield return Line(name, $"score {numbers[name].Show(1)}");
        foreach (string name in Names(example).Where(name => numbers.ContainsKey($"{name}_{QMeanKey}")))
            yield return Line(name, $"Q {numbers[$"{name}_{QMeanKey}"].Show(3)}");
        if (Published(example) is { } published)
            yield return Line("paper", $"score {published.Mean:0.0} ± {published.Deviation:0.0}");
    }

    public override IEnumerable<Figure> Draw(RunOutcome outcome, RunResult? result, MetricsHistory history, IDevice device, RunFolder folder)
    {
        if (outcome.Scores.Count > 0)
            yield return ScoreFigure.Draw(Episodes(outcome), IsNormalised(outcome) ? "normalised score" : "return", Published(outcome)?.Mean);
        if (outcome.IsMeasured && File.Exists(folder.ActionSamples) && ActionSamples.Load(folder.ActionSamples) is { ActionSize: > 1 } samples)
            yield return ActionFigure.Draw(samples);
        if (history.Scores is { } scores)
            yield return CurveFigure.Scores(scores, outcome.Settings.Evaluation.Episodes);
        if (history.Curves is { Count: > 0 } curves)
            yield return CurveFigure.Losses(curves);
    }

    // Another file of the same name is not what the paper measured.
    private static PublishedScore? Published(RunOutcome outcome) => outcome.IsOnPublishedFile ? (outcome.Task as DatasetTask)?.Published : null;

    private static double Number(RunOutcome outcome, string score, string key) => outcome.Scores[score][key]!.GetValue<double>();

    // An environment without references is measured by its returns, and a score that is the same number would only stand there twice.
    private static bool IsNormalised(RunOutcome outcome) => !EnvironmentCatalogue.Find(outcome.Settings.Environment).Reference.IsIdentity;

    // The deviation stands beside the score, where there is one.
    private static string Return(RunOutcome outcome, string name) =>
        FormattableString.Invariant($"{Number(outcome, name, "return_mean"):0.###}") + (IsNormalised(outcome) ? string.Empty : FormattableString.Invariant($" ± {Number(outcome, name, "return_std"):0.###}"));

    private static NumberRow Row(RunOutcome outcome, string name)
    {
        var cells = new List<string>();
        if (IsNormalised(outcome))
            cells.Add(FormattableString.Invariant($"{Number(outcome, name, MeanKey):0.0} ± {Number(outcome, name, DeviationKey):0.0}").Replace('-', '−'));
        cells.AddRange([Return(outcome, name).Replace('-', '−'), FormattableString.Invariant($"{Number(outcome, name, "episodes"):0}")]);
        if (Published(outcome) is { } published)
            cells.Add(name == Rollouts.PolicyRejecting ? FormattableString.Invariant($"{published.Mean:0.0} ± {published.Deviation:0.0}") : string.Empty);
        return new NumberRow(name, cells, Describe(outcome, name));
    }

    private static JsonObject ToJson(PolicyRating rating) => new() { [QMeanKey] = rating.QMean, [QDeviationKey] = rating.QDeviation, [QGainKey] = rating.QGain, [QGainErrorKey] = rating.QGainError, [BeyondKey] = rating.Beyond };

    private static IEnumerable<KeyValuePair<string, PolicyRating>> Ratings(RunOutcome outcome) => outcome.Ratings is { } ratings ? [KeyValuePair.Create(DataKey, ratings.Data), .. ratings.Policies] : [];

    private static IEnumerable<NumberRow> RatingRows(RunOutcome outcome) => Ratings(outcome).Select(entry => new NumberRow(
        entry.Key,
        [
            Q(entry.Value).Replace('-', '−'),
            (Gain(entry.Value) ?? "–").Replace('-', '−'),
            entry.Value.Beyond is { } beyond ? beyond.ToString("0.0 %", CultureInfo.InvariantCulture) : "–",
            FormattableString.Invariant($"{outcome.Ratings!.States} × {(entry.Key == DataKey ? 1 : outcome.Ratings.Samples)}"),
        ],
        entry.Key == DataKey ? "the dataset's own actions; Q is the critic's, in units of its rewards: ± over states, ± of what it is above the data's by standard error" : Describe(outcome, entry.Key)));

    private static string Q(PolicyRating rating) => rating.QMean is { } mean ? FormattableString.Invariant($"{mean:0.###} ± {rating.QDeviation:0.###}") : "–";

    private static string? Gain(PolicyRating rating) => rating.QGain is { } gain ? FormattableString.Invariant($"{gain:+0.###;-0.###;0}") + (rating.QGainError is { } error ? FormattableString.Invariant($" ± {error:0.###}") : string.Empty) : null;

    // Those that the method has, in its order, and what else there is.
    private static IEnumerable<string> Names(RunOutcome outcome) => outcome.Settings.Method.Row.Scores.Select(score => score.Name).Union(outcome.Scores.Keys);

    private static IEnumerable<string> Shown(RunOutcome outcome) => Names(outcome).Where(outcome.Scores.ContainsKey);

    private static string? Chosen(RunOutcome outcome, string name) => outcome.Scores[name]["chosen"]?.GetValue<string>();

    private static string Describe(RunOutcome outcome, string name)
    {
        string what = outcome.Settings.Method.Row.Scores.FirstOrDefault(score => score.Name == name)?.Describe(outcome.Settings) ?? string.Empty;
        if (outcome.Scores.ContainsKey(name) && Chosen(outcome, name) is { } chosen)
            what += $": {chosen}";
        return name == Rollouts.PolicyRejecting && Published(outcome) is not null ? what + "; paper: mean ± deviation over seeds" : what;
    }

    /// <summary>Every episode's normalised score, in the order the scores are reported.</summary>
    private static IReadOnlyList<(string Name, double[] Scores)> Episodes(RunOutcome outcome)
    {
        var reference = EnvironmentCatalogue.Find(outcome.Settings.Environment).Reference;
        return [.. Shown(outcome).Select(name => (name, outcome.Scores[name]["returns"]!.AsArray().Select(value => reference.Score(value!.GetValue<double>())).ToArray()))];
    }
}
