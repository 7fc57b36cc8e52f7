using System.Globalization;
using CsvHelper;

namespace EDA.Bench.Scaling;

/// <summary>Sweeps as CSV: the columns are the keys of the JSON, an interface (docs/profiling.md).</summary>
internal static class ScalingTable
{
    private static readonly string[] _columns = ["sweep", "step", "value", "threads", "seconds", "flop", "floor_seconds", "peak_share"];

    // Fields are numbers and names: a leading minus is no attack on a spreadsheet.
    private static readonly CsvWriterOptions _options = new() { NewLine = "\n", Injection = CsvInjection.None, FormatProvider = CultureInfo.InvariantCulture };

    /// <summary>Writes the file.</summary>
    /// <param name="path">A file that does not exist yet.</param>
    /// <param name="rows">The rows.</param>
    public static void Save(string path, IEnumerable<ScalingRow> rows)
    {
        using var csv = CsvWriter.Create(new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read), _options, false);
        Write(_columns);
        foreach (var row in rows)
            Write([row.Sweep, row.Step, $"{row.Value}", $"{row.Threads}", Text(row.Seconds), Text(row.Flop), Text(row.FloorSeconds), Text(row.PeakShare)]);

        void Write(IEnumerable<string> fields)
        {
            foreach (string field in fields)
                csv.WriteField(field);
            csv.EndRecord();
        }
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
