using EDA.Host.Libraries;
using EDA.Kernels;
using Spectre.Console;

namespace EDA.Tests.Host;

/// <summary>The table of libraries of eda doctor.</summary>
public sealed class LibraryTableTests
{
    private static readonly LibraryRow[] Rows =
    [
        new("One", true, "/lib/one.so", "1.2", "wonders", null),
        new("Another", false, null, null, "more of them", "install things"),
    ];

    [Fact]
    public void A_plain_line_begins_with_name_and_answer()
    {
        var output = new StringWriter();
        LibraryTable.Write(Rows, output);
        Assert.Equal(
            [
                "One      found    /lib/one.so  1.2  wonders       -",
                "Another  missing  -            -    more of them  install things",
            ],
            output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void A_terminal_gets_the_same_as_a_table()
    {
        var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Ansi = AnsiSupport.No });
        console.Profile.Width = 200;
        LibraryTable.Draw(Rows, console);
        string table = output.ToString();
        Assert.All(new[] { "library", "how to get it", "One", "found", "/lib/one.so", "1.2", "wonders", "Another", "missing", "install things" }, word => Assert.Contains(word, table, StringComparison.Ordinal));
    }

    [Fact]
    public void A_missing_library_has_its_remedy_and_one_that_will_not_do_its_reason()
    {
        var missing = new MachineLibrary<LoadedLibrary>("Thing", "wonders", "install things", () => [], library => library);
        Assert.Equal(new LibraryRow("Thing", false, null, null, "wonders", "install things"), LibraryRow.Of(missing));
        string here = typeof(LibraryTableTests).Assembly.Location;
        var unusable = new MachineLibrary<LoadedLibrary>("Thing", "wonders", "install things", () => [here], library => library);
        Assert.Equal(unusable.Refusal, LibraryRow.Of(unusable).Remedy);
        Assert.Contains("does not load", unusable.Refusal!, StringComparison.Ordinal);
    }
}
