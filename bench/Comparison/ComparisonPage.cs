using System.Globalization;
using System.Text;

namespace EDA.Bench.Comparison;

/// <summary>A comparison as a Markdown table, ready for a README.</summary>
public static class ComparisonPage
{
    /// <summary>Writes it.</summary>
    /// <param name="document">The comparison.</param>
    /// <param name="command">The command that made it.</param>
    /// <returns>The text.</returns>
    public static string Write(ComparisonDocument document, string command)
    {
        var page = new StringBuilder();
        var engine = document.Programs[0];
        page.Append(Invariant($"`{command}`: {engine.Device}{(document.PeakGflops is { } peak ? Invariant($"; peak {peak:0} GFLOP/s ({document.Arithmetic})") : string.Empty)}; medians of {document.Rounds} rounds in turns{(document.Rows.Concat(document.DefaultSettings).Any(IsSingle) ? "; † one turn" : string.Empty)}.\n\n"));
        page.Append("| step | engine | of peak | memory | reference | its time | its memory | engine is faster | with its default settings |\n|---|---|---|---|---|---|---|---|---|\n");
        foreach (var row in document.Rows)
        {
            var unset = document.DefaultSettings.FirstOrDefault(each => each.Name == row.Name && each.Reference == row.Reference);
            string[] cells =
            [
                $"{Title(row.Name)}, {document.Step(row.Name).What}",
                Time(row.EngineSeconds),
                row.PeakShare is { } share ? Invariant($"{share * 100:0} %") : "–",
                Memory(document.PeakBytes(row.Name, "eda", ComparisonDocument.Best)),
                row.Reference is null ? "–" : ProgramTitle(row.Reference) + (document.Program(row.Reference, ComparisonDocument.Best) is { Unfair: true } ? " (unfair: reference BLAS)" : string.Empty),
                row.ReferenceSeconds is { } seconds ? Time(seconds) + Mark(row) : "–",
                row.Reference is null ? "–" : Memory(document.PeakBytes(row.Name, row.Reference, ComparisonDocument.Best)),
                row.Ratio is { } ratio ? Invariant($"{ratio:0.00} ×") : "–",
                unset is { ReferenceSeconds: { } slow, Ratio: { } more } ? Invariant($"{Time(slow)}{Mark(unset)}, {more:0.00} ×") : "–",
            ];
            page.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
        }

        page.Append('\n');
        foreach (var program in document.Programs.Skip(1))
            page.Append(Describe(program)).Append('\n');
        return page.ToString();
    }

    /// <summary>A step's name as words.</summary>
    internal static string Title(string name) => name switch
    {
        "iql_step" => "IQL step",
        _ => name.Replace('_', ' '),
    };

    /// <summary>A program's name as its makers write it.</summary>
    internal static string ProgramTitle(string name) => name switch
    {
        ReferencePrograms.PyTorchBf16 => "PyTorch in bf16",
        ReferencePrograms.PyTorchProducts => "PyTorch in fp32 with bf16 products",
        ReferencePrograms.TorchSharpBf16 => "TorchSharp in bf16",
        _ when name.StartsWith(ReferencePrograms.EnginePrefix, StringComparison.Ordinal) => $"EDA.Engine in {name[ReferencePrograms.EnginePrefix.Length..]}",
        "pytorch" => "PyTorch",
        "torchsharp" => "TorchSharp",
        "eda" => "EDA.Engine",
        _ => name,
    };

    /// <summary>A time with a unit that fits.</summary>
    internal static string Time(double seconds) => seconds switch
    {
        < 0.1 => Invariant($"{seconds * 1e3:0.00} ms"),
        < 1 => Invariant($"{seconds * 1e3:0} ms"),
        _ => Invariant($"{seconds:0.00} s"),
    };

    private static string Describe(ComparedProgram program)
    {
        string settings = program.Settings == ComparisonDocument.Default ? "as it comes" : program.Threads is null ? "at its best" : "at its best (as many threads as the engine, OMP_WAIT_POLICY=passive)";
        string blas = program.Blas is null ? string.Empty : $", matrix products by {program.Blas}{(program.BlasPath is null ? string.Empty : $" ({program.BlasPath})")}{(program.Kernel is null ? string.Empty : $" for {program.Kernel}")}";
        string threads = program.Threads is { } count ? Invariant($", {count} thread{(count == 1 ? string.Empty : "s")}") : string.Empty;
        bool isEngine = program.Program.StartsWith(ReferencePrograms.EnginePrefix, StringComparison.Ordinal);
        return isEngine ? $"- {ProgramTitle(program.Program)}: {program.Device}." : $"- {ProgramTitle(program.Program)} {program.Version}, {settings}{threads}{blas}{(program.Unfair ? ": an unfair comparison, Debian's libopenblas0-pthread mends it" : string.Empty)}.";
    }

    // A reference that takes long has one turn, however many the engine has.
    private static bool IsSingle(ComparisonRow row) => row.ReferenceRounds == 1 && row.EngineRounds > 1;

    private static string Mark(ComparisonRow row) => IsSingle(row) ? " †" : string.Empty;

    private static string Memory(long? bytes) => bytes is { } known ? Invariant($"{known / 1048576.0:0} MiB") : "–";

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
