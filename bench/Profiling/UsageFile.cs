using System.Globalization;
using CsvHelper;

namespace EDA.Bench.Profiling;

/// <summary>Usage as CSV: the columns are the keys of the JSON, an interface (docs/profiling.md).</summary>
internal static class UsageFile
{
    private static readonly string[] _columns =
    [
        "within", "name", "calls", "seconds", "time_share", "flop", "bytes", "gflops", "gbps", "arithmetic_share", "memory_share", "registers", "local_bytes", "shared_bytes",
    ];

    // Fields are numbers and names: a leading minus is no attack on a spreadsheet.
    private static readonly CsvWriterOptions _options = new() { NewLine = "\n", Injection = CsvInjection.None, FormatProvider = CultureInfo.InvariantCulture };

    /// <summary>Writes the file.</summary>
    /// <param name="path">A file that does not exist yet.</param>
    /// <param name="rows">The rows.</param>
    public static void Save(string path, IEnumerable<UsageRow> rows)
    {
        using var csv = CsvWriter.Create(new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read), _options, false);
        Write(csv, _columns);
        foreach (var row in rows)
        {
            Write(
                csv,
                [
                    row.Within, row.Name, row.Calls.ToString(CultureInfo.InvariantCulture), Text(row.Seconds), Text(row.TimeShare), Text(row.Flop), Text(row.Bytes), Text(row.Gflops), Text(row.Gbps),
                    Text(row.ArithmeticShare), Text(row.MemoryShare), Text(row.Registers), Text(row.LocalBytes), Text(row.SharedBytes),
                ]);
        }
    }

    private static void Write(CsvWriter csv, IEnumerable<string> fields)
    {
        foreach (string field in fields)
            csv.WriteField(field);
        csv.EndRecord();
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Text(int? value) => value?.ToString(CultureInfo.InvariantCulture) ?? string.Empty;
}
