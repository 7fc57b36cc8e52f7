using System.Text.Json;
using System.Text.Json.Nodes;
using EDA.Engine.Alignment;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using EDA.Host.Runs;

namespace EDA.Host.Reports;

/// <summary>What a run came to, over all the commands that worked on its folder, ready to be reported.</summary>
public sealed record RunOutcome
{
    private const string StepsKey = "steps", TotalsKey = "total_steps", SecondsKey = "seconds", TotalKey = "total", FiguresKey = "figures", ScoresKey = "scores";

    /// <summary>The task.</summary>
    public required RunTask Task { get; init; }

    /// <summary>The settings.</summary>
    public required RunSettings Settings { get; init; }

    /// <summary>The budget's name.</summary>
    public required string Budget { get; init; }

    /// <summary>The seeds it was trained with as one batch, FIRST..LAST; null where it was trained alone.</summary>
    public string? Batch { get; init; }

    /// <summary>The device, with what matters for speed.</summary>
    public required string Device { get; init; }

    /// <summary>The precision of matrix products.</summary>
    public string Precision { get; init; } = Devices.DeviceChoice.DefaultPrecision;

    /// <summary>The command that does the same again.</summary>
    public required string Command { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>Whether its data is a published file, as a recorded download shows: with that of another the paper has nothing to do.</summary>
    public bool IsOnPublishedFile { get; init; }

    /// <summary>Whether it was cut short by the user.</summary>
    public bool Interrupted { get; init; }

    /// <summary>Why it failed; null where it did not.</summary>
    public string? Error { get; init; }

    /// <summary>The stages, in order; the last may be cut short.</summary>
    public required IReadOnlyList<StageResult> Stages { get; init; }

    /// <summary>Seconds by stage, the drawing of the figures and the total included.</summary>
    public required IReadOnlyList<KeyValuePair<string, double>> Seconds { get; init; }

    /// <summary>The scores by name, as result.json has them; without those that were not measured.</summary>
    public IReadOnlyDictionary<string, JsonObject> Scores { get; init; } = new Dictionary<string, JsonObject>();

    /// <summary>What policies do in states of the dataset; null where they were rolled out, or not measured.</summary>
    public DatasetRatings? Ratings { get; init; }

    /// <summary>The behavior model's loss on the pairs kept back; null where there is none.</summary>
    public double? HeldOutLoss { get; init; }

    /// <summary>Candidates sampled per second; null where none were.</summary>
    public double? CandidateRate { get; init; }

    /// <summary>The numbers against a bandit's exact answer; null where the run did not get so far, or has none.</summary>
    public BanditMetrics? Exact { get; init; }

    /// <summary>The mean energy of a bandit's dataset, which the behavior's samples should have; null where it is not known.</summary>
    public double? DatasetMeanQ { get; init; }

    /// <summary>The energy distances of generative models by the models' keys; null where the run did not get so far, or has none.</summary>
    public IReadOnlyDictionary<string, double>? EnergyDistances { get; init; }

    /// <summary>Whether it has numbers.</summary>
    public bool IsMeasured => Exact is not null || EnergyDistances is not null || Scores.Count > 0 || Ratings is not null;

    /// <summary>What the commands on a folder have come to, by what they left in it.</summary>
    /// <param name="request">What the run was made for.</param>
    /// <param name="result">Its result.json; null where there is none yet.</param>
    /// <param name="history">What was measured along the way.</param>
    /// <returns>The outcome.</returns>
    public static RunOutcome Of(RunRequest request, JsonObject? result, MetricsHistory history)
    {
        var outcome = new RunOutcome
        {
            Task = request.Task,
            Settings = request.Settings,
            Budget = request.Budget,
            Batch = result?["seeds"]?.GetValue<string>(),
            Device = result?["device"]?.GetValue<string>() ?? request.Device,
            Precision = result?["precision"]?.GetValue<string>() ?? request.Precision ?? Devices.DeviceChoice.DefaultPrecision,
            Command = request.Command,
            Started = result?["started"]?.GetValue<DateTimeOffset>() ?? default,
            IsOnPublishedFile = request.Dataset is { } path && ChecksumFile.IsRecorded(path, request.Sha256),
            Interrupted = result?["interrupted"]?.GetValue<bool>() ?? false,
            Error = result?["error"]?.GetValue<string>(),
            Stages = [],
            Seconds = [],
        }.WithHistory(history);
        return result is null ? outcome : outcome.After(result).Timed(result, 0, 0);
    }

    /// <summary>This with the numbers that are known from what was measured along the way.</summary>
    /// <param name="history">What was measured.</param>
    /// <returns>The same outcome with them.</returns>
    public RunOutcome WithHistory(MetricsHistory history) => this with
    {
        HeldOutLoss = history.Last(BehaviorPretraining.StageName, "held_out_loss"),
        CandidateRate = history.Last(CandidateSampling.StageName, "actions_per_second"),
    };

    /// <summary>
    /// This with what one more command came to. Numbers of what has been trained on since are dropped, and those that the
    /// settings no longer ask for: a run is rolled out or rated, never both.
    /// </summary>
    /// <param name="result">The stages it ran, and what it measured.</param>
    /// <param name="advanced">The stages in which it took steps.</param>
    /// <returns>The sum.</returns>
    public RunOutcome With(RunResult result, IReadOnlySet<string> advanced)
    {
        var all = Stages.ToList();
        bool trained = advanced.Any(stage => stage != Rollouts.StageName);
        foreach (var stage in result.Stages)
        {
            int index = all.FindIndex(known => known.Stage == stage.Stage);
            if (index < 0)
                all.Add(stage);
            else
                all[index] = stage with { Seconds = all[index].Seconds + stage.Seconds, LastLoss = stage.LastLoss ?? all[index].LastLoss };
        }

        var measured = trained || !Settings.Evaluation.RollsOut ? [] : new Dictionary<string, JsonObject>(Scores);
        foreach (var (name, score) in result.Scores)
            measured[name] = JsonSerializer.SerializeToNode(score, SettingPaths.Json)!.AsObject();
        return this with
        {
            Stages = all,
            Scores = measured,
            Ratings = result.Ratings ?? (trained || Settings.Evaluation.RollsOut ? null : Ratings),
            Exact = result.Exact?.Metrics ?? (trained ? null : Exact),
            DatasetMeanQ = result.Exact?.Dataset.Energies.Average(),
            EnergyDistances = result.Generators?.Columns.ToDictionary(column => column.Model.Key, column => column.EnergyDistance) ?? (trained ? null : EnergyDistances),
        };
    }

    /// <summary>This with what the commands before came to.</summary>
    /// <param name="earlier">Their result.json.</param>
    /// <returns>The sum.</returns>
    public RunOutcome After(JsonObject earlier)
    {
        var steps = earlier[StepsKey]?.AsObject() ?? [];
        var totals = earlier[TotalsKey]?.AsObject() ?? [];
        var stages = steps.Select(entry => new StageResult(
            entry.Key,
            entry.Value!.GetValue<long>(),
            totals[entry.Key]?.GetValue<long>() ?? entry.Value!.GetValue<long>(),
            SecondsOf(earlier, entry.Key),
            null)).ToList();
        if (earlier[SecondsKey]?[Rollouts.StageName] is { } seconds)
            stages.Add(new StageResult(Rollouts.StageName, 1, 1, seconds.GetValue<double>(), null));
        var scores = (earlier[ScoresKey]?.AsObject() ?? []).Where(entry => entry.Value is not null && !Rollouts.EarlierNames.Values.Contains(entry.Key))
            .ToDictionary(entry => entry.Key, entry => entry.Value!.DeepClone().AsObject());
        return this with { Stages = stages, Scores = scores, Ratings = DatasetPresentation.ReadRatings(earlier), Exact = BanditPresentation.Read(earlier), EnergyDistances = GeneratorsPresentation.Read(earlier) };
    }

    /// <summary>This with the seconds of the stages, of drawing and of everything.</summary>
    /// <param name="earlier">The result.json of the commands before; null for none.</param>
    /// <param name="drawing">What drawing took now.</param>
    /// <param name="total">What the command took.</param>
    /// <returns>The same outcome with seconds.</returns>
    public RunOutcome Timed(JsonObject? earlier, double drawing, double total) => this with
    {
        Seconds =
        [
            .. Stages.Select(stage => KeyValuePair.Create(stage.Stage, stage.Seconds)),
            KeyValuePair.Create(FiguresKey, drawing + SecondsOf(earlier, FiguresKey)),
            KeyValuePair.Create(TotalKey, total + SecondsOf(earlier, TotalKey)),
        ],
    };

    private static double SecondsOf(JsonObject? earlier, string stage) => earlier?[SecondsKey]?[stage]?.GetValue<double>() ?? 0;
}
