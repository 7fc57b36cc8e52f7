using System.CommandLine;
using EDA.Bench.Devices;
using EDA.Bench.Kernels;
using EDA.Host.CommandLine;
using EDA.Host.Devices;

namespace EDA.Bench.Comparison;

/// <summary>eda bench compare.</summary>
internal static class CompareCommand
{
    private const int Rounds = 5;
    private const double BlockSeconds = 0.4;
    private const string Nobody = "none";

    // On a processor a call for 4096 states takes half a minute; a fraction of it does as well.
    private const int ProcessorSampleStates = 128;

    public static Command Create()
    {
        var device = DeviceOptions.Device();
        var precision = DeviceOptions.Precision();
        var references = new Option<string?>("--references") { Description = $"whom to compare with, with commas: {string.Join(", ", ReferencePrograms.Names)}, or {Nobody} (all that are here)", HelpName = "NAMES" };
        var python = new Option<string?>("--python") { Description = "the Python that has PyTorch (python3, /usr/bin/python3)", HelpName = "PROGRAM" };
        var only = new Option<string?>("--steps") { Description = $"which rows, with commas: {string.Join(", ", ComparisonRun.Names)} (all)", HelpName = "NAMES" };
        var rounds = new Option<string?>("--rounds") { Description = $"how often each program has its turn ({Rounds})", HelpName = "N" };
        var small = new Option<bool>("--small") { Description = "tiny sizes: does it work?" };
        var json = new Option<string?>("--json") { Description = "also write the comparison to this file", HelpName = "FILE" };
        var csv = new Option<string?>("--csv") { Description = "also write it as CSV to this file, which must not exist yet", HelpName = "FILE" };
        var markdown = new Option<string?>("--markdown") { Description = "also write the Markdown table to this file, which must not exist yet", HelpName = "FILE" };
        var chart = new Option<string?>("--chart") { Description = "also draw it into this .svg file, which must not exist yet", HelpName = "FILE" };
        var command = new Command("compare", "the engine beside PyTorch and TorchSharp, in turns, on the same steps") { device, precision, references, python, only, rounds, small, json, csv, markdown, chart };
        command.SetAction(result =>
        {
            var choice = DeviceOptions.Choice(result, device, precision);
            if (result.GetValue(json) is { } document)
                JsonDestination.Check(document, "an earlier comparison", ComparisonDocument.Is);
            foreach (var option in (Option<string?>[])[csv, markdown, chart])
            {
                if (result.GetValue(option) is { } path)
                    JsonDestination.CheckNew(option.Name, path);
            }

            if (result.GetValue(chart) is { } image && !image.EndsWith(".svg", StringComparison.OrdinalIgnoreCase))
                throw UserError.Value(chart.Name, image, "a file that ends in .svg");
            bool tiny = result.GetValue(small);
            var steps = (tiny ? WorkloadSize.Small : WorkloadSize.Published) with { };
            if (!choice.IsCuda && !tiny)
                steps = steps with { SampleStates = ProcessorSampleStates };
            var size = new ComparisonSize(DeviceOptions.WholeNumber(result, rounds, 1, 1000) ?? Rounds, tiny ? 0.01 : BlockSeconds, steps, tiny, result.GetValue(only) is { } named ? Names(only.Name, named, ComparisonRun.Names) : ComparisonRun.Names);
            var programs = new ReferencePrograms(choice, [.. tiny ? (string[])["--small"] : [], "--sample-states", $"{steps.SampleStates}"]);
            string[]? wanted = Wanted(result.GetValue(references) ?? (result.GetValue(python) is null ? null : ReferencePrograms.PyTorch));
            var found = programs.Find(wanted, result.GetValue(python), Console.WriteLine);
            var comparison = new ComparisonRun(programs.Engine, found, choice, size, Console.Out).Run();
            string page = ComparisonPage.Write(comparison, CommandLine(result));
            Console.WriteLine();
            Console.Write(page);
            if (result.GetValue(json) is { } file)
                comparison.Save(file);
            if (result.GetValue(csv) is { } table)
                ComparisonTable.Save(table, comparison);
            if (result.GetValue(markdown) is { } text)
                File.WriteAllText(text, page);
            if (result.GetValue(chart) is { } drawing)
                File.WriteAllText(drawing, ComparisonChart.Draw(comparison));
            return ExitStatus.Success;

            string CommandLine(ParseResult parsed) => string.Join(' ', (string[])["./eda bench compare",
                .. choice.Name == DeviceChoice.Default ? (string[])[] : ["--device", choice.Name],
                .. parsed.GetValue(precision) is { } given ? (string[])["--precision", given] : [],
                .. parsed.GetValue(references) is { } names ? (string[])["--references", names] : [],
                .. parsed.GetValue(only) is { } chosen ? (string[])["--steps", chosen] : [],
                .. parsed.GetValue(rounds) is { } number ? (string[])["--rounds", number] : [],
                .. parsed.GetValue(small) ? (string[])["--small"] : []]);
        });
        return command;
    }

    private static string[]? Wanted(string? names) => names switch
    {
        null => null,
        Nobody => [],
        _ => Names("--references", names, ReferencePrograms.Names, $", or {Nobody}"),
    };

    private static string[] Names(string option, string text, IReadOnlyList<string> allowed, string besides = "")
    {
        string[] names = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return names.Length > 0 && !names.Except(allowed).Any()
            ? names
            : throw UserError.Value(option, text, $"one or more of {string.Join(", ", allowed)}, with commas between{besides}");
    }
}
