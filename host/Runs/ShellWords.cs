using System.Text.RegularExpressions;

namespace EDA.Host.Runs;

/// <summary>Words as a shell takes them.</summary>
internal static partial class ShellWords
{
    /// <summary>One line of words, each quoted where it must be.</summary>
    public static string Join(IEnumerable<string> words) => string.Join(' ', words.Select(Quoted));

    private static string Quoted(string word) => PlainWord().IsMatch(word) ? word : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"\A[A-Za-z0-9._=/-]+\z")]
    private static partial Regex PlainWord();
}
