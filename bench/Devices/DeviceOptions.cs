using System.CommandLine;
using System.Globalization;
using EDA.Host.CommandLine;
using EDA.Kernels.Gpu;

namespace EDA.Bench.Devices;

/// <summary>Options that several measurements have in common.</summary>
internal static class DeviceOptions
{
    /// <summary>The device that is measured when none is named.</summary>
    public const string Default = "cpu";

    /// <summary>--device.</summary>
    public static Option<string?> Device() => new("--device") { Description = $"what is measured: cpu, software, cuda or cuda:N ({Default})", HelpName = "NAME" };

    /// <summary>--precision.</summary>
    public static Option<string?> Precision() => new("--precision") { Description = $"of matrix products on a GPU: {string.Join(", ", Enum.GetNames<GpuPrecision>().Select(name => name.ToLowerInvariant()))} (fp32)", HelpName = "NAME" };

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
