using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsvHelper;

namespace EDA.Bench;

/// <summary>Rows of a document as CSV: the columns are their keys, an interface (docs/profiling.md).</summary>
internal static class CsvTable
{
    // Fields are numbers and names: a leading minus is no attack on a spreadsheet.
    private static readonly CsvWriterOptions _options = new() { NewLine = "\n", Injection = CsvInjection.None, FormatProvider = CultureInfo.InvariantCulture };

    /// <summary>Writes the file.</summary>
    /// <param name="path">A file that does not exist yet.</param>
    /// <param name="rows">The rows, all with the same keys.</param>
    public static void Save(string path, IEnumerable<JsonObject> rows)
    {
        using var csv = CsvWriter.Create(new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read), _options, false);
        bool hasColumns = false;
        foreach (var row in rows)
        {
            if (!hasColumns)
                Write(row.Select(field => field.Key));
            hasColumns = true;
            Write(row.Select(field => Text(field.Value)));
        }

        void Write(IEnumerable<string> fields)
        {
            foreach (string field in fields)
                csv.WriteField(field);
            csv.EndRecord();
        }
    }

    private static string Text(JsonNode? value) => value?.GetValueKind() switch
    {
        null => string.Empty,
        JsonValueKind.True => "1",
        JsonValueKind.False => "0",
        JsonValueKind.String => value.GetValue<string>(),
        _ => value.ToJsonString(),
    };
}
