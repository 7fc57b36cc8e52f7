namespace EDA.Host.Experiments.Report;

/// <summary>A table of a report, the same in every format.</summary>
/// <param name="Title">Its title.</param>
/// <param name="What">What it shows, in a sentence or two.</param>
/// <param name="Heads">The heads of its columns.</param>
/// <param name="Names">How many columns from the left are names, not numbers.</param>
/// <param name="Rows">The cells, row by row.</param>
internal sealed record ReportTable(string Title, string What, IReadOnlyList<string> Heads, int Names, IReadOnlyList<IReadOnlyList<string>> Rows);
