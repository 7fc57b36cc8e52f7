using System.Text.Json;
using System.Text.Json.Nodes;
using EDA.Engine.Environments;
using EDA.Engine.Stages;
using EDA.Host.Recipes;

namespace EDA.Host.Reports;

/// <summary>What a run on a dataset came to, over all the commands that worked on its folder.</summary>
public sealed record OfflineOutcome : RunOutcome
{
    private const string ScoresKey = "scores", StepsKey = "steps", TotalsKey = "total_steps", SecondsKey = "seconds", TotalKey = "total", FiguresKey = "figures";

    /// <summary>The settings.</summary>
    public required OfflineRun Settings { get; init; }

    /// <summary>The task.</summary>
    public required OfflineTask Task { get; init; }

    /// <summary>The scores by name, as result.json has them; without those that were not measured.</summary>
    public IReadOnlyDictionary<string, JsonObject> Scores { get; init; } = new Dictionary<string, JsonObject>();

    /// <summary>The behavior model's loss on the pairs kept back; null where there is none.</summary>
    public double? HeldOutLoss { get; init; }

    /// <summary>Candidates sampled per second; null where none were.</summary>
    public double? CandidateRate { get; init; }

    /// <inheritdoc/>
    public override ulong Seed => Settings.Seed;

    /// <inheritdoc/>
    public override AlignmentSettings Alignment => Settings.Alignment;

    /// <inheritdoc/>
    public override NumberTable? Numbers => Scores.Count == 0 && HeldOutLoss is null ? null : new(
        ["normalised score", "return", "episodes", "paper"],
        [
            .. OfflineEvaluation.Names.Where(Scores.ContainsKey).Select(Row),
            .. HeldOutLoss is { } loss ? [new NumberRow("held_out_loss", [loss.ToString("0.0000", CultureInfo.InvariantCulture), string.Empty, string.Empty, string.Empty], "‖σ_{t}∇f + ε‖^{2} on state-action pairs that pretraining did not see")] : (IEnumerable<NumberRow>)[],
        ]);

    /// <inheritdoc/>
    public override void AddNumbers(JsonObject document)
    {
        document["environment"] = Settings.Environment;
        document["critic"] = JsonSerializer.SerializeToNode(Settings.Critic.Method, SettingPaths.Json);
        document["held_out_loss"] = HeldOutLoss;
        document["candidates_per_second"] = CandidateRate is { } rate ? Math.Round(rate, 1) : null;
        document[ScoresKey] = new JsonObject(OfflineEvaluation.Names.Select(name => KeyValuePair.Create(name, (JsonNode?)Scores.GetValueOrDefault(name)?.DeepClone())));
        document["published"] = Task.Published is { } published ? new JsonObject { ["mean"] = published.Mean, ["deviation"] = published.Deviation } : null;
        document[TotalsKey] = new JsonObject(Trained.Select(stage => KeyValuePair.Create(stage.Stage, (JsonNode?)stage.Total)));
    }

    private IEnumerable<StageResult> Trained => Stages.Where(stage => stage.Stage != OfflineEvaluation.StageName);

    /// <summary>This with what one more command came to. Scores of what has been trained on since are dropped.</summary>
    /// <param name="stages">The stages it ran.</param>
    /// <param name="scores">The scores it measured.</param>
    /// <param name="advanced">The stages in which it took steps.</param>
    /// <returns>The sum.</returns>
    public OfflineOutcome With(IReadOnlyList<StageResult> stages, IReadOnlyDictionary<string, PolicyScore> scores, IReadOnlySet<string> advanced)
    {
        var all = Stages.ToList();
        bool trained = advanced.Any(stage => stage != OfflineEvaluation.StageName);
        foreach (var stage in stages)
        {
            int index = all.FindIndex(known => known.Stage == stage.Stage);
            if (index < 0)
                all.Add(stage);
            else
                all[index] = stage with { Seconds = all[index].Seconds + stage.Seconds, LastLoss = stage.LastLoss ?? all[index].LastLoss };
        }

        var measured = trained ? [] : new Dictionary<string, JsonObject>(Scores);
        foreach (var (name, score) in scores)
            measured[name] = JsonSerializer.SerializeToNode(score, SettingPaths.Json)!.AsObject();
        return this with { Stages = all, Scores = measured };
    }

