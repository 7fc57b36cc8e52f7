using System.Globalization;
using System.Text.Json.Nodes;
using EDA.Tests.Host;

namespace EDA.Tests.Experiments;

/// <summary>Folders of finished runs that were never trained: config.json, result.json and metrics.csv with the numbers of a test.</summary>
internal sealed class SyntheticRuns : IDisposable
{
    public const string Hopper = "hopper-medium-v2", Walker = "walker2d-medium-v2";

    private readonly ScratchFolder _scratch = new();

    public string Folder => _scratch.Path;

    public string At(string name) => _scratch.At(name);

    public void Dispose() => _scratch.Dispose();

    /// <summary>A run on a dataset, the scores of which are policy and one more than that with rejection sampling.</summary>
    public void Add(string name, string recipe, int seed, double temperature, double policy, Action<JsonObject>? config = null, Action<JsonObject>? result = null)
    {
        var settings = new JsonObject
        {
            ["recipe"] = recipe,
            ["budget"] = "quick",
            ["device"] = "cpu",
            ["precision"] = "fp32",
            ["version"] = "0.1.0",
            ["environment"] = recipe.Split('-')[0],
            ["seed"] = seed,
            ["alignment"] = new JsonObject { ["temperature"] = temperature },
            ["dataset"] = new JsonObject { ["path"] = recipe + ".hdf5", ["sha256"] = Digits(recipe) },
            ["options"] = new JsonArray(),
        };
        config?.Invoke(settings);
        var outcome = new JsonObject { ["interrupted"] = false, ["scores"] = new JsonObject { ["behavior"] = null, ["policy"] = Score(policy), ["policy_rejection"] = Score(policy + 1) } };
        result?.Invoke(outcome);
        Directory.CreateDirectory(At(name));
        _scratch.Write(name + "/config.json", settings.ToJsonString());
        _scratch.Write(name + "/result.json", outcome.ToJsonString());
    }

    public void Write(string name, string text) => _scratch.Write(name, text);

    public EdaResult Report(params string[] arguments) => EdaProcess.Run(Folder, ["report", .. arguments]);

    /// <summary>The rows of a CSV file, each by the names of its columns.</summary>
    public List<Dictionary<string, string>> Rows(string name)
    {
        string[][] lines = [.. File.ReadAllLines(At(name)).Select(line => line.Split(','))];
        return [.. lines.Skip(1).Select(line => lines[0].Zip(line).ToDictionary(cell => cell.First, cell => cell.Second))];
    }

    /// <summary>Every file below a folder, to the byte.</summary>
    public Dictionary<string, string> Files(string name) => Directory.EnumerateFiles(At(name), "*", SearchOption.AllDirectories)
        .ToDictionary(file => Path.GetRelativePath(At(name), file), file => Convert.ToHexString(File.ReadAllBytes(file)));

    public static string Digits(string recipe) => string.Concat(Enumerable.Repeat(recipe.Length.ToString("x2", CultureInfo.InvariantCulture), 32));

    public static JsonObject Score(double mean) => new() { ["normalized_mean"] = mean, ["normalized_std"] = 3.5, ["episodes"] = 20 };
}
