namespace EDA.Host.CommandLine;

/// <summary>Consecutive seeds, written as FIRST..LAST.</summary>
/// <param name="First">The first seed.</param>
/// <param name="Count">How many.</param>
public readonly record struct SeedRange(ulong First, int Count)
{
    /// <summary>The most seeds in a range: what they are trained on stands in memory side by side.</summary>
    public const int Most = 64;

    private const string Separator = "..";

    /// <summary>The last seed.</summary>
    public ulong Last => First + (ulong)(Count - 1);

    /// <summary>Reads a range.</summary>
    /// <param name="name">The option it belongs to.</param>
    /// <param name="text">The text.</param>
    /// <returns>The range.</returns>
    /// <exception cref="UserError">It is no range, or too long.</exception>
    public static SeedRange Parse(string name, string text)
    {
        string[] ends = text.Split(Separator);
        return ends.Length == 2 && Seed(ends[0], out ulong first) && Seed(ends[1], out ulong last) && last >= first && last - first < Most
            ? new SeedRange(first, (int)(last - first) + 1)
            : throw UserError.Value(name, text, $"FIRST..LAST in rising order, at most {Most} seeds, for instance 0..4");
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{First}{Separator}{Last}");

    private static bool Seed(string text, out ulong value) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
