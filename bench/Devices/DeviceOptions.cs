using System.CommandLine;
using System.Globalization;
using EDA.Host.CommandLine;
using EDA.Host.Devices;

namespace EDA.Bench.Devices;

/// <summary>Options that several measurements have in common.</summary>
internal static class DeviceOptions
{
    /// <summary>--device.</summary>
    public static Option<string?> Device() => new("--device") { Description = $"what is measured: {string.Join(", ", DeviceChoice.Names)} ({DeviceChoice.Default})", HelpName = "NAME" };

    /// <summary>--precision.</summary>
    public static Option<string?> Precision() => new("--precision") { Description = EDA.Host.Commands.DeviceOptions.Precisions, HelpName = "NAME" };

    /// <summary>--no-graphs.</summary>
    public static Option<bool> NoGraphs() => new("--no-graphs") { Description = "launch kernel by kernel on an NVIDIA GPU, without recording CUDA graphs" };

    /// <summary>What was chosen.</summary>
    /// <exception cref="UserError">There is no such device, or it has no such precision, or no graphs.</exception>
    public static DeviceChoice Choice(ParseResult result, Option<string?> device, Option<string?> precision, Option<bool>? noGraphs = null) =>
        DeviceChoice.Parse(
            result.GetValue(device) ?? DeviceChoice.Default,
            result.GetValue(precision),
            noGraphs is not null && result.GetValue(noGraphs));

    /// <summary>A whole number from <paramref name="least"/> to <paramref name="most"/>; null where the option is not given.</summary>
    public static int? WholeNumber(ParseResult result, Option<string?> option, int least, int most)
    {
        if (result.GetValue(option) is not { } text)
            return null;
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most
            ? value
            : throw UserError.Value(option.Name, text, $"a whole number from {least} to {most}");
    }
}
