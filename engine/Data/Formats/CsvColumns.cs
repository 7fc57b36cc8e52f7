using System.Globalization;

namespace EDA.Engine.Data.Formats;

/// <summary>The columns of a dataset as CSV: s0 … of the state, a0 … of the action, then one each.</summary>
internal static class CsvColumns
{
    public const string State = "s";
    public const string Action = "a";
    public const string Reward = "reward";
    public const string Terminal = "terminal";
    public const string Timeout = "timeout";

    /// <summary>The names in the order in which they are written.</summary>
    public static IEnumerable<string> Names(int stateSize, int actionSize, bool hasTimeouts) =>
    [
        .. Numbered(State, stateSize),
        .. Numbered(Action, actionSize),
        Reward,
        Terminal,
        .. hasTimeouts ? [Timeout] : (string[])[],
    ];

    private static IEnumerable<string> Numbered(string prefix, int count) =>
        Enumerable.Range(0, count).Select(i => prefix + i.ToString(CultureInfo.InvariantCulture));
}
