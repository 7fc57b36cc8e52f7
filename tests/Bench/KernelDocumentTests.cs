using System.Text.Json;
using EDA.Bench.Kernels;
using EDA.Bench.Peaks;
using EDA.Host.CommandLine;
using EDA.Kernels.Gpu;
using EDA.Tests.Host;
using EDA.Tests.Software;

namespace EDA.Tests.Bench;

[Trait("speed", "slow")]
public sealed class KernelDocumentTests : IDisposable
{
    private static readonly DevicePeaks Peaks = new(200, "multiply-adds", 20, "copy");

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Keys_are_those_other_programs_read()
    {
        string path = _folder.At("table.json");
        new KernelDocument("cpu", "fp32", 200, Peaks, [new KernelRow("score", 0.1, 180, 0.9, 0)], []).Save(path);
        using var document = JsonDocument.Parse(File.ReadAllText(path));
        Assert.Equal(["device", "precision", "peak_gflops", "peaks", "rows", "kernels", "version", "processor", "started"], document.RootElement.EnumerateObject().Select(property => property.Name));
        Assert.Equal(
            ["name", "seconds", "gflops", "peak_share", "allocated_bytes"],
            document.RootElement.GetProperty("rows")[0].EnumerateObject().Select(property => property.Name));
    }

    [Fact]
    public void Tables_of_several_commits_are_drawn_in_time()
    {
        Save("b.json", "0.2.0+bbbbbbbbbb", 2, 0.9);
        Save("a.json", "0.1.0+aaaaaaaaaa", 1, 0.8);
        new KernelDocument("cpu", "fp32", 200, Peaks, [], []).Save(_folder.At("nameless.json"));
        string bench = Path.Combine(AppContext.BaseDirectory, "eda-bench.dll");
        var result = EdaProcess.RunProgram(bench, _folder.Path, new Dictionary<string, string>(), "bench", "history", "--in", ".", "--chart", "history.svg");
        Assert.Equal((0, string.Empty), (result.Status, result.Error));
        Assert.Equal("2026-01-01  aaaaaaa  a processor, fp32: score 80 %\n2026-01-02  bbbbbbb  a processor, fp32: score 90 %\n", result.Output);
        string chart = File.ReadAllText(_folder.At("history.svg"));
        Assert.All((string[])["aaaaaaa", "bbbbbbb", "a processor, fp32", "score"], word => Assert.Contains(word, chart, StringComparison.Ordinal));
        Assert.Equal(2, EdaProcess.RunProgram(bench, _folder.Path, new Dictionary<string, string>(), "bench", "history", "--in", ".", "--chart", "history.svg").Status);
        Assert.Equal(2, EdaProcess.RunProgram(bench, _folder.Path, new Dictionary<string, string>(), "bench", "history", "--in", "nowhere").Status);

        void Save(string name, string version, int day, double share) =>
            new KernelDocument("cpu", "fp32", 200, Peaks, [new KernelRow("score", 0.1, 180, share, 0)], []) { Version = version, Processor = "a processor", Started = new(2026, 1, day, 0, 0, 0, TimeSpan.Zero) }.Save(_folder.At(name));
    }

    [Fact]
    public void An_earlier_table_may_be_replaced_and_nothing_else()
    {
        string table = _folder.At("table.json"), notes = _folder.At("notes.json");
        new KernelDocument("cpu", "fp32", 200, Peaks, [], []).Save(table);
        File.WriteAllText(notes, "{\"mine\": 1}");
        KernelDocument.CheckDestination(table);
        KernelDocument.CheckDestination(_folder.At("new.json"));
        Assert.Throws<UserError>(() => KernelDocument.CheckDestination(notes));
        Assert.Throws<UserError>(() => KernelDocument.CheckDestination(_folder.At("missing/table.json")));
    }

    [Fact]
    public void A_device_of_kernels_has_each_kernel_of_each_step_in_its_table()
    {
        using var device = new GpuDevice(new SoftwareBackend());
        using var words = new StringWriter();
        string path = _folder.At("software.json");
        var table = KernelTable.Run(device, new WorkloadSize(new(3, 2, 32, 1), 9, 2, 3, 5, 2), 2, path, words);
        Assert.Equal(["pretraining", "alignment", "gaps", "score", "density", "sampling", "adam", "implicit q", "mlp"], table.Rows.Select(row => row.Name));
        Assert.All(table.Rows, row =>
        {
            Assert.True(row.Seconds > 0);
            Assert.Equal(row.Gflops / table.PeakGflops, row.PeakShare, 1e-12);
        });
        double unit = 2 * 32 * 128 * 2;
        Assert.Equal(6 * unit * 9, table.Rows[0].Gflops * table.Rows[0].Seconds * 1e9, 1e-3);
        Assert.Equal(table.Rows.Select(row => row.Name), table.Kernels.Select(kernel => kernel.Within).Distinct());
        // Both outer products of W1 and W2, end to end; of the network's entry those of the action's part, and one each of the condition's and the time's.
        double entry = 2 * 9 * ((2 * 32 * 2) + (32 * (32 + 3)) + (32 * 32));
        var gradient = table.Kernels.Single(kernel => kernel is { Within: "pretraining", Name: "weight_gradient_fp32_small" });
        Assert.Equal((2 * unit * 9) + entry, gradient.Flop);
        Assert.Equal(1, gradient.Calls);
        // Fifteen evaluations, each with a forward layer.
        Assert.Equal(15, table.Kernels.Single(kernel => kernel is { Within: "sampling", Name: "product_fp32_small_activation" }).Calls);
        Assert.Contains("weight_gradient_fp32", words.ToString(), StringComparison.Ordinal);
        KernelDocument.CheckDestination(path);
    }
}
