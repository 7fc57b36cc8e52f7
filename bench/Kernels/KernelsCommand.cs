using System.CommandLine;
using EDA.Bench.Devices;
using EDA.Host.CommandLine;
using EDA.Host.Devices;

namespace EDA.Bench.Kernels;

/// <summary>eda bench kernels.</summary>
internal static class KernelsCommand
{
    private const int Rounds = 15;
    private const int SoftwareRounds = 3;

    public static Command Create()
    {
        var device = DeviceOptions.Device();
        var precision = DeviceOptions.Precision();
        var json = new Option<string?>("--json") { Description = "also write the table to this file", HelpName = "FILE" };
        var command = new Command("kernels", "time, rate and share of peak of the fused steps and, on a GPU, of each kernel") { device, precision, json };
        command.SetAction(result =>
        {
            var choice = DeviceOptions.Choice(result, device, precision);
            bool software = choice.Name == DeviceChoice.Software;
            if (result.GetValue(json) is { } path)
                KernelDocument.CheckDestination(path);
            using var opened = choice.Open();
            KernelTable.Run(opened, software ? WorkloadSize.Small : WorkloadSize.Published, software ? SoftwareRounds : Rounds, result.GetValue(json), Console.Out);
            return ExitStatus.Success;
        });
        return command;
    }
}
