using System.Text.Json;
using System.Text.Json.Nodes;
using EDA.Engine;
using EDA.Engine.Files;
using EDA.Engine.Runs;
using EDA.Host.Experiments.Report;
using EDA.Host.Reports;
using EDA.Host.Runs;

namespace EDA.Host.View;

/// <summary>How far a run is, by what lies in its folder.</summary>
internal enum RunState
{
    /// <summary>A process works on it.</summary>
    Running,

    /// <summary>It has its numbers.</summary>
    Finished,

    /// <summary>No process works on it, and it has no numbers yet: begun and not gone on with, killed, or interrupted.</summary>
    Stopped,

    /// <summary>It failed.</summary>
    Failed,

    /// <summary>Its folder cannot be read.</summary>
    Broken,
}

/// <summary>One run as a list shows it.</summary>
internal sealed record RunRow
{
    private static readonly Dictionary<string, string[]> _stepPaths = new()
    {
        ["behavior"] = ["behavior", "steps"],
        ["critic"] = ["critic", "steps"],
        ["weighted"] = ["weighted", "training", "steps"],
        ["alignment"] = ["alignment", "steps"],
        ["policy"] = ["method", "training", "steps"],
        ["vae"] = ["method", "vae", "steps"],
        ["ebm"] = ["method", "ebm", "steps"],
    };

    /// <summary>What it is asked for by.</summary>
    public required string Id { get; init; }

    /// <summary>Its folder, as a reader at the current folder would name it.</summary>
    public required string Folder { get; init; }

    /// <summary>How far it is.</summary>
    public required RunState State { get; init; }

    /// <summary>Why it failed or cannot be read, or who works on it; null for nothing to say.</summary>
    public string? Reason { get; init; }

    /// <summary>The recipe.</summary>
    public string Recipe { get; init; } = string.Empty;

    /// <summary>The method.</summary>
    public string Method { get; init; } = string.Empty;

    /// <summary>The budget.</summary>
    public string Budget { get; init; } = string.Empty;

    /// <summary>The seed; null of a broken folder.</summary>
    public ulong? Seed { get; init; }

    /// <summary>The stage that reported last, by its name in metrics.csv; null where none did.</summary>
    public string? Stage { get; init; }

    /// <summary>The step it reported.</summary>
    public long Step { get; init; }

    /// <summary>All steps of that stage; null where the settings do not say.</summary>
    public long? Steps { get; init; }

    /// <summary>The number that runs are compared by first; null where there is none yet.</summary>
    public double? Score { get; init; }

    /// <summary>Which number that is.</summary>
    public string? ScoreName { get; init; }

    /// <summary>When anything of it was last written, seconds since 1970 (UTC).</summary>
    public long Written { get; init; }

    /// <summary>Every setting beside recipe, method, budget and seed, by path.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = None;

    /// <summary>No settings.</summary>
    public static IReadOnlyDictionary<string, string> None { get; } = new Dictionary<string, string>();

    /// <summary>Reads a run folder; whatever is wrong with it becomes its reason.</summary>
    /// <param name="id">What it is asked for by.</param>
    /// <param name="folder">The folder.</param>
    /// <returns>The row.</returns>
    public static RunRow Read(string id, string folder)
    {
        var row = new RunRow { Id = id, Folder = NewFolder.Shown(folder), State = RunState.Broken };
        string reading = ViewedRun.ConfigName;
        try
        {
            var files = new ViewedRun(folder);
            var config = files.ReadConfig();
            row = row with
            {
                Recipe = Named(config),
                Method = config["method"]?["name"]?.GetValue<string>() ?? "eda",
                Budget = config["budget"]!.GetValue<string>(),
                Seed = config["seed"]!.GetValue<ulong>(),
                Settings = SettingsOf(config),
                Written = files.Written,
            };
            reading = "metrics.csv";
            if (SharedFile.LastRow(files.Metrics)?.Split(',') is [var stage, var step, ..])
                row = row with { Stage = stage, Step = long.Parse(step, CultureInfo.InvariantCulture), Steps = StepsOf(config, stage) };
            reading = RunFolder.ResultName;
            var result = files.ReadResult();
            string? error = result?["error"]?.GetValue<string>();
            var series = result is null ? null : Headline(result);
            row = row with { Score = series?.Read(result!), ScoreName = series?.Name };
            string? holder = FolderLock.HolderOf(folder);
            return holder is not null ? row with { State = RunState.Running, Reason = holder }
                : error is not null ? row with { State = RunState.Failed, Reason = OneLine.Of(error) }
                : result?["interrupted"]?.GetValue<bool>() == true ? row with { State = RunState.Stopped, Reason = "interrupted" }
                : series is not null || result?[DatasetPresentation.RatingsKey] is JsonObject ? row with { State = RunState.Finished }
                : row with { State = RunState.Stopped, Reason = row.Stage is null ? "not begun" : "not gone on with" };
        }
        catch (Exception broken) when (IsOfTheFolder(broken))
        {
            return row with { State = RunState.Broken, Reason = OneLine.Of($"{reading}: {Why(broken)}") };
        }
    }

    /// <summary>Whether an error says something of the folder that was read, and not of this program.</summary>
    public static bool IsOfTheFolder(Exception error) =>
        error is JsonException or InvalidOperationException or FormatException or OverflowException or NullReferenceException or ArgumentException or IOException or UnauthorizedAccessException or InvalidFileException or InvalidSettingException or CommandLine.UserError;

    /// <summary>What such an error says to a user.</summary>
    public static string Why(Exception error) => error switch
    {
        JsonException => "is no whole JSON document",
        IOException or UnauthorizedAccessException or InvalidFileException or InvalidSettingException or CommandLine.UserError => error.Message,
        _ => "lacks what a run's has, or has something else in its place",
    };

    // The score by which the method's own paper would be cited, else the first that there is.
    private static ReportSeries? Headline(JsonObject result) =>
        ReportSeries.All.FirstOrDefault(series => series.Name == Engine.Evaluation.Rollouts.PolicyBest && series.Read(result) is not null) ?? ReportSeries.All.FirstOrDefault(series => series.Read(result) is not null);

    // A recipe for any file says nothing without its environment.
    private static string Named(JsonObject config)
    {
        string recipe = config["recipe"]!.GetValue<string>();
        return RunTask.Table.All.OfType<DatasetTask>().Any(task => task.Name == recipe && task.Environment is null) ? $"{recipe} {config["environment"]!.GetValue<string>()}" : recipe;
    }

    private static long? StepsOf(JsonObject config, string stage)
    {
        if (!_stepPaths.TryGetValue(stage, out string[]? path))
            return null;
        return path.Aggregate((JsonNode?)config, (node, name) => node is JsonObject section ? section[name] : null) is JsonValue value && value.TryGetValue(out long steps) ? steps : null;
    }

    private static Dictionary<string, string> SettingsOf(JsonObject config)
    {
        var settings = new Dictionary<string, string>();
        Collect(config, string.Empty);
        return settings;

        void Collect(JsonObject section, string prefix)
        {
            foreach (var (key, value) in section)
            {
                if (prefix.Length == 0 && key is "recipe" or "budget" or "seed" or "command" or "options" or "version" or "bandit" or "checkpoints" or "memory" or "dataset")
                    continue;
                string path = string.Intern(prefix + key);
                if (value is JsonObject nested)
                    Collect(nested, prefix + key + ".");
                else if (path != "method.name")
                    settings[path] = string.Intern(value is JsonValue text && text.TryGetValue(out string? word) ? word : value?.ToJsonString(SettingPaths.Json) ?? "none");
            }
        }
    }
}
