using System.CommandLine;
using EDA.Bench.Devices;
using EDA.Bench.Kernels;
using EDA.Host.CommandLine;

namespace EDA.Bench.Comparison;

/// <summary>eda bench compare.</summary>
internal static class CompareCommand
{
    private const int Rounds = 3;
    private const string None = "none";

    // On a processor a call for 4096 states takes half a minute; a fraction of it does as well.
    private const int ProcessorSampleStates = 128;

    // All that is compared by default is there by then; --rounds has the time that it takes.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4.75);

    public static Command Create()
    {
        var options = new MeasurementOptions("comparison", ComparisonDocument.Is);
        var references = new Option<string?>("--references") { Description = $"whom to compare with, with commas: {string.Join(", ", ReferencePrograms.Names)}, or {None} (all that are here)", HelpName = "NAMES" };
        var python = new Option<string?>("--python") { Description = "the Python that has PyTorch (python3, /usr/bin/python3)", HelpName = "PROGRAM" };
        var only = new Option<string?>("--steps") { Description = $"which rows, with commas: {string.Join(", ", ComparisonRun.Names)} (all)", HelpName = "NAMES" };
        var rounds = new Option<string?>("--rounds") { Description = $"how often each program has its turn, however long that takes ({Rounds}, fewer where five minutes are not enough)", HelpName = "N" };
        var csv = MeasurementOptions.NewFile("--csv", "also write it as CSV to this file");
        var markdown = MeasurementOptions.NewFile("--markdown", "also write the Markdown table to this file");
        var chart = MeasurementOptions.NewFile("--chart", "also draw it into this .svg file");
        return options.Create("compare", "the engine beside PyTorch and TorchSharp, in turns, on the same steps", [references, python, only, rounds, csv, markdown, chart], result =>
        {
            var choice = options.Device(result);
            string? json = options.Json(result), table = MeasurementOptions.Destination(result, csv), text = MeasurementOptions.Destination(result, markdown), drawing = MeasurementOptions.Destination(result, chart, ".svg");
            bool small = options.IsSmall(result);
            int? given = MeasurementOptions.WholeNumber(result, rounds, 1, 1000);
            var size = new ComparisonSize(
                given ?? Rounds, given is null ? Limit : null, small ? 0.01 : given is null ? 0.2 : 0.4, small, result.GetValue(only) is { } named ? Names(only.Name, named, ComparisonRun.Names) : ComparisonRun.Names);
            int sampleStates = WorkloadSize.Of(small, choice.IsCuda ? null : ProcessorSampleStates).SampleStates;
            var programs = new ReferencePrograms(choice, [.. small ? (string[])["--small"] : [], "--sample-states", $"{sampleStates}"]);
            string[]? wanted = Wanted(result.GetValue(references) ?? (result.GetValue(python) is null ? null : ReferencePrograms.PyTorch));
            var found = programs.Find(wanted, result.GetValue(python), Console.WriteLine);
            var comparison = new ComparisonRun(programs.Engine, found, choice, size, Console.Out).Run();
            string page = ComparisonPage.Write(comparison, CommandLine(result));
            Console.WriteLine();
            Console.Write(page);
            if (json is not null)
                comparison.Save(json);
            if (table is not null)
                ComparisonTable.Save(table, comparison);
            if (text is not null)
                File.WriteAllText(text, page);
            if (drawing is not null)
                File.WriteAllText(drawing, ComparisonChart.Draw(comparison));
            return ExitStatus.Success;

            string CommandLine(ParseResult parsed) => string.Join(' ', (string[])["./eda bench compare",
                .. options.DeviceWords(parsed),
                .. parsed.GetValue(references) is { } names ? (string[])["--references", names] : [],
                .. parsed.GetValue(only) is { } chosen ? (string[])["--steps", chosen] : [],
                .. parsed.GetValue(rounds) is { } number ? (string[])["--rounds", number] : [],
                .. small ? (string[])["--small"] : []]);
        });
    }

    private static string[]? Wanted(string? names) => names switch
    {
        null => null,
        None => [],
        _ => Names("--references", names, ReferencePrograms.Names, $", or {None}"),
    };

    private static string[] Names(string option, string text, IReadOnlyList<string> allowed, string besides = "")
    {
        string[] names = [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct()];
        return names.Length > 0 && !names.Except(allowed).Any()
            ? names
            : throw UserError.Value(option, text, $"one or more of {string.Join(", ", allowed)}, with commas between{besides}");
    }
}
