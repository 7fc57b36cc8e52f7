using System.CommandLine;
using EDA.Host.CommandLine;
using EDA.Host.Devices;

namespace EDA.Host.Commands;

/// <summary>--device and --precision: where a command runs.</summary>
internal sealed class DeviceOptions
{
    private readonly Option<string?> _device = new("--device") { Description = $"where it runs: {string.Join(", ", DeviceChoice.Names)} ({DeviceChoice.Default})", HelpName = "NAME" };
    private readonly Option<string?> _precision = new("--precision") { Description = $"of matrix products on a GPU: {string.Join(", ", DeviceChoice.Precisions)} ({DeviceChoice.DefaultPrecision})", HelpName = "NAME" };

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_device);
        command.Options.Add(_precision);
    }

    /// <summary>What was chosen.</summary>
    /// <exception cref="UserError">There is no such device, or it has no such precision.</exception>
    public DeviceChoice Of(ParseResult result) => DeviceChoice.Parse(result.GetValue(_device) ?? DeviceChoice.Default, PrecisionGiven(result));

    /// <summary>The precision as it was given; null where none was.</summary>
    public string? PrecisionGiven(ParseResult result) => result.GetValue(_precision);

    /// <summary>Whether either was given.</summary>
    public bool IsGiven(ParseResult result) => result.GetValue(_device) is not null || PrecisionGiven(result) is not null;
}
