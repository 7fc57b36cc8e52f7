using System.Buffers.Text;
using System.Globalization;
using System.Text;
using CsvHelper;

namespace EDA.Engine.Data.Formats;

/// <summary>A CSV file with the columns s0 …, a0 …, reward, terminal and perhaps timeout, in any order.</summary>
internal sealed class CsvSource : DatasetSource
{
    private static readonly CsvReaderOptions Options = new()
    {
        // The header is read as a row like any other, so that a wrong one is refused in our words.
        HasHeader = false,
        Separator = ',',
        TrimWhitespace = true,
        SkipEmptyLines = true,
        TrackLineNumbers = true,
        MalformedData = CsvMalformedDataHandling.Throw,
        FieldCountMismatch = CsvFieldCountHandling.Allow,
        FormatProvider = CultureInfo.InvariantCulture,
    };

    private const int LongestShown = 40;
    private readonly string[] _header;
    private readonly HashSet<string> _names;
    private readonly int[] _positions;
    private readonly int _stateSize;
    private readonly int _actionSize;

    public CsvSource(string path)
        : base(path, "CSV")
    {
        _header = Guard(csv => csv.Read() ? Fields(csv) : throw new InvalidFileException(path, "the file is empty"));
        _names = [.. _header];
        _stateSize = CountNumbered(CsvColumns.State);
        _actionSize = CountNumbered(CsvColumns.Action);
        CheckHeader();
        // 12 of s12; nothing for the columns that are one of a kind.
        _positions = [.. _header.Select(name => int.TryParse(name.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0)];

        static string[] Fields(CsvReader csv) => [.. Enumerable.Range(0, csv.FieldCount).Select(csv.GetString)];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<DatasetField> Fields => [.. _header.Select(name => new DatasetField(name, "a column", "number", "text"))];

    /// <inheritdoc/>
    public override string? Oddity
    {
        get
        {
            using var stream = FileToRead.Open(Path);
            stream.Seek(-1, SeekOrigin.End);
            return stream.ReadByte() is '\n' or '\r' ? null : "the last line has no end: if the file was cut short, its last number may lack digits";
        }
    }

    /// <inheritdoc/>
    public override TransitionArrays Read(DatasetProblems problems)
    {
        // Every row takes a line at least: places for all of them before the numbers come.
        long lines = CountLines();
        // A row has a separator or an end of line for each column, and a character or more beside them.
        lines = Math.Min(lines, new FileInfo(Path).Length / _header.Length);
        if (lines * Math.Max(_stateSize, _actionSize) > Array.MaxLength)
            throw new InvalidFileException(Path, $"{lines} lines; allowed is what fits one array in memory");
        int most = (int)lines;
        var arrays = new TransitionArrays(
            new float[most * _stateSize],
            _stateSize,
            new float[most * _actionSize],
            _actionSize,
            new float[most],
            new bool[most],
            _names.Contains(CsvColumns.Timeout) ? new bool[most] : null);
        int rows = Guard(csv =>
        {
            csv.Read();
            int count = 0;
            for (; csv.Read(); count++)
                ReadRow(csv, count, arrays, problems);
            return count;
        });
        CheckCount(rows);
        return rows == most ? arrays : Trim(arrays, rows);
    }

    /// <inheritdoc/>
    public override string Locate(string field, int row, int column) => string.Create(CultureInfo.InvariantCulture, $"row {row + 1}, column {field switch
    {
        FieldNames.Observations => CsvColumns.State + column.ToString(CultureInfo.InvariantCulture),
        FieldNames.Actions => CsvColumns.Action + column.ToString(CultureInfo.InvariantCulture),
        FieldNames.Rewards => CsvColumns.Reward,
        _ => field,
    }}");

    /// <inheritdoc/>
    public override void Dispose()
    {
    }

    private void ReadRow(CsvReader csv, int row, TransitionArrays arrays, DatasetProblems problems)
    {
        if (csv.FieldCount != _header.Length)
            throw new InvalidFileException(Path, $"row {row + 1} has {csv.FieldCount} fields; allowed is {_header.Length}, one for each column");
        for (int i = 0; i < _header.Length; i++)
        {
            string name = _header[i];
            var text = csv.GetSpan(i);
            bool isFlag = name is CsvColumns.Terminal or CsvColumns.Timeout;
            float value;
            if (isFlag && Utf8Parser.TryParse(text, out bool truth, out int read) && read == text.Length)
            {
                value = truth ? 1 : 0;
            }
            else if (!float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) || !float.IsFinite(value))
            {
                problems.Report(name, $"row {row + 1}, column {name} is '{Shown(Encoding.UTF8.GetString(text))}'; allowed is {(isFlag ? "0, 1, true or false" : "a number that is finite as float32")}");
                value = 0;
            }

            switch (name)
            {
                case CsvColumns.Reward:
                    arrays.Rewards[row] = value;
                    break;
                case CsvColumns.Terminal:
                    arrays.Terminals[row] = Flag(name, row, value, problems);
                    break;
                case CsvColumns.Timeout:
                    arrays.Timeouts![row] = Flag(name, row, value, problems);
                    break;
                case ['s', ..]:
                    arrays.States[(row * _stateSize) + _positions[i]] = value;
                    break;
                default:
                    arrays.Actions[(row * _actionSize) + _positions[i]] = value;
                    break;
            }
        }
    }

    private bool Flag(string name, int row, float value, DatasetProblems problems)
    {
        if (value is not (0 or 1))
            ReportFlag(problems, name, row, value);
        return value != 0;
    }

    private int CountNumbered(string prefix)
    {
        int count = 0;
        while (_names.Contains(prefix + count.ToString(CultureInfo.InvariantCulture)))
            count++;
        return count;
    }

    private void CheckHeader()
    {
        var needed = CsvColumns.Names(Math.Max(1, _stateSize), Math.Max(1, _actionSize), hasTimeouts: false).ToArray();
        var known = needed.Append(CsvColumns.Timeout).ToHashSet();
        string allowed = "s0, s1 and so on without a gap, a0, a1 and so on, reward, terminal, and perhaps timeout, once each";
        if (needed.FirstOrDefault(name => !_names.Contains(name)) is { } missing)
            throw new InvalidFileException(Path, $"column {missing} is missing{Separator()}; allowed are {allowed}");
        if (_header.FirstOrDefault(name => !known.Contains(name)) is { } extra)
            throw new InvalidFileException(Path, $"column '{Shown(extra)}' is not known; allowed are {allowed}");
        if (_names.Count != _header.Length)
            throw new InvalidFileException(Path, $"column {_header.GroupBy(name => name).First(group => group.Count() > 1).Key} is there twice; allowed are {allowed}");
    }

    /// <summary>What a user may have taken for a comma.</summary>
    private string Separator() => _header is [var only] && only.AsSpan().IndexOfAny(';', '\t') is >= 0 and var at
        ? $", for columns are separated by {(only[at] == ';' ? "semicolons" : "tabs")} and not by commas"
        : string.Empty;

    /// <summary>A field in one line, however long it is.</summary>
    private static string Shown(string text)
    {
        string line = string.Concat(text.Select(character => char.IsControl(character) ? ' ' : character));
        return line.Length > LongestShown ? line[..LongestShown] + " …" : line;
    }

    private long CountLines()
    {
        using var stream = FileToRead.Open(Path);
        var buffer = new byte[1 << 16];
        long ends = 0;
        byte last = 0;
        for (int read; (read = stream.Read(buffer)) > 0; last = buffer[read - 1])
        {
            // A row ends at \n, at \r, or at both, which may fall into two buffers.
            var bytes = buffer.AsSpan(0, read);
            ends += bytes.Count((byte)'\n') + bytes.Count((byte)'\r') - bytes.Count("\r\n"u8) - (last == '\r' && bytes[0] == '\n' ? 1 : 0);
        }

        // The header has an end of line too, and the last row may have none.
        return ends - (last is (byte)'\n' or (byte)'\r' ? 1 : 0);
    }

    private static TransitionArrays Trim(TransitionArrays arrays, int rows) => arrays with
    {
        States = arrays.States[..(rows * arrays.StateSize)],
        Actions = arrays.Actions[..(rows * arrays.ActionSize)],
        Rewards = arrays.Rewards[..rows],
        Terminals = arrays.Terminals[..rows],
        Timeouts = arrays.Timeouts?[..rows],
    };

    private T Guard<T>(Func<CsvReader, T> read)
    {
        using var csv = CsvReader.FromFile(Path, Options);
        try
        {
            return read(csv);
        }
        catch (CsvFormatException malformed)
        {
            throw new InvalidFileException(Path, $"line {malformed.LineNumber} is not CSV: {malformed.Message}", malformed);
        }
    }
}
