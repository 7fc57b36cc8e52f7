using CsvHelper;

namespace EDA.Host.Tables;

/// <summary>A CSV file being written: rows of text, numbers in their shortest exact form.</summary>
internal sealed class CsvFile : IDisposable
{
    private readonly FileStream _stream;
    private readonly CsvWriter _csv;

    // Fields are numbers and names: a leading minus is no attack on a spreadsheet.
    private static readonly CsvWriterOptions Options = new() { NewLine = "\n", Injection = CsvInjection.None, FormatProvider = CultureInfo.InvariantCulture };

    private CsvFile(string path, FileMode mode)
    {
        _stream = new FileStream(path, mode, FileAccess.Write, FileShare.Read);
        _csv = CsvWriter.Create(_stream, Options, false);
    }

    public static CsvFile Create(string path) => new(path, FileMode.CreateNew);

    public static CsvFile Append(string path) => new(path, FileMode.Append);

    public static string Text(float value) => value.ToString("R", CultureInfo.InvariantCulture);

    public static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    public void Row(IEnumerable<string> fields)
    {
        foreach (string field in fields)
            _csv.WriteField(field);
        _csv.EndRecord();
    }

    public void Flush() => _csv.Flush();

    /// <summary>Waits until all rows are on disk.</summary>
    public void FlushToDisk()
    {
        _csv.Flush();
        _stream.Flush(flushToDisk: true);
    }

    public void Dispose() => _csv.Dispose();
}
