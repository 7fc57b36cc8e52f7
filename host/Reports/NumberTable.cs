namespace EDA.Host.Reports;

/// <summary>A table of numbers for the page of a run.</summary>
/// <param name="Heads">The heads of the columns of numbers.</param>
/// <param name="Rows">The rows.</param>
public sealed record NumberTable(IReadOnlyList<string> Heads, IReadOnlyList<NumberRow> Rows);

/// <summary>A row of such a table.</summary>
/// <param name="Name">The key of result.json.</param>
/// <param name="Cells">A text for each column.</param>
/// <param name="What">What it is; <c>_{x}</c> and <c>^{x}</c> set x lower or higher.</param>
public sealed record NumberRow(string Name, IReadOnlyList<string> Cells, string What);
