using System.CommandLine;
using EDA.Engine.Alignment;

namespace EDA.Host.CommandLine;

/// <summary>
/// Turns the words of a command line into values. Options are declared as text and read here, so that every refusal
/// names the option, the value and what is allowed in the same way.
/// </summary>
internal static class Values
{
    /// <summary>The text of an option that must be given.</summary>
    public static string Required(this ParseResult result, Option<string?> option) =>
        result.GetValue(option) is { Length: > 0 } text
            ? text
            : throw new UserError($"{option.Name} is missing; it is {option.Description}");

    /// <summary>A whole number from <paramref name="least"/> to <paramref name="most"/>; null where the option is not given.</summary>
    public static int? WholeNumber(this ParseResult result, Option<string?> option, int least, int most)
    {
        if (result.GetValue(option) is not { } text)
            return null;
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most
            ? value
            : throw UserError.Value(option.Name, text, $"a whole number from {least} to {most}");
    }

    /// <summary>A number above 0; <paramref name="fallback"/> where the option is not given.</summary>
    public static double PositiveNumber(this ParseResult result, Option<string?> option, double fallback)
    {
        if (result.GetValue(option) is not { } text)
            return fallback;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value > 0 && float.IsFinite((float)value)
            ? value
            : throw UserError.Value(option.Name, text, "a number above 0");
    }

    /// <summary>A seed; 0 where the option is not given.</summary>
    public static ulong Seed(this ParseResult result, Option<string?> option)
    {
        if (result.GetValue(option) is not { } text)
            return 0;
        return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value)
            ? value
            : throw UserError.Value(option.Name, text, $"a whole number from 0 to {ulong.MaxValue}");
    }

    /// <summary>A range of seeds that stands in place of one; null where it is not given.</summary>
    public static SeedRange? Seeds(this ParseResult result, Option<string?> option, Option<string?> one)
    {
        if (result.GetValue(option) is not { } text)
            return null;
        if (result.GetValue(one) is not null)
            throw new UserError($"{one.Name} and {option.Name} are both given; allowed is one of them");
        return SeedRange.Parse(option.Name, text);
    }

    /// <summary>One of a few words.</summary>
    public static string OneOf(this ParseResult result, Option<string?> option, IReadOnlyCollection<string> allowed, string fallback)
    {
        string text = result.GetValue(option) ?? fallback;
        return allowed.Contains(text) ? text : throw UserError.Choice(option.Name, text, allowed);
    }

    /// <summary>A file that is read: it must be there.</summary>
    public static string ExistingFile(string name, string path)
    {
        if (Directory.Exists(path))
            throw UserError.Value(name, path, "a file, and this is a folder");
        return File.Exists(path) ? path : throw UserError.Value(name, path, "a file that exists");
    }

    /// <summary>A file that is written: it must not be there, and its folder must.</summary>
    public static string NewFile(string name, string path)
    {
        if (File.Exists(path) || Directory.Exists(path))
            throw UserError.Value(name, path, "a file that does not exist yet; nothing is overwritten");
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? path;
        return Directory.Exists(folder) ? path : throw UserError.Value(name, path, "a file in a folder that exists");
    }
}