    /// <summary>This with the seconds of the stages, of drawing and of everything.</summary>
    /// <param name="earlier">The result.json of the commands before; null for none.</param>
    /// <param name="drawing">What drawing took now.</param>
    /// <param name="total">What the command took.</param>
    /// <returns>The same outcome with seconds.</returns>
    public OfflineOutcome Timed(JsonObject? earlier, double drawing, double total) => this with
    {
        Seconds =
        [
            .. Stages.Select(stage => KeyValuePair.Create(stage.Stage, stage.Seconds)),
            KeyValuePair.Create(FiguresKey, drawing + Earlier(earlier, FiguresKey)),
            KeyValuePair.Create(TotalKey, total + Earlier(earlier, TotalKey)),
        ],
    };

    /// <summary>This with what the commands before came to.</summary>
    /// <param name="earlier">Their result.json.</param>
    /// <returns>The sum.</returns>
    public OfflineOutcome After(JsonObject earlier)
    {
        var steps = earlier[StepsKey]?.AsObject() ?? [];
        var totals = earlier[TotalsKey]?.AsObject() ?? [];
        var stages = steps.Select(entry => new StageResult(
            entry.Key,
            entry.Value!.GetValue<long>(),
            totals[entry.Key]?.GetValue<long>() ?? entry.Value!.GetValue<long>(),
            Earlier(earlier, entry.Key),
            null)).ToList();
        if (earlier[SecondsKey]?[OfflineEvaluation.StageName] is { } seconds)
            stages.Add(new StageResult(OfflineEvaluation.StageName, 1, 1, seconds.GetValue<double>(), null));
        var scores = (earlier[ScoresKey]?.AsObject() ?? []).Where(entry => entry.Value is not null)
            .ToDictionary(entry => entry.Key, entry => entry.Value!.DeepClone().AsObject());
        return this with { Stages = stages, Scores = scores };
    }

    private static double Earlier(JsonObject? earlier, string stage) => earlier?[SecondsKey]?[stage]?.GetValue<double>() ?? 0;

    private NumberRow Row(string name)
    {
        var score = Scores[name];
        string paper = name == OfflineEvaluation.PolicyRejecting && Task.Published is { } published
            ? FormattableString.Invariant($"{published.Mean:0.0} ± {published.Deviation:0.0}")
            : string.Empty;
        return new NumberRow(
            name,
            [
                FormattableString.Invariant($"{Number("normalized_mean"):0.0} ± {Number("normalized_std"):0.0}").Replace('-', '−'),
                FormattableString.Invariant($"{Number("return_mean"):0.###}").Replace('-', '−'),
                FormattableString.Invariant($"{Number("episodes"):0}"),
                paper,
            ],
            Describe(name));

        double Number(string key) => score[key]!.GetValue<double>();
    }

    private string Describe(string name) => name switch
    {
        OfflineEvaluation.Behavior => "the behavior model, one sample for each state",
        OfflineEvaluation.Policy => "the aligned policy, one sample for each state",
        OfflineEvaluation.PolicyRejecting => $"the aligned policy, of {Settings.Evaluation.Candidates} samples the one of highest Q" + (Task.Published is null ? string.Empty : "; paper: mean ± deviation over seeds"),
        OfflineEvaluation.BehaviorRejecting => $"the behavior model, of {Settings.Evaluation.Candidates} samples the one of highest Q",
        _ => "the deterministic policy of implicit Q-learning",
    };

    /// <summary>Every episode's normalised score, by the scores' names.</summary>
    /// <returns>The scores in the order they are reported.</returns>
    public IReadOnlyList<(string Name, double[] Scores)> Episodes()
    {
        var reference = EnvironmentCatalogue.Find(Settings.Environment).Description.Reference;
        return [.. OfflineEvaluation.Names.Where(Scores.ContainsKey)
            .Select(name => (name, Scores[name]["returns"]!.AsArray().Select(value => reference.Score(value!.GetValue<double>())).ToArray()))];
    }
}
