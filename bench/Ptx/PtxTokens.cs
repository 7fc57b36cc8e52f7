using System.Text.RegularExpressions;

namespace EDA.Bench.Ptx;

/// <summary>A word of PTX.</summary>
/// <param name="Text">The word.</param>
/// <param name="Line">The line it stands in, from 1.</param>
public readonly record struct PtxToken(string Text, int Line);

/// <summary>The words of a PTX text, read one after the other.</summary>
public sealed partial class PtxTokens
{
    private readonly List<PtxToken> _tokens = [];
    private int _next;

    /// <summary>Splits a text.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="PtxFormatException">It has a character that PTX has not.</exception>
    public PtxTokens(string text)
    {
        string[] lines = text.Split('\n');
        for (int line = 0; line < lines.Length; line++)
        {
            string code = lines[line].Split("//")[0];
            int end = 0;
            foreach (Match word in Word().Matches(code))
            {
                if (!string.IsNullOrWhiteSpace(code[end..word.Index]))
                    throw new PtxFormatException($"line {line + 1}: {code[end..word.Index].Trim()} is no word of PTX");
                _tokens.Add(new PtxToken(word.Value, line + 1));
                end = word.Index + word.Length;
            }

            if (!string.IsNullOrWhiteSpace(code[end..]))
                throw new PtxFormatException($"line {line + 1}: {code[end..].Trim()} is no word of PTX");
        }
    }

    /// <summary>Whether all have been read.</summary>
    public bool IsAtEnd => _next == _tokens.Count;

    /// <summary>The line of the next word.</summary>
    public int Line => IsAtEnd ? 0 : _tokens[_next].Line;

    /// <summary>A word that has not been read.</summary>
    /// <param name="ahead">How many stand before it.</param>
    /// <returns>The word; empty behind the end.</returns>
    public string Peek(int ahead = 0) => _next + ahead < _tokens.Count ? _tokens[_next + ahead].Text : string.Empty;

    /// <summary>Reads a word.</summary>
    /// <exception cref="PtxFormatException">There is none.</exception>
    public string Read() => IsAtEnd ? throw new PtxFormatException("the text ends too early") : _tokens[_next++].Text;

    /// <summary>Reads a word if it is the given one.</summary>
    /// <param name="word">The word.</param>
    /// <returns>Whether it was.</returns>
    public bool TryRead(string word)
    {
        if (Peek() != word)
            return false;
        _next++;
        return true;
    }

    /// <summary>Reads the words that must come.</summary>
    /// <param name="words">They.</param>
    /// <exception cref="PtxFormatException">Others do.</exception>
    public void Expect(params ReadOnlySpan<string> words)
    {
        foreach (string word in words)
        {
            if (!TryRead(word))
                throw new PtxFormatException($"line {Line}: {Peek()} stands where {word} is expected");
        }
    }

    /// <summary>What was read since some word, as one line.</summary>
    /// <param name="from">The <see cref="Position"/> of the first word.</param>
    public string Since(int from) => string.Join(' ', _tokens[from.._next].Select(token => token.Text));

    /// <summary>How many words have been read.</summary>
    public int Position => _next;

    // Numbers as bits, hexadecimal and decimal ones; names, opcodes and directives; signs.
    [GeneratedRegex(@"0[fF][0-9a-fA-F]{8}\b|0[dD][0-9a-fA-F]{16}\b|0[xX][0-9a-fA-F]+|\d+(\.\d+)?|[%$_.A-Za-z][\w$.]*|[-{}\[\](),;:@!<>+|]")]
    private static partial Regex Word();
}
