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
        var device = DeviceOptions.Device();
        var precision = DeviceOptions.Precision();
        var noGraphs = DeviceOptions.NoGraphs();
        var rounds = new Option<string?>("--rounds") { Description = $"how often each step is timed ({Rounds})", HelpName = "N" };
        var small = new Option<bool>("--small") { Description = "tiny sizes: does it work?" };
        var json = new Option<string?>("--json") { Description = "also write the times to this file", HelpName = "FILE" };
        var csv = new Option<string?>("--csv") { Description = "also write them as CSV to this file, which must not exist yet", HelpName = "FILE" };
        var chart = new Option<string?>("--chart") { Description = "also draw them into this .svg file, which must not exist yet", HelpName = "FILE" };
        var command = new Command("scaling", "time against threads, batch size and K, beside the floor") { device, precision, noGraphs, rounds, small, json, csv, chart };
        command.SetAction(result =>
        {
            var choice = DeviceOptions.Choice(result, device, precision, noGraphs);
            if (result.GetValue(json) is { } path)
                JsonDestination.Check(path, "earlier times", ScalingDocument.Is);
            foreach (var option in (Option<string?>[])[csv, chart])
            {
                if (result.GetValue(option) is { } wanted)
                    JsonDestination.CheckNew(option.Name, wanted);
            }

            if (result.GetValue(chart) is { } image && !image.EndsWith(".svg", StringComparison.OrdinalIgnoreCase))
                throw UserError.Value(chart.Name, image, "a file that ends in .svg");
            bool tiny = result.GetValue(small);
            var document = new ScalingRun(choice, tiny, DeviceOptions.WholeNumber(result, rounds, 1, 1000) ?? Rounds, Console.Out).Run();
            if (result.GetValue(json) is { } file)
                document.Save(file);
            if (result.GetValue(csv) is { } table)
                ScalingTable.Save(table, document.Sweeps);
            if (result.GetValue(chart) is { } drawing)
                File.WriteAllText(drawing, ScalingChart.Draw(document));
            return ExitStatus.Success;
        });
        return command;
    }
}
