using System.CommandLine;
using EDA.Host.CommandLine;
using EDA.Host.Devices;

namespace EDA.Host.Commands;

/// <summary>--device, --precision and --no-graphs: where a command runs, and how.</summary>
public sealed class DeviceOptions
{
    private readonly Option<string?> _device = new("--device") { Description = $"where it runs: {string.Join(", ", DeviceChoice.Names)} ({DeviceChoice.Default})", HelpName = "NAME" };
    private readonly Option<string?> _precision = new("--precision") { Description = Precisions, HelpName = "NAME" };

    private readonly Option<bool> _noGraphs = new("--no-graphs") { Description = "launch kernel by kernel on an NVIDIA GPU, without recording CUDA graphs" };

    /// <summary>What --precision may be, in words.</summary>
    public static string Precisions => $"of matrix products: on the CPU {string.Join(", ", DeviceChoice.CpuPrecisions)}; on a GPU {string.Join(", ", DeviceChoice.Precisions)} ({DeviceChoice.DefaultPrecision})";

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_device);
        command.Options.Add(_precision);
        command.Options.Add(_noGraphs);
    }

    /// <summary>What was chosen.</summary>
    /// <exception cref="UserError">There is no such device, or it has no such precision, or no graphs.</exception>
    public DeviceChoice Of(ParseResult result) => DeviceChoice.Parse(Name(result), PrecisionGiven(result), noGraphs: NoGraphs(result));

    /// <summary>The precision that was asked for, as this machine has it (<see cref="DeviceChoice.Resolve"/>); null where none was.</summary>
    public string? PrecisionGiven(ParseResult result) => DeviceChoice.Resolve(Name(result), result.GetValue(_precision));

    /// <summary>Whether graphs are not to be recorded.</summary>
    public bool NoGraphs(ParseResult result) => result.GetValue(_noGraphs);

    /// <summary>The options that were given, as words.</summary>
    public IReadOnlyList<string> Words(ParseResult result) =>
    [
        .. result.GetValue(_device) is { } device ? (string[])[_device.Name, device] : [],
        .. PrecisionGiven(result) is { } precision ? (string[])[_precision.Name, precision] : [],
        .. NoGraphs(result) ? (string[])[_noGraphs.Name] : [],
    ];

    /// <summary>Whether another device or precision was given.</summary>
    public bool IsGiven(ParseResult result) => result.GetValue(_device) is not null || PrecisionGiven(result) is not null;

    private string Name(ParseResult result) => result.GetValue(_device) ?? DeviceChoice.Default;
}
