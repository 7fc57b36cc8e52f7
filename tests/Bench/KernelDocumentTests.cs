using System.Text.Json;
using EDA.Bench.Kernels;
using EDA.Host.CommandLine;

namespace EDA.Tests.Bench;

public class KernelDocumentTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("eda-bench-").FullName;

    [Fact]
    public void Keys_are_those_other_programs_read()
    {
        string path = Path.Combine(_folder, "table.json");
        new KernelDocument(200, [new KernelRow("score", 0.1, 180, 0.9, 0)]).Save(path);
        using var document = JsonDocument.Parse(File.ReadAllText(path));
        Assert.Equal(["peak_gflops", "rows"], document.RootElement.EnumerateObject().Select(property => property.Name));
        Assert.Equal(
            ["name", "seconds", "gflops", "peak_share", "allocated_bytes"],
            document.RootElement.GetProperty("rows")[0].EnumerateObject().Select(property => property.Name));
    }

    [Fact]
    public void An_earlier_table_may_be_replaced_and_nothing_else()
    {
        string table = Path.Combine(_folder, "table.json"), notes = Path.Combine(_folder, "notes.json");
        new KernelDocument(200, []).Save(table);
        File.WriteAllText(notes, "{\"mine\": 1}");
        KernelDocument.CheckDestination(table);
        KernelDocument.CheckDestination(Path.Combine(_folder, "new.json"));
        Assert.Throws<UserError>(() => KernelDocument.CheckDestination(notes));
        Assert.Throws<UserError>(() => KernelDocument.CheckDestination(Path.Combine(_folder, "missing", "table.json")));
    }

    public void Dispose()
    {
        Directory.Delete(_folder, true);
        GC.SuppressFinalize(this);
    }
}
