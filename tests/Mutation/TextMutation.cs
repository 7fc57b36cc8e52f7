using System.Text;
using System.Text.RegularExpressions;

namespace EDA.Tests.Mutation;

/// <summary>Changes to the words of a text: JSON, or comma-separated values.</summary>
internal static partial class TextMutation
{
    private static readonly string[] Values =
    [
        "0", "-0", "-1", "1", "1e999", "-1e999", "1e-400", "NaN", "Infinity", "-Infinity", "2147483648", "-2147483649", "9223372036854775807",
        "9223372036854775808", "18446744073709551616", "0x10", "1.5", "1,5", "01", "+1", ".5", "5.", "", " ", "null", "true", "false", "[]", "{}", "\"\"", "\"x\"",
        "\"\\u0000\"", "\"\\ud800\"", "\"..\\/..\"", "\u0661", "\u00A0", "\uFEFF", "\"\u001B[31m\"", "\0", "\r", "\n", "\r\n", ";", "\t", "'", "\"", "#", "=1+1",
    ];

    /// <summary>One change.</summary>
    public static byte[] Apply(Random random, byte[] bytes)
    {
        string[] tokens = [.. Token().Matches(Encoding.Latin1.GetString(bytes)).Select(match => match.Value)];
        if (tokens.Length == 0)
            return bytes;
        int at = random.Next(tokens.Length), other = random.Next(tokens.Length), count = Math.Min(random.Next(1, 8), tokens.Length - at);
        List<string> changed = [.. tokens];
        switch (random.Next(8))
        {
            case 0:
                changed.RemoveRange(at, count);
                break;
            case 1:
                changed.InsertRange(other, tokens[at..(at + count)]);
                break;
            case 2:
                (changed[at], changed[other]) = (changed[other], changed[at]);
                break;
            case 3:
                changed[at] = new string(random.Next(2) == 0 ? '[' : '9', random.Next(1, 5000));
                break;
            case 4:
                changed.Insert(at, Latin1(Values[random.Next(Values.Length)]));
                break;
            case 5: // a whole line
                int start = changed.FindLastIndex(at, token => token.Contains('\n', StringComparison.Ordinal)) + 1, end = changed.FindIndex(at, token => token.Contains('\n', StringComparison.Ordinal));
                var line = changed.GetRange(start, (end < start ? changed.Count : end + 1) - start);
                if (random.Next(2) == 0)
                    changed.RemoveRange(start, line.Count);
                else
                    changed.InsertRange(start, line);
                break;
            default:
                // A value rather than a bracket or a comma, where one is near.
                int value = changed.FindIndex(at, token => char.IsAsciiLetterOrDigit(token[0]) || token[0] is '"' or '-');
                changed[value < 0 ? at : value] = Latin1(Values[random.Next(Values.Length)]);
                break;
        }

        return Encoding.Latin1.GetBytes(string.Concat(changed));
    }

    // The bytes of UTF-8, a character each.
    private static string Latin1(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    [GeneratedRegex("\"(?:[^\"\\\\]|\\\\.)*\"|[-+0-9.eE]+|[A-Za-z_]+|\\s+|.", RegexOptions.Singleline)]
    private static partial Regex Token();
}
