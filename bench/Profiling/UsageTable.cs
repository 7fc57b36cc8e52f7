namespace EDA.Bench.Profiling;

/// <summary>Usage as a table for people.</summary>
internal static class UsageTable
{
    /// <summary>Writes it.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="title">What the rows are, over the first column.</param>
    /// <param name="output">Where it goes.</param>
    public static void Write(IReadOnlyList<UsageRow> rows, string title, TextWriter output)
    {
        int width = Math.Max(title.Length, rows.Select(row => Label(row).Length).DefaultIfEmpty(0).Max());
        bool resources = rows.Any(row => row.Registers is not null);
        output.WriteLine($"{title.PadRight(width)}   calls        ms   time   µs each   GFLOP/s  of peak     GB/s  of peak{(resources ? "  registers  local B  shared B" : string.Empty)}");
        foreach (var row in rows)
        {
            string taken = resources ? $"  {Taken(row.Registers),9}  {Taken(row.LocalBytes),7}  {Taken(row.SharedBytes),8}" : string.Empty;
            output.WriteLine(
                $"{Label(row).PadRight(width)}  {row.Calls,6}  {row.Seconds * 1e3,8:f3}  {row.TimeShare * 100,4:f1}%  {row.Seconds / Math.Max(1, row.Calls) * 1e6,8:f1}  {row.Gflops,8:f1}  {row.ArithmeticShare * 100,6:f1}%  {row.Gbps,7:f1}  {row.MemoryShare * 100,6:f1}%{taken}");
        }
    }

    private static string Label(UsageRow row) => row.Within.Length > 0 ? $"{row.Within} / {row.Name}" : row.Name;

    private static string Taken(int? value) => value?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "?";
}
