using System.CommandLine;
using EDA.Bench.Devices;
using EDA.Host.CommandLine;

namespace EDA.Bench.Scaling;

/// <summary>eda bench scaling.</summary>
internal static class ScalingCommand
{
    private const int Rounds = 5;

    public static Command Create()
    {
        var options = new MeasurementOptions("list of times", ScalingDocument.Is);
        var rounds = new Option<string?>("--rounds") { Description = $"how often each step is timed ({Rounds})", HelpName = "N" };
        var csv = MeasurementOptions.NewFile("--csv", "also write them as CSV to this file");
        var chart = MeasurementOptions.NewFile("--chart", "also draw them into this .svg file");
        return options.Create("scaling", "time against threads, batch size and K, beside the floor", [rounds, csv, chart], result =>
        {
            var device = options.Device(result);
            string? json = options.Json(result), table = MeasurementOptions.Destination(result, csv), drawing = MeasurementOptions.Destination(result, chart, ".svg");
            var document = new ScalingRun(device, options.IsSmall(result), MeasurementOptions.WholeNumber(result, rounds, 1, 1000) ?? Rounds, Console.Out).Run();
            if (json is not null)
                document.Save(json);
            if (table is not null)
                CsvTable.Save(table, document.Sweeps.Select(BenchJson.Keyed));
            if (drawing is not null)
                File.WriteAllText(drawing, ScalingChart.Draw(document));
            return ExitStatus.Success;
        });
    }
}
