using System.Text.Json.Nodes;

namespace EDA.Bench.Comparison;

/// <summary>A comparison as CSV: a row a step, reference and settings; the columns are an interface (docs/profiling.md).</summary>
public static class ComparisonTable
{
    /// <summary>Writes the file.</summary>
    /// <param name="path">A file that does not exist yet.</param>
    /// <param name="document">The comparison.</param>
    public static void Save(string path, ComparisonDocument document) => CsvTable.Save(
        path,
        [.. document.Rows.Select(row => Fields(document, row, ComparisonDocument.Best)), .. document.DefaultSettings.Select(row => Fields(document, row, ComparisonDocument.Default))]);

    private static JsonObject Fields(ComparisonDocument document, ComparisonRow row, string settings)
    {
        var step = document.Step(row.Name);
        var reference = document.Program(row.Reference, settings);
        return new()
        {
            ["name"] = row.Name,
            ["engine_seconds"] = row.EngineSeconds,
            ["reference"] = row.Reference,
            ["settings"] = row.Reference is null ? null : settings,
            ["reference_seconds"] = row.ReferenceSeconds,
            ["ratio"] = row.Ratio,
            ["peak_share"] = row.PeakShare,
            ["engine_rounds"] = row.EngineRounds,
            ["reference_rounds"] = row.ReferenceRounds,
            ["flop"] = step.Flop,
            ["floor_seconds"] = step.FloorSeconds,
            ["engine_peak_bytes"] = document.PeakBytes(row.Name, "eda", ComparisonDocument.Best),
            ["reference_peak_bytes"] = document.PeakBytes(row.Name, row.Reference, settings),
            ["reference_version"] = reference?.Version,
            ["reference_threads"] = reference?.Threads,
            ["reference_blas"] = reference?.Blas,
            ["unfair"] = reference?.Unfair,
        };
    }
}
