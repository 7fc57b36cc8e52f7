using System.Text.Json;
using System.Text.Json.Nodes;
using EDA.Engine;
using EDA.Host.CommandLine;
using EDA.Host.Runs;

namespace EDA.Host.Reports;

/// <summary>seeds.json: what several seeds came to together. Its keys are an interface: docs/run-folder.md lists them.</summary>
public static class SeedsDocument
{
    /// <summary>Writes the document.</summary>
    /// <param name="outcome">The outcome.</param>
    /// <returns>The document.</returns>
    public static JsonObject Write(SeedsOutcome outcome)
    {
        var request = outcome.Request;
        var document = new JsonObject
        {
            ["recipe"] = request.Task.Name,
            ["budget"] = request.Budget,
            ["objective"] = !request.Settings.Method.Row.LooksAt("alignment") ? null : JsonSerializer.SerializeToNode(request.Settings.Alignment.Objective, SettingPaths.Json),
            ["seeds"] = outcome.Seeds.ToString(),
            ["command"] = request.Command,
            ["interrupted"] = outcome.Interrupted,
        };
        if (outcome.Error is not null)
            document["error"] = outcome.Error;
        document["finished"] = outcome.Runs.Count(run => run.IsMeasured);
        foreach (var (key, spread) in outcome.Numbers)
            document[key] = new JsonObject { ["mean"] = spread.Mean, ["deviation"] = spread.StandardDeviation };
        document["runs"] = new JsonArray([.. outcome.Folders.Select((folder, m) => Run(outcome, folder, m))]);
        document["seconds"] = Math.Round(outcome.Seconds, 3);
        document["device"] = outcome.Device;
        document["version"] = ProgramVersion.Engine;
        document["started"] = RunDocuments.Utc(outcome.Started);
        return document;
    }

    /// <summary>Reads what the seeds were begun for.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The recipe's name and the seeds.</returns>
    /// <exception cref="InvalidFileException">It is broken.</exception>
    public static (string Recipe, SeedRange Seeds) Read(string path)
    {
        try
        {
            var document = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
            return (document["recipe"]!.GetValue<string>(), SeedRange.Parse("seeds", document["seeds"]!.GetValue<string>()));
        }
        catch (Exception error) when (error is JsonException or NullReferenceException or InvalidOperationException or FormatException or ArgumentException or UserError)
        {
            throw new InvalidFileException(path, "does not say which seeds were run", error);
        }
    }

    private static JsonObject Run(SeedsOutcome outcome, string folder, int index)
    {
        var run = new JsonObject { ["seed"] = outcome.Seeds.First + (ulong)index, ["folder"] = folder };
        if (outcome.Runs.Count > index && outcome.Runs[index].Error is { } error)
            run["error"] = error;
        return run;
    }
}
