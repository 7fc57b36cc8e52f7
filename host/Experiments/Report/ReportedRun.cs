using System.Text.Json;
using System.Text.Json.Nodes;
using EDA.Engine;
using EDA.Engine.Baselines;
using EDA.Engine.Data;
using EDA.Engine.Runs;
using EDA.Host.Reports;
using EDA.Host.Runs;

namespace EDA.Host.Experiments.Report;

/// <summary>A finished run, as its folder tells it.</summary>
internal sealed record ReportedRun
{
    private const string LabelsKey = "labelsFile", PrecisionKey = "precision";

    // What is only looked at.
    private static readonly string[] _shown = ["evaluation.recorded", "evaluation.shownStates"];

    /// <summary>Its folder.</summary>
    public required RunFolder Folder { get; init; }

    /// <summary>What it was made for.</summary>
    public required RunRequest Request { get; init; }

    /// <summary>The engine's version.</summary>
    public required string Version { get; init; }

    /// <summary>The numbers that it has.</summary>
    public required IReadOnlyDictionary<ReportSeries, double> Scores { get; init; }

    /// <summary>Everything beside the seed that its numbers depend on within its task, by path.</summary>
    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    /// <summary>The seed.</summary>
    public ulong Seed => Request.Settings.Seed;

    /// <summary>Whether its data is a recorded download.</summary>
    public bool IsOnRecordedDownload => Request.Dataset is { } path && ChecksumFile.IsRecorded(path, Request.Sha256);

    /// <summary>The paths that a kind of run can be grouped by, in order: those that its numbers depend on.</summary>
    /// <param name="kind">The kind.</param>
    /// <returns>The paths.</returns>
    public static IEnumerable<string> Paths(RunKind kind) => Method.Table.All.Where(method => method.Kinds.Contains(kind)).SelectMany(method => Paths(kind, method)).Distinct();

    private static IEnumerable<string> Paths(RunKind kind, Method method) =>
        [SweepDefinition.MethodKey, .. SettingPaths.Of(kind, method).Keys.Where(path => !_shown.Contains(path) && path.Split('.')[0] is not ("checkpoints" or "memory")), PrecisionKey, .. kind == RunKind.Dataset ? (string[])[LabelsKey] : []];

    /// <summary>Reads a run folder.</summary>
    /// <param name="folder">The folder, with its config.json.</param>
    /// <param name="why">Why there is no finished run in it; null where there is.</param>
    /// <returns>The run; null where it is not finished.</returns>
    public static ReportedRun? Read(RunFolder folder, out string? why)
    {
        try
        {
            var request = RunRequest.FromConfig(folder);
            if (!File.Exists(folder.Result))
                return None("unfinished, it has no result.json", out why);
            var result = RunDocuments.Read(folder.Result);
            if (result["error"]?.GetValue<string>() is { } error)
                return None($"failed, {OneLine.Of(error)}", out why);
            if (result["interrupted"]?.GetValue<bool>() == true)
                return None("unfinished, it was interrupted", out why);
            var scores = new Dictionary<ReportSeries, double>();
            foreach (var series in ReportSeries.All.Where(series => series.Kind == request.Settings.Kind))
            {
                if (series.Read(result) is { } value)
                    scores[series] = double.IsFinite(value) ? value : throw new FormatException($"{series.Name} is {value}");
            }

            if (scores.Count == 0 && result[DatasetPresentation.RatingsKey] is JsonObject)
                return None("measured without rollouts, it has no scores", out why);
            if (scores.Count == 0)
                return None("unfinished, it has not been evaluated", out why);
            var config = RunDocuments.Read(folder.Config);
            why = null;
            return new ReportedRun
            {
                Folder = folder,
                Request = request,
                Version = Word(config, "version"),
                Scores = scores,
                Settings = Paths(request.Settings.Kind, request.Settings.Method.Row).ToDictionary(path => path, path => path is SweepDefinition.MethodKey ? request.Settings.Method.Row.Name : path is LabelsKey or PrecisionKey ? Word(config, path) : SettingPaths.Value(request.Settings, path)),
            };
        }
        catch (InvalidFileException broken)
        {
            return None($"{Path.GetFileName(broken.Path)}: {broken.Reason}", out why);
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException or FormatException or IOException or UnauthorizedAccessException)
        {
            return None($"{Path.GetFileName(folder.Result)} is not the result of a run", out why);
        }
    }

    private static string Word(JsonObject config, string key) => config[key]?.GetValue<string>() ?? "none";

    private static ReportedRun? None(string reason, out string? why)
    {
        why = reason;
        return null;
    }
}
