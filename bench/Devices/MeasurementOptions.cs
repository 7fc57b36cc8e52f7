using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using EDA.Host.CommandLine;
using EDA.Host.Commands;
using EDA.Host.Devices;

namespace EDA.Bench.Devices;

/// <summary>The options that measurements have in common: on what, how large, and where the document goes.</summary>
/// <param name="what">What the document holds, in words.</param>
/// <param name="isEarlier">Whether a document that is there already is an earlier one of its kind.</param>
internal sealed class MeasurementOptions(string what, Func<JsonElement, bool> isEarlier)
{
    private readonly DeviceOptions _device = new();
    private readonly Option<bool> _small = new("--small") { Description = "small networks, batches and counts: does it work?" };
    private readonly Option<string?> _json = new("--json") { Description = $"also write the {what} to this file", HelpName = "FILE" };

    /// <summary>Makes a command that has them.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it does.</param>
    /// <param name="own">The options that it has besides.</param>
    /// <param name="run">Runs it: gives the exit status.</param>
    public Command Create(string name, string description, IEnumerable<Option> own, Func<ParseResult, int> run)
    {
        var command = new Command(name, description);
        _device.AddTo(command);
        foreach (var option in (Option[])[.. own, _small, _json])
            command.Options.Add(option);
        command.SetAction(run);
        return command;
    }

    /// <summary>An option that names a file to be written, which must not exist yet.</summary>
    public static Option<string?> NewFile(string name, string description) => new(name) { Description = description + ", which must not exist yet", HelpName = "FILE" };

    /// <summary>The device.</summary>
    /// <exception cref="UserError">There is no such device, or it has no such precision, or no graphs.</exception>
    public DeviceChoice Device(ParseResult result) => _device.Of(result);

    /// <summary>What was said of the device, as words.</summary>
    public IReadOnlyList<string> DeviceWords(ParseResult result) => _device.Words(result);

    /// <summary>Whether sizes are to be small.</summary>
    public bool IsSmall(ParseResult result) => result.GetValue(_small);

    /// <summary>Where the document goes; null for nowhere.</summary>
    /// <exception cref="UserError">The file cannot be written, or holds something else.</exception>
    public string? Json(ParseResult result) => Json(result, what, isEarlier);

    /// <summary>Where a document of another kind goes; null for nowhere.</summary>
    /// <exception cref="UserError">The file cannot be written, or holds something else.</exception>
    public string? Json(ParseResult result, string kind, Func<JsonElement, bool> isOne)
    {
        if (result.GetValue(_json) is { } path)
            JsonDestination.Check(path, $"an earlier {kind}", isOne);
        return result.GetValue(_json);
    }

    /// <summary>The file that an option of <see cref="NewFile"/> names; null for none.</summary>
    /// <exception cref="UserError">It is there already, cannot be made, or has another ending.</exception>
    public static string? Destination(ParseResult result, Option<string?> option, string ending = "")
    {
        if (result.GetValue(option) is not { } path)
            return null;
        JsonDestination.CheckNew(option.Name, path);
        return path.EndsWith(ending, StringComparison.OrdinalIgnoreCase) ? path : throw UserError.Value(option.Name, path, $"a file that ends in {ending}");
    }

    /// <summary>A whole number from <paramref name="least"/> to <paramref name="most"/>; null where the option is not given.</summary>
    /// <exception cref="UserError">It is none, or outside.</exception>
    public static int? WholeNumber(ParseResult result, Option<string?> option, int least, int most)
    {
        if (result.GetValue(option) is not { } text)
            return null;
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most
            ? value
            : throw UserError.Value(option.Name, text, $"a whole number from {least} to {most}");
    }
}
