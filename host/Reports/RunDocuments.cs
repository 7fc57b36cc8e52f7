using System.Text.Json;
using System.Text.Json.Nodes;
using EDA.Engine;
using EDA.Engine.Evaluation;
using EDA.Engine.Files;
using EDA.Host.Runs;

namespace EDA.Host.Reports;

/// <summary>Writes config.json and result.json. Their keys are an interface: docs/run-folder.md lists them.</summary>
public static class RunDocuments
{
    /// <summary>Every setting of a run, resolved, nested as `--set` names them.</summary>
    /// <param name="request">What the user asked for.</param>
    /// <returns>The document.</returns>
    public static JsonObject Config(RunRequest request)
    {
        var document = new JsonObject
        {
            ["recipe"] = request.Task.Name,
            ["budget"] = request.Budget,
            ["device"] = request.Device,
            ["precision"] = request.Precision ?? Devices.DeviceChoice.DefaultPrecision,
            ["command"] = request.Command,
            ["version"] = ProgramVersion.Engine,
        };
        foreach (var (key, value) in SettingPaths.Document(request.Settings))
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
            ["recipe"] = outcome.Task.Name,
            ["budget"] = outcome.Budget,
            ["seed"] = outcome.Settings.Seed,
            ["objective"] = !outcome.Settings.Method.Row.LooksAt("alignment") ? null : JsonSerializer.SerializeToNode(outcome.Settings.Alignment.Objective, SettingPaths.Json),
            ["interrupted"] = outcome.Interrupted,
        };
        if (outcome.Batch is not null)
            document["seeds"] = outcome.Batch;
        if (outcome.Error is not null)
            document["error"] = outcome.Error;

        RunPresentation.Of(outcome.Settings).AddNumbers(outcome, document);
        var trained = outcome.Stages.Where(stage => stage.Stage != Rollouts.StageName).ToList();
        document["total_steps"] = new JsonObject(trained.Select(stage => KeyValuePair.Create(stage.Stage, (JsonNode?)stage.Total)));
        document["steps"] = new JsonObject(trained.Select(stage => KeyValuePair.Create(stage.Stage, (JsonNode?)stage.Steps)));
        document["seconds"] = new JsonObject(outcome.Seconds.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)Math.Round(pair.Value, 3))));
        document["device"] = outcome.Device;
        document["precision"] = outcome.Precision;
        document["version"] = ProgramVersion.Engine;
        document["runtime"] = ProgramVersion.Runtime;
        document["system"] = ProgramVersion.System;
        document["started"] = Utc(outcome.Started);
        return document;
    }

    /// <summary>A moment in UTC, ISO 8601.</summary>
    internal static string Utc(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Reads a document.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The document; no key of it stands twice.</returns>
    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="InvalidOperationException">It is no object.</exception>
    public static JsonObject Read(string path) =>
        (JsonNode.Parse(File.ReadAllText(path), documentOptions: new() { AllowDuplicateProperties = false }) ?? throw new JsonException("null")).AsObject();

    /// <summary>Writes a document as indented JSON; what was there stays until all of it is written.</summary>
    /// <param name="path">The file.</param>
    /// <param name="document">The document.</param>
    public static void Save(string path, JsonObject document) =>
        WholeFile.Write(path, overwrite: true, file => File.WriteAllText(file, document.ToJsonString(SettingPaths.Json).ReplaceLineEndings("\n") + "\n"));
}
