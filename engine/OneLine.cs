using System.Globalization;
using System.Text;

namespace EDA.Engine;

/// <summary>
/// Words of a file, or of a user, as part of a line that is shown: a broken file may hold anything, and a terminal obeys
/// control characters.
/// </summary>
public static class OneLine
{
    /// <summary>The characters of a line that is not cut.</summary>
    public const int Longest = 2000;

    private const int Tail = 500;

    /// <summary>
    /// A text as one line: line ends become spaces, other control characters their codes, and of what is longer than
    /// <see cref="Longest"/> the middle is left out.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <returns>The line.</returns>
    public static string Of(string text) => text.Length <= Longest ? Printable(text) : Printable(text[..(Longest - Tail)]) + " … " + Printable(text[^Tail..]);

    /// <summary>A text as one line, however long it is.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The line.</returns>
    public static string Printable(string text)
    {
        if (!text.Any(IsHidden))
            return text;
        var line = new StringBuilder();
        foreach (char letter in text.ReplaceLineEndings(" "))
        {
            if (IsHidden(letter))
                line.Append(CultureInfo.InvariantCulture, $"\\x{(int)letter:x2}");
            else
                line.Append(letter);
        }

        return line.ToString();
    }

    // Control characters, and what ends a line or turns its direction.
    private static bool IsHidden(char letter) => char.IsControl(letter) || letter is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
