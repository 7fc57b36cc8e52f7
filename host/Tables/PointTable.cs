using CsvHelper;
using EDA.Host.CommandLine;

namespace EDA.Host.Tables;

/// <summary>
/// A CSV file of points: named columns of finite numbers. Keeps each number as it was written, so that a file that
/// repeats the columns repeats them exactly.
/// </summary>
public sealed class PointTable
{
    private readonly string _path;
    private readonly List<string[]> _rows;
    private readonly Dictionary<string, int> _positions;

    private PointTable(string path, IReadOnlyList<string> columns, List<string[]> rows)
    {
        _path = path;
        Columns = columns;
        _rows = rows;
        _positions = columns.Select((name, position) => (name, position)).ToDictionary(entry => entry.name, entry => entry.position, StringComparer.Ordinal);
    }

    /// <summary>The columns, in the file's order.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>The number of rows.</summary>
    public int Count => _rows.Count;

    /// <summary>Reads a file whose columns are exactly the needed ones, in any order.</summary>
    /// <param name="path">The file.</param>
    /// <param name="needed">The columns' names.</param>
    /// <returns>The table.</returns>
    /// <exception cref="UserError">The file is not such a table; the message names file, row and column.</exception>
    public static PointTable Read(string path, IReadOnlyList<string> needed)
    {
        // The header is read as a row like any other, so that a wrong one is refused in our words.
        using var csv = CsvReader.FromFile(path, new CsvReaderOptions
        {
            HasHeader = false,
            Separator = ',',
            TrimWhitespace = true,
            SkipEmptyLines = true,
            TrackLineNumbers = true,
            MalformedData = CsvMalformedDataHandling.Throw,
            FieldCountMismatch = CsvFieldCountHandling.Allow,
            FormatProvider = CultureInfo.InvariantCulture,
        });
        try
        {
            if (!csv.Read())
                throw new UserError($"{path}: the file is empty; needed are columns {string.Join(", ", needed)}");
            string[] header = Fields(csv);
            CheckHeader(path, header, needed);
            var rows = new List<string[]>();
            while (csv.Read())
            {
                if (csv.FieldCount != header.Length)
                    throw new UserError($"{path}: row {rows.Count + 1} has {csv.FieldCount} fields; allowed is {header.Length}, one for each column");
                rows.Add(Fields(csv));
            }

            return rows.Count > 0
                ? new PointTable(path, header, rows)
                : throw new UserError($"{path}: there is no row below the header; allowed is one or more");
        }
        catch (CsvFormatException malformed)
        {
            throw new UserError($"{path}: line {malformed.LineNumber} is not CSV: {malformed.Message}");
        }
    }

    /// <summary>The numbers of some columns, row by row.</summary>
    /// <param name="names">The columns.</param>
    /// <returns>Values [rows×columns].</returns>
    /// <exception cref="UserError">A field is not a finite number.</exception>
    public float[] Values(IReadOnlyList<string> names)
    {
        var values = new float[Count * names.Count];
        for (int row = 0; row < Count; row++)
        {
            for (int i = 0; i < names.Count; i++)
                values[(row * names.Count) + i] = Number(row, names[i], float.NegativeInfinity, float.PositiveInfinity);
        }

        return values;
    }

    /// <summary>The numbers of some columns, row by row, in float64.</summary>
    /// <param name="names">The columns.</param>
    /// <returns>Values [rows×columns].</returns>
    /// <exception cref="UserError">A field is not a finite number.</exception>
    public double[] Doubles(IReadOnlyList<string> names)
    {
        var values = new double[Count * names.Count];
        for (int row = 0; row < Count; row++)
        {
            for (int i = 0; i < names.Count; i++)
            {
                string text = _rows[row][_positions[names[i]]];
                if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) || !double.IsFinite(value))
                    throw Refused(row, names[i], text, "a finite number");
                values[(row * names.Count) + i] = value;
            }
        }

        return values;
    }

    /// <summary>The numbers of one column, each within a range.</summary>
    /// <param name="name">The column.</param>
    /// <param name="least">The least allowed.</param>
    /// <param name="most">The most allowed.</param>
    /// <returns>Values [rows].</returns>
    /// <exception cref="UserError">A field is not a number in the range.</exception>
    public float[] Values(string name, float least, float most) =>
        [.. Enumerable.Range(0, Count).Select(row => Number(row, name, least, most))];

    /// <summary>Writes the table with further columns.</summary>
    /// <param name="path">A file that does not exist yet.</param>
    /// <param name="names">The further columns' names.</param>
    /// <param name="values">Their values [rows×names].</param>
    public void WriteWith(string path, IReadOnlyList<string> names, float[] values)
    {
        using var csv = CsvFile.Create(path);
        csv.Row([.. Columns, .. names]);
        for (int row = 0; row < Count; row++)
            csv.Row([.. _rows[row], .. values.AsSpan(row * names.Count, names.Count).ToArray().Select(CsvFile.Text)]);
    }

    private static string[] Fields(CsvReader csv) => [.. Enumerable.Range(0, csv.FieldCount).Select(csv.GetString)];

    private static void CheckHeader(string path, string[] header, IReadOnlyList<string> needed)
    {
        string allowed = string.Join(", ", needed);
        if (needed.FirstOrDefault(name => !header.Contains(name)) is { } missing)
            throw new UserError($"{path}: column {missing} is missing; needed are {allowed}");
        if (header.FirstOrDefault(name => !needed.Contains(name)) is { } extra)
            throw new UserError($"{path}: column '{extra}' is not known; allowed are {allowed}");
        if (header.Length != needed.Count)
            throw new UserError($"{path}: column {header.GroupBy(name => name).First(group => group.Count() > 1).Key} is there twice; allowed are {allowed}, once each");
    }

    private float Number(int row, string column, float least, float most)
    {
        string text = _rows[row][_positions[column]];
        bool isNumber = float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float value) && float.IsFinite(value);
        if (isNumber && value >= least && value <= most)
            return value;
        string allowed = float.IsFinite(least)
            ? FormattableString.Invariant($"a number from {least} to {most}")
            : "a finite number";
        throw Refused(row, column, text, allowed);
    }

    private UserError Refused(int row, string column, string text, string allowed) =>
        new($"{_path}: row {row + 1}, column {column} is '{text}'; allowed is {allowed}");
}
