using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace EDA.Tests.Crash;

/// <summary>Everything that a run came to and that must not depend on what happened to it: weights, candidates and labels, metrics, results. Times and rates are its own affair.</summary>
internal static class RunNumbers
{
    private static readonly string[] _timed = ["seconds", "acting_seconds", "actions_per_second", "candidates_per_second", "started", "command", "version", "runtime", "system", "device"];

    /// <summary>Reads a finished run.</summary>
    /// <returns>The numbers, by name.</returns>
    public static IReadOnlyDictionary<string, string> Read(string folder)
    {
        var numbers = new SortedDictionary<string, string>(StringComparer.Ordinal);
        string checkpoints = Path.Combine(folder, "checkpoints");
        foreach (string file in Directory.EnumerateFiles(checkpoints).Where(file => !Path.GetFileName(file).Contains(".state.", StringComparison.Ordinal)))
            numbers[Path.GetFileName(file)] = Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)));
        foreach (var (path, value) in Leaves(JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "result.json"))), "result"))
            numbers[path] = value;
        string[] rows = File.ReadAllLines(Path.Combine(folder, "metrics.csv"));
        numbers["metrics.csv"] = string.Join('\n', rows.Where(row => !row.Contains("_per_second", StringComparison.Ordinal)));
        return numbers;
    }

    /// <summary>What differs.</summary>
    /// <returns>A line for each; none where they are the same.</returns>
    public static IReadOnlyList<string> Differences(IReadOnlyDictionary<string, string> expected, IReadOnlyDictionary<string, string> actual) =>
        [.. expected.Keys.Union(actual.Keys).Where(key => expected.GetValueOrDefault(key) != actual.GetValueOrDefault(key)).Select(key => $"{key}: {FirstDifference(expected.GetValueOrDefault(key), actual.GetValueOrDefault(key))}")];

    private static string FirstDifference(string? expected, string? actual)
    {
        string[] wanted = (expected ?? "nothing").Split('\n'), found = (actual ?? "nothing").Split('\n');
        int line = Enumerable.Range(0, Math.Max(wanted.Length, found.Length)).First(i => wanted.ElementAtOrDefault(i) != found.ElementAtOrDefault(i));
        return $"'{wanted.ElementAtOrDefault(line)}' became '{found.ElementAtOrDefault(line)}'";
    }

    private static IEnumerable<(string Path, string Value)> Leaves(JsonNode? node, string path) => node switch
    {
        JsonObject document => document.Where(entry => !_timed.Contains(entry.Key)).SelectMany(entry => Leaves(entry.Value, $"{path}.{entry.Key}")),
        _ => [(path, node?.ToJsonString() ?? "null")],
    };
}
