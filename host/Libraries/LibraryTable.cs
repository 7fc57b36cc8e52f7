using Spectre.Console;

namespace EDA.Host.Libraries;

/// <summary>The table of libraries, for people at a terminal and for other programs.</summary>
public static class LibraryTable
{
    private static readonly string[] Titles = ["library", "here", "where", "version", "brings", "how to get it"];

    /// <summary>Writes a line a library, for other programs too: its name, <c>found</c> or <c>missing</c>, and what follows in columns.</summary>
    /// <param name="rows">The libraries.</param>
    /// <param name="output">Where to.</param>
    public static void Write(IReadOnlyList<LibraryRow> rows, TextWriter output)
    {
        var cells = rows.Select(Cells).ToList();
        int[] widths = [.. Titles.Select((_, column) => cells.Max(row => row[column].Length))];
        foreach (string[] row in cells)
            output.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }

    /// <summary>Draws it.</summary>
    /// <param name="rows">The libraries.</param>
    /// <param name="console">The terminal.</param>
    public static void Draw(IReadOnlyList<LibraryRow> rows, IAnsiConsole console)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (string title in Titles)
            table.AddColumn(title);
        foreach (var row in rows)
            table.AddRow([.. Cells(row).Select((cell, column) => new Text(cell, column == 1 ? new Style(row.IsFound ? Color.Green : Color.Yellow) : Style.Plain))]);
        console.Write(table);
    }

    // "-" for nothing, so that every line has its columns.
    private static string[] Cells(LibraryRow row) =>
        [row.Name, row.IsFound ? "found" : "missing", row.Where ?? "-", row.Version ?? "-", row.Brings, row.Remedy ?? "-"];
}
