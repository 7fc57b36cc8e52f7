using System.CommandLine;
using System.Text.Json;
using EDA.Bench.Devices;
using EDA.Bench.Kernels;
using EDA.Engine;
using EDA.Host.CommandLine;

namespace EDA.Bench.History;

/// <summary>eda bench history: what the steps reached from commit to commit, of the tables that <c>eda bench kernels --json</c> left in a folder.</summary>
internal static class HistoryCommand
{
    private const string Folder = "bench/results/history";

    public static Command Create()
    {
        var source = new Option<string?>("--in") { Description = $"the folder with tables of eda bench kernels --json ({Folder})", HelpName = "DIR" };
        var chart = MeasurementOptions.NewFile("--chart", "also draw the shares of the peak, from commit to commit, to this .svg file");
        var command = new Command("history", "the tables of eda bench kernels over commits, by processor and precision") { source, chart };
        command.SetAction(result =>
        {
            string folder = result.GetValue(source) ?? Folder;
            if (!Directory.Exists(folder))
                throw UserError.Value(source.Name, folder, "a folder that exists");
            string? drawing = MeasurementOptions.Destination(result, chart, ".svg");
            var documents = Read(folder);
            if (documents.Count == 0)
                throw UserError.Value(source.Name, folder, "a folder with tables of eda bench kernels --json that name their commit");
            foreach (var document in documents)
            {
                string steps = string.Join(", ", document.Rows.Select(row => FormattableString.Invariant($"{row.Name} {row.PeakShare * 100:0} %")));
                Console.WriteLine($"{document.Started:yyyy-MM-dd}  {document.Commit}  {document.Processor}, {document.Precision}: {steps}");
            }

            if (drawing is not null)
                File.WriteAllText(drawing, HistoryChart.Draw(documents));
            return ExitStatus.Success;
        });
        return command;
    }

    private static List<KernelDocument> Read(string folder)
    {
        var documents = new List<KernelDocument>();
        foreach (string file in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal))
        {
            try
            {
                using var document = JsonDocument.Parse(File.ReadAllText(file));
                if (KernelDocument.Is(document.RootElement) && BenchJson.Read<KernelDocument>(document) is { Version.Length: > 0 } table)
                    documents.Add(table);
            }
            catch (JsonException error)
            {
                throw new InvalidFileException(file, $"is no measurement: {error.Message}", error);
            }
        }

        return [.. documents.OrderBy(document => document.Started)];
    }
}
