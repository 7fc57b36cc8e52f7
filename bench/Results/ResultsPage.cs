using System.Globalization;
using System.Text;
using EDA.Bench.Steps;

namespace EDA.Bench.Results;

/// <summary>The results as Markdown.</summary>
internal static class ResultsPage
{
    private const int KernelRows = 12;

    /// <summary>Writes the page.</summary>
    /// <param name="results">The results.</param>
    /// <returns>Its text.</returns>
    public static string Write(ResultsDocument results)
    {
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"# {results.Gpu}\n\n");
        page.Append(CultureInfo.InvariantCulture, $"Commit {results.Commit}, {results.Date}, {results.System}. Made by `bench/gpu/run`.\n");
        Parts(page, results);
        Verifications(page, results);
        Steps(page, results);
        Stages(page, results);
        Kernels(page, results);
        return page.ToString();
    }

    private static void Parts(StringBuilder page, ResultsDocument results)
    {
        if (results.Parts.Count == 0)
            return;
        int passed = results.Parts.Count(part => part.Status == "passed");
        page.Append(CultureInfo.InvariantCulture, $"\n## Parts\n\n{passed} of {results.Parts.Count} passed. A part that is running is where the run was cut off, unless it still goes on.\n\n");
        Row(page, "part", "", "seconds", "limit", "what it said last");
        Row(page, "---", "---", "---:", "---:", "---");
        foreach (var part in results.Parts)
        {
            string said = part.Why?.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ") ?? string.Empty;
            Row(page, part.Part, part.Status == "passed" ? part.Status : $"**{part.Status}**", part.Seconds is { } seconds ? Number(seconds, "0") : "–", part.Limit is { } limit ? Number(limit, "0") : "–", said);
        }
    }

    private static void Verifications(StringBuilder page, ResultsDocument results)
    {
        if (results.Verifications.Count == 0)
            return;
        page.Append("\n## Correctness\n\nEvery operation against the CPU's float32, errors relative in norm; repeated runs bit for bit.\n\n");
        Row(page, "products", "checks", "failed", "nearest to its limit", "error", "allowed");
        Row(page, "---", "---", "---", "---", "---", "---");
        foreach (var table in results.Verifications)
        {
            var worst = table.Checks.Where(check => check.Allowed > 0).MaxBy(check => (check.Error ?? double.PositiveInfinity) / check.Allowed);
            Row(
                page, table.Precision, $"{table.Checks.Count}", $"{table.Checks.Count(check => !check.Passed)}", worst is null ? "–" : $"{worst.Case}, {worst.Check}",
                worst?.Error?.ToString("0.0e+00", CultureInfo.InvariantCulture) ?? "no number", worst?.Allowed.ToString("0e+00", CultureInfo.InvariantCulture) ?? "–");
        }
    }

    private static void Steps(StringBuilder page, ResultsDocument results)
    {
        if (results.Steps.Count == 0)
            return;
        page.Append("\n## Steps\n\nMilliseconds, medians, on the host's clock with the device finished at both ends; after a stroke, how many times as long as this engine's at the same precision.\n\n");
        Compare(page, results.Steps, table => table.Steps, seconds => (seconds * 1e3).ToString("0.000", CultureInfo.InvariantCulture));
        page.Append('\n');
        foreach (var table in results.Steps)
            page.Append(CultureInfo.InvariantCulture, $"- {Title(table)}: {table.Version}, {table.Mode}\n");
        if (results.Steps.Any(table => table.Program == "pytorch") && results.Steps.All(table => table.Program != "torchsharp"))
            page.Append("\nPyTorch stands for TorchSharp as well: both call libtorch, and TorchSharp's build of it for CUDA, gigabytes of packages, does not travel with this program.\n");
    }

    private static void Stages(StringBuilder page, ResultsDocument results)
    {
        if (!results.Steps.Any(table => table.Stages.Count > 0))
            return;
        page.Append("\n## Whole stages\n\nSeconds for 1000 training steps, and for 16 candidates for each of 1,000,000 states: in proportion, from runs of the length beside the name.\n\n");
        Compare(page, results.Steps, PerUnit, seconds => seconds.ToString("0.000", CultureInfo.InvariantCulture));
        page.Append('\n');
        foreach (var table in results.Steps.Where(table => table.Stages.Count > 0))
            page.Append(CultureInfo.InvariantCulture, $"- {Title(table)}: {string.Join(", ", table.Stages.Select(stage => FormattableString.Invariant($"{stage.Key} in {stage.Value:0.00} s")))}\n");
    }

    private static void Kernels(StringBuilder page, ResultsDocument results)
    {
        foreach (var table in results.Kernels)
        {
            page.Append(CultureInfo.InvariantCulture, $"\n## Steps and kernels, {table.Precision}\n\n");
            page.Append(CultureInfo.InvariantCulture, $"Peaks of the same run: {table.Peaks.Gflops:0} GFLOP/s ({table.Peaks.Arithmetic}), {table.Peaks.Gbps:0} GB/s ({table.Peaks.Memory}).\n\n");
            Row(page, "step", "ms", "nominal GFLOP/s", "of peak");
            Row(page, "---", "---:", "---:", "---:");
            foreach (var row in table.Rows)
                Row(page, row.Name, Number(row.Seconds * 1e3, "0.0000"), Number(row.Gflops, "0"), Percent(row.PeakShare));
            foreach (var step in table.Kernels.GroupBy(kernel => kernel.Within))
            {
                page.Append(CultureInfo.InvariantCulture, $"\n{step.Key}: the kernels that take longest\n\n");
                Row(page, "kernel", "calls", "µs in all", "of the time", "GFLOP/s", "of peak", "GB/s", "of peak", "registers", "local bytes");
                Row(page, "---", "---:", "---:", "---:", "---:", "---:", "---:", "---:", "---:", "---:");
                foreach (var kernel in step.Take(KernelRows))
                {
                    Row(
                        page, $"`{kernel.Name}`", $"{kernel.Calls}", Number(kernel.Seconds * 1e6, "0.0"), Percent(kernel.TimeShare), Number(kernel.Gflops, "0"), Percent(kernel.ArithmeticShare),
                        Number(kernel.Gbps, "0"), Percent(kernel.MemoryShare), Taken(kernel.Registers), Taken(kernel.LocalBytes));
                }
            }
        }
    }

    private static void Compare(StringBuilder page, IReadOnlyList<StepsDocument> tables, Func<StepsDocument, IReadOnlyDictionary<string, double>> values, Func<double, string> write)
    {
        Row(page, ["", .. tables.Select(Title)]);
        Row(page, ["---", .. tables.Select(_ => "---:")]);
        foreach (string name in tables.SelectMany(table => values(table).Keys).Distinct())
        {
            Row(page, [name, .. tables.Select(table =>
            {
                if (!values(table).TryGetValue(name, out double seconds))
                    return "–";
                var own = tables.FirstOrDefault(other => other.Program == "eda" && other.Precision == table.Precision);
                return table.Program != "eda" && own is not null && values(own).TryGetValue(name, out double ours) ? $"{write(seconds)} / {Number(seconds / ours, "0.0")} ×" : write(seconds);
            })]);
        }
    }

    // behavior_2000 in seconds → behavior, seconds for 1000 steps; candidates_100000 → seconds for a million states.
    private static Dictionary<string, double> PerUnit(StepsDocument table)
    {
        var scaled = new Dictionary<string, double>();
        foreach (var (key, seconds) in table.Stages)
        {
            int at = key.LastIndexOf('_');
            if (at > 0 && long.TryParse(key.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long count) && count > 0)
                scaled[key[..at]] = seconds / count * (key.StartsWith("candidates", StringComparison.Ordinal) ? 1e6 : 1e3);
        }

        return scaled;
    }

    private static string Title(StepsDocument table) => table.Mode.StartsWith("compiled", StringComparison.Ordinal) ? $"{table.Program} compiled {table.Precision}" : $"{table.Program} {table.Precision}";

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static string Percent(double share) => Number(share * 100, "0.0") + " %";

    private static string Taken(int? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "?";

    private static void Row(StringBuilder page, params IEnumerable<string> cells) => page.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
}
