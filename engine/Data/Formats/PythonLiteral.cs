using System.Globalization;
using System.Numerics;

namespace EDA.Engine.Data.Formats;

/// <summary>
/// The literals of Python that stand in the header of an .npy file: texts, whole numbers (those of Python 2 with an L
/// behind them), truth values, None, tuples, lists and dictionaries whose keys are texts.
/// </summary>
internal ref struct PythonLiteral
{
    private const int DeepestNesting = 32;
    private readonly ReadOnlySpan<char> _text;
    private int _at;

    private PythonLiteral(ReadOnlySpan<char> text) => _text = text;

    /// <summary>Reads a text that is one literal.</summary>
    /// <param name="text">The text.</param>
    /// <returns>A string, <see cref="BigInteger"/>, bool or null, an object?[] of a tuple or list, or a dictionary.</returns>
    /// <exception cref="FormatException">It is none.</exception>
    public static object? Parse(ReadOnlySpan<char> text)
    {
        var reader = new PythonLiteral(text);
        object? value = reader.Value(DeepestNesting);
        reader.SkipSpace();
        return reader._at == text.Length ? value : throw Broken();
    }

    private static FormatException Broken() => new("no literal of Python");

    private object? Value(int depth)
    {
        if (depth == 0)
            throw Broken();
        switch (Peek())
        {
            case '\'' or '"':
                return Text();
            case '(':
                return Tuple(depth);
            case '[':
                return Sequence('[', ']', depth).ToArray();
            case '{':
                return Dictionary(depth);
            case '-' or (>= '0' and <= '9'):
                return Number();
            default:
                return Word() switch
                {
                    "True" => true,
                    "False" => false,
                    "None" => null,
                    _ => throw Broken(),
                };
        }
    }

    // (3) is the number 3, and (3,) a tuple.
    private object? Tuple(int depth)
    {
        int before = _at;
        var items = Sequence('(', ')', depth);
        return items.Count == 1 && !_text[before.._at].TrimEnd(')').TrimEnd().EndsWith(",") ? items[0] : items.ToArray();
    }

    private List<object?> Sequence(char open, char close, int depth)
    {
        var items = new List<object?>();
        Take(open);
        while (Peek() != close)
        {
            items.Add(Value(depth - 1));
            if (Peek() != close)
                Take(',');
        }

        Take(close);
        return items;
    }

    private Dictionary<string, object?> Dictionary(int depth)
    {
        var entries = new Dictionary<string, object?>(StringComparer.Ordinal);
        Take('{');
        while (Peek() != '}')
        {
            if (Value(depth - 1) is not string key)
                throw Broken();
            Take(':');
            entries[key] = Value(depth - 1);
            if (Peek() != '}')
                Take(',');
        }

        Take('}');
        return entries;
    }

    private string Text()
    {
        char quote = Peek();
        int end = _text[(_at + 1)..].IndexOf(quote);
        if (end < 0 || _text.Slice(_at + 1, end).Contains('\\'))
            throw Broken();
        string text = _text.Slice(_at + 1, end).ToString();
        _at += end + 2;
        return text;
    }

    private BigInteger Number()
    {
        int first = _at;
        if (_text[_at] == '-')
            _at++;
        while (_at < _text.Length && char.IsAsciiDigit(_text[_at]))
            _at++;
        if (!BigInteger.TryParse(_text[first.._at], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            throw Broken();
        if (_at < _text.Length && _text[_at] is 'L' or 'l')
            _at++;
        return number;
    }

    private string Word()
    {
        int first = _at;
        while (_at < _text.Length && char.IsAsciiLetter(_text[_at]))
            _at++;
        return _text[first.._at].ToString();
    }

    private char Peek()
    {
        SkipSpace();
        return _at < _text.Length ? _text[_at] : '\0';
    }

    private void Take(char wanted)
    {
        if (Peek() != wanted)
            throw Broken();
        _at++;
    }

    private void SkipSpace()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
            _at++;
    }
}
