using System.Globalization;
using CsvHelper;

namespace EDA.Bench.Comparison;

/// <summary>A comparison as CSV: a row a step, reference and settings; the columns are an interface (docs/profiling.md).</summary>
public static class ComparisonTable
{
    private static readonly string[] _columns =
    [
        "name", "engine_seconds", "reference", "settings", "reference_seconds", "ratio", "peak_share", "flop", "floor_seconds",
        "engine_peak_bytes", "reference_peak_bytes", "reference_version", "reference_threads", "reference_blas", "unfair",
    ];

    // Fields are numbers and names: a leading minus is no attack on a spreadsheet.
    private static readonly CsvWriterOptions _options = new() { NewLine = "\n", Injection = CsvInjection.None, FormatProvider = CultureInfo.InvariantCulture };

    /// <summary>Writes the file.</summary>
    /// <param name="path">A file that does not exist yet.</param>
    /// <param name="document">The comparison.</param>
    public static void Save(string path, ComparisonDocument document)
    {
        using var csv = CsvWriter.Create(new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read), _options, false);
        Write(csv, _columns);
        foreach (var row in document.Rows)
            Write(csv, Fields(document, row, ComparisonDocument.Best));
        foreach (var row in document.DefaultSettings)
            Write(csv, Fields(document, row, ComparisonDocument.Default));
    }

    private static string[] Fields(ComparisonDocument document, ComparisonRow row, string settings)
    {
        var step = document.Step(row.Name);
        var reference = document.Program(row.Reference, settings);
        return
        [
            row.Name, Text(row.EngineSeconds), row.Reference ?? string.Empty, row.Reference is null ? string.Empty : settings, Text(row.ReferenceSeconds), Text(row.Ratio), Text(row.PeakShare),
            Text(step.Flop), Text(step.FloorSeconds), Text(document.PeakBytes(row.Name, "eda", ComparisonDocument.Best)), Text(document.PeakBytes(row.Name, row.Reference, settings)),
            reference?.Version ?? string.Empty, Text(reference?.Threads), reference?.Blas ?? string.Empty, reference is null ? string.Empty : reference.Unfair ? "1" : "0",
        ];
    }

    private static void Write(CsvWriter csv, IEnumerable<string> fields)
    {
        foreach (string field in fields)
            csv.WriteField(field);
        csv.EndRecord();
    }

    private static string Text(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? string.Empty;

    private static string Text(long? value) => value?.ToString(CultureInfo.InvariantCulture) ?? string.Empty;
}
