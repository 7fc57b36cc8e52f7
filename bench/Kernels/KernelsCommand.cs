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
        var options = new MeasurementOptions("table", KernelDocument.Is);
        return options.Create("kernels", "time, rate and share of peak of the fused steps and, on a GPU, of each kernel", [], result =>
        {
            string? json = options.Json(result);
            using var device = options.Device(result).Open();
            KernelTable.Run(device, WorkloadSize.Of(options.IsSmall(result)), options.IsSmall(result) ? SmallRounds : Rounds, json, Console.Out);
            return ExitStatus.Success;
        });
    }
}
