using System.CommandLine;
using EDA.Bench.Devices;
using EDA.Host.CommandLine;

namespace EDA.Bench.Kernels;

/// <summary>eda bench kernels.</summary>
internal static class KernelsCommand
{
    private const int Rounds = 15;
    private const int SmallRounds = 3;

    public static Command Create()
    {
        var device = DeviceOptions.Device();
        var precision = DeviceOptions.Precision();
        var noGraphs = DeviceOptions.NoGraphs();
        var json = new Option<string?>("--json") { Description = "also write the table to this file", HelpName = "FILE" };
        var small = new Option<bool>("--small") { Description = "small networks and batches" };
        var command = new Command("kernels", "time, rate and share of peak of the fused steps and, on a GPU, of each kernel") { device, precision, noGraphs, small, json };
        command.SetAction(result =>
        {
            var choice = DeviceOptions.Choice(result, device, precision, noGraphs);
            bool isSmall = result.GetValue(small);
            if (result.GetValue(json) is { } path)
                KernelDocument.CheckDestination(path);
            using var opened = choice.Open();
            KernelTable.Run(opened, isSmall ? WorkloadSize.Small : WorkloadSize.Published, isSmall ? SmallRounds : Rounds, result.GetValue(json), Console.Out);
            return ExitStatus.Success;
        });
        return command;
    }
}
