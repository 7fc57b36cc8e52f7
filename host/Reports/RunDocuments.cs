using System.Text.Json;
using System.Text.Json.Nodes;
using EDA.Engine;
using EDA.Engine.Stages;
using EDA.Host.Recipes;

namespace EDA.Host.Reports;

/// <summary>Writes config.json and result.json. Their keys are an interface: docs/run-folder.md lists them.</summary>
public static class RunDocuments
{
    /// <summary>Every setting of a run, resolved, nested as `--set` names them.</summary>
    /// <param name="recipe">The recipe's name.</param>
    /// <param name="budget">The budget's name.</param>
    /// <param name="device">The device as the user names it.</param>
    /// <param name="precision">The precision of matrix products.</param>
    /// <param name="command">The command that does the same again.</param>
    /// <param name="run">The settings record of this kind of run.</param>
    /// <returns>The document.</returns>
    public static JsonObject Config(string recipe, string budget, string device, string precision, string command, object run)
    {
        var document = new JsonObject
        {
            ["recipe"] = recipe,
            ["budget"] = budget,
            ["device"] = device,
            ["precision"] = precision,
            ["command"] = command,
            ["version"] = ProgramVersion.Engine,
        };
        foreach (var (key, value) in JsonSerializer.SerializeToNode(run, run.GetType(), SettingPaths.Json)!.AsObject())
            document[key] = value?.DeepClone();
        return document;
    }

    /// <summary>What a run came to.</summary>
    /// <param name="outcome">The outcome.</param>
    /// <returns>The document.</returns>
    public static JsonObject Result(RunOutcome outcome)
    {
        var document = new JsonObject
        {
            ["recipe"] = outcome.Recipe,
            ["budget"] = outcome.Budget,
            ["seed"] = outcome.Seed,
            ["objective"] = JsonSerializer.SerializeToNode(outcome.Alignment.Objective, SettingPaths.Json),
            ["interrupted"] = outcome.Interrupted,
        };
        if (outcome.Batch is not null)
            document["seeds"] = outcome.Batch;
        if (outcome.Error is not null)
            document["error"] = outcome.Error;

        outcome.AddNumbers(document);
        document["steps"] = new JsonObject(outcome.Stages.Where(stage => stage.Stage != BanditPipeline.EvaluationStageName)
            .Select(stage => KeyValuePair.Create(stage.Stage, (JsonNode?)stage.Steps)));
        document["seconds"] = new JsonObject(outcome.Seconds.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)Math.Round(pair.Value, 3))));
        document["device"] = outcome.Device;
        document["precision"] = outcome.Precision;
        document["version"] = ProgramVersion.Engine;
        document["runtime"] = ProgramVersion.Runtime;
        document["system"] = ProgramVersion.System;
        document["started"] = Utc(outcome.Started);
        return document;
    }

    /// <summary>The numbers of a run by their keys.</summary>
    /// <param name="metrics">The numbers.</param>
    /// <returns>The same; null for those that the objective does not have.</returns>
    internal static IReadOnlyDictionary<string, double?> Numbers(BanditMetrics metrics) =>
        JsonSerializer.SerializeToNode(metrics, SettingPaths.Json)!.AsObject().ToDictionary(number => number.Key, number => number.Value?.GetValue<double>());

    /// <summary>A moment in UTC, ISO 8601.</summary>
    internal static string Utc(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Writes a document as indented JSON; what was there stays until all of it is written.</summary>
    /// <param name="path">The file.</param>
    /// <param name="document">The document.</param>
    public static void Save(string path, JsonObject document) =>
        WholeFile.Write(path, overwrite: true, file => File.WriteAllText(file, document.ToJsonString(SettingPaths.Json).ReplaceLineEndings("\n") + "\n"));
}
