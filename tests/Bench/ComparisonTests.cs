using System.Runtime.Versioning;
using System.Text.Json;
using System.Xml.Linq;
using EDA.Bench.Comparison;
using EDA.Bench.Kernels;
using EDA.Kernels.Cpu.Matrix;
using EDA.Tests.Host;

namespace EDA.Tests.Bench;

/// <summary>What a comparison leaves behind, and what it refuses.</summary>
[Trait("speed", "slow")]
public sealed class ComparisonTests : IDisposable
{
    private static readonly string[] _names = ["pretraining_step", "alignment_step", "iql_step", "score", "sampling", "file_to_score"];
    private static readonly string[] _keys = ["name", "engine_seconds", "reference", "reference_seconds", "ratio", "peak_share", "engine_rounds", "reference_rounds"];

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Keys_are_those_other_programs_read()
    {
        string path = _folder.At("compare.json");
        Document().Save(path);
        using var document = JsonDocument.Parse(File.ReadAllText(path));
        Assert.All(document.RootElement.GetProperty("rows").EnumerateArray(), row => Assert.Equal(_keys, row.EnumerateObject().Select(property => property.Name)));
        Assert.Equal(
            ["rows", "default_settings", "steps", "memory", "programs", "peak_gflops", "arithmetic", "rounds", "system"],
            document.RootElement.EnumerateObject().Select(property => property.Name));
        Assert.Equal(JsonValueKind.Null, document.RootElement.GetProperty("rows")[1].GetProperty("peak_share").ValueKind);
    }

    [Fact]
    public void The_table_has_a_line_for_each_reference_and_its_settings()
    {
        string path = _folder.At("compare.csv");
        ComparisonTable.Save(path, Document());
        string[][] lines = [.. File.ReadLines(path).Select(line => line.Split(','))];
        Assert.Equal(["name", "engine_seconds", "reference", "settings", "reference_seconds", "ratio", "peak_share"], lines[0][..7]);
        Assert.All(lines, line => Assert.Equal(lines[0].Length, line.Length));
        Assert.Equal(["score", "0.5", "pytorch", "best", "1", "2", "0.8", "3", "3", "100000000000", "0.4", "104857600", "524288000", "1.13.0", "2", "reference", "1"], lines[1]);
        Assert.Equal(["file_to_score", "3", "", "", "", "", ""], lines[2][..7]);
        Assert.Equal(["score", "0.5", "pytorch", "default", "2", "4"], lines[3][..6]);
        Assert.Throws<IOException>(() => ComparisonTable.Save(path, Document()));
    }

    [Fact]
    public void The_page_says_what_the_numbers_say_and_what_is_unfair()
    {
        string page = ComparisonPage.Write(Document(), "./eda bench compare --rounds 3");
        string[] lines = page.Split('\n');
        Assert.StartsWith("`./eda bench compare --rounds 3`: cpu; peak 250 GFLOP/s", lines[0], StringComparison.Ordinal);
        Assert.Equal("| score, 4096 points | 500 ms | 80 % | 100 MiB | PyTorch (unfair: reference BLAS) | 1.00 s | 500 MiB | 2.00 × | 2.00 s †, 4.00 × |", lines[4]);
        Assert.Equal("| file to score, 2 steps | 3.00 s | – | – | – | – | – | – | – |", lines[5]);
        int columns = lines[2].Count(letter => letter == '|');
        Assert.All(lines[2..6], line => Assert.Equal(columns, line.Count(letter => letter == '|')));
        Assert.Contains("libopenblas0-pthread", page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_chart_has_the_times_and_the_floor()
    {
        var chart = XDocument.Parse(ComparisonChart.Draw(Document()));
        string[] words = [.. chart.Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value)];
        Assert.Contains("500 ms", words);
        Assert.Contains("1.00 s, 2.0 ×", words);
        Assert.Contains("3.00 s", words);
        Assert.Contains(words, text => text.Contains("unfair", StringComparison.Ordinal));
        Assert.Contains(words, text => text.Contains("nominal work over the peak beside it (median 250 GFLOP/s", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/usr/lib/x86_64-linux-gnu/openblas-pthread/libblas.so.3", null, "openblas", false)]
    [InlineData("/usr/lib/x86_64-linux-gnu/blas/libblas.so.3.11.0", null, "reference", true)]
    [InlineData("/usr/lib/x86_64-linux-gnu/blis-pthread/libblas.so.3", null, "blis", false)]
    [InlineData("/opt/venv/lib/libmkl_rt.so.2", "mkl", "mkl", false)]
    [InlineData("/opt/venv/lib/numpy.libs/libopenblas64_p-r0-0cf96a72.so", "mkl", "mkl", false)]
    [InlineData("/opt/venv/lib/torch/lib/libopenblas-abc.so.0", null, "openblas", false)]
    [InlineData("/usr/lib/libc.so.6", null, "unknown", false)]
    public void The_library_that_is_really_loaded_decides_what_is_fair(string file, string? builtIn, string name, bool unfair)
    {
        var blas = BlasLibrary.Of(["7f00-7f10 r-xp 00000000 08:01 42 /opt/venv/lib/numpy.libs/libopenblas64_p-r0-1.so", $"7f10-7f20 r-xp 00000000 08:01 43     {file}", "7f20-7f30 rw-p 00000000 00:00 0"], builtIn);
        Assert.Equal((builtIn is null && name == "unknown" ? "openblas" : name, unfair), (blas.Name, blas.IsUnfair));
        Assert.Equal(unfair, blas.IsUnfair && blas.Remedy.Contains("libopenblas0-pthread", StringComparison.Ordinal));
    }

    [OptionalFact(OptionalNeeds.Bash)]
    [UnsupportedOSPlatform("windows")]
    public void Without_a_reference_the_rows_are_the_engines_alone()
    {
        string json = _folder.At("compare.json"), csv = _folder.At("compare.csv"), svg = _folder.At("compare.svg");
        // A PATH with a python3 that has no PyTorch, in place of the system's own.
        string python = _folder.At("python3");
        File.WriteAllText(python, "#!/bin/sh\nexit 1\n");
        File.SetUnixFileMode(python, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var named = BenchProcess.Run(_folder.Path, "bench", "compare", "--small", "--python", python);
        Assert.Equal((2, 1), (named.Status, named.ErrorLines.Length));
        Assert.Contains("--python is", named.Error, StringComparison.Ordinal);

        var result = BenchProcess.Run(_folder.Path, "bench", "compare", "--small", "--rounds", "1", "--references", "none", "--json", json, "--csv", csv, "--chart", svg);
        Assert.Equal((0, string.Empty), (result.Status, result.Error));
        using var document = JsonDocument.Parse(File.ReadAllText(json));
        var rows = document.RootElement.GetProperty("rows").EnumerateArray().ToArray();
        Assert.Equal(_names, rows.Select(row => row.GetProperty("name").GetString()));
        Assert.All(rows, row =>
        {
            Assert.True(row.GetProperty("engine_seconds").GetDouble() > 0);
            Assert.All(_keys[2..5], key => Assert.Equal(JsonValueKind.Null, row.GetProperty(key).ValueKind));
        });
        Assert.All(rows[..5], row => Assert.True(row.GetProperty("peak_share").GetDouble() > 0));
        Assert.Equal(7, File.ReadLines(csv).Count());
        Assert.NotEmpty(XDocument.Load(svg).Descendants());
    }

    [Fact]
    public void The_engine_takes_its_turns_in_another_precision()
    {
        string json = _folder.At("compare.json");
        var result = BenchProcess.Run(_folder.Path, "bench", "compare", "--small", "--rounds", "1", "--steps", "score,iql_step", "--precision", "bf16", "--references", "eda-fp32", "--json", json);
        Assert.True(result.Status == 0, result.Error);
        using var document = JsonDocument.Parse(File.ReadAllText(json));
        Assert.All(document.RootElement.GetProperty("rows").EnumerateArray(), row => Assert.Equal("eda-fp32", row.GetProperty("reference").GetString()));
        Assert.Equal(
            [$"eda {MatrixChoice.Best(CpuPrecision.Bf16).Name}", "eda-fp32 fp32"],
            document.RootElement.GetProperty("programs").EnumerateArray().Select(program => $"{program.GetProperty("program")} {program.GetProperty("precision")}"));
        Assert.Contains("EDA.Engine in fp32", result.Output, StringComparison.Ordinal);
    }

    [OptionalFact(OptionalNeeds.PyTorch)]
    public void PyTorch_in_bf16_takes_its_turns_and_what_slows_it_is_named()
    {
        string json = _folder.At("compare.json");
        var result = EdaProcess.RunProgram(
            typeof(KernelDocument).Assembly.Location, _folder.Path, new Dictionary<string, string> { ["OPENBLAS_CORETYPE"] = "Haswell" }, "bench", "compare", "--small", "--rounds", "1", "--steps", "score,iql_step", "--references", "pytorch-bf16", "--json", json);
        Assert.True(result.Status == 0, result.Error);
        Assert.Contains("OPENBLAS_CORETYPE is Haswell", result.Output, StringComparison.Ordinal);
        using var document = JsonDocument.Parse(File.ReadAllText(json));
        Assert.Equal(["score", "iql_step"], document.RootElement.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("name").GetString()).OrderDescending());
        Assert.All(document.RootElement.GetProperty("programs").EnumerateArray().Skip(1), program => Assert.Equal("bf16", program.GetProperty("precision").GetString()));
    }

    [OptionalFact(OptionalNeeds.PyTorch)]
    public void PyTorch_takes_its_turns_in_every_row()
    {
        string json = _folder.At("compare.json"), page = _folder.At("compare.md");
        var result = BenchProcess.Run(_folder.Path, "bench", "compare", "--small", "--rounds", "1", "--references", "pytorch", "--json", json, "--markdown", page);
        Assert.True(result.Status == 0, result.Error);
        using var document = JsonDocument.Parse(File.ReadAllText(json));
        var rows = document.RootElement.GetProperty("rows").EnumerateArray().ToArray();
        Assert.Equal(_names, rows.Select(row => row.GetProperty("name").GetString()));
        Assert.All(rows, row =>
        {
            Assert.Equal("pytorch", row.GetProperty("reference").GetString());
            Assert.Equal(row.GetProperty("reference_seconds").GetDouble() / row.GetProperty("engine_seconds").GetDouble(), row.GetProperty("ratio").GetDouble(), 1e-9);
        });
        Assert.Equal(
            ["eda best", "pytorch best", "pytorch default"],
            document.RootElement.GetProperty("programs").EnumerateArray().Select(program => $"{program.GetProperty("program")} {program.GetProperty("settings")}"));
        if (OperatingSystem.IsLinux())
            Assert.All(document.RootElement.GetProperty("memory").EnumerateArray(), entry => Assert.True(entry.GetProperty("peak_bytes").GetInt64() > 10 << 20));
        Assert.Contains("| file to score", File.ReadAllText(page), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--references", "tensorflow")]
    [InlineData("--references", ",")]
    [InlineData("--steps", "score,nothing")]
    [InlineData("--rounds", "0")]
    [InlineData("--chart", "compare.png")]
    [InlineData("--csv", "missing/compare.csv")]
    [InlineData("--python", "no-such-python")]
    [InlineData("--device", "tpu")]
    public void What_is_not_allowed_is_refused_in_a_line(string option, string value)
    {
        var result = BenchProcess.Run(_folder.Path, "bench", "compare", "--small", option, value);
        Assert.Equal((2, 1), (result.Status, result.ErrorLines.Length));
        Assert.Contains(option, result.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_folder.Path));
    }

    [Fact]
    public void Nothing_is_overwritten_but_an_earlier_comparison()
    {
        string notes = _folder.Write("notes.json", "{\"mine\": 1}"), page = _folder.Write("page.md", "mine");
        foreach (string[] arguments in (string[][])[["--json", notes], ["--markdown", page]])
        {
            var result = BenchProcess.Run(_folder.Path, ["bench", "compare", "--small", .. arguments]);
            Assert.Equal((2, 1), (result.Status, result.ErrorLines.Length));
        }

        Assert.Equal("mine", File.ReadAllText(page));
    }

    private static ComparisonDocument Document() => new(
        [new("score", 0.5, "pytorch", 1, 2, 0.8, 3, 3), new("file_to_score", 3, null, null, null, null, 3, null)],
        [new("score", 0.5, "pytorch", 2, 4, 0.8, 3, 1)],
        [new("score", "4096 points", 1e11, 250, 0.4), new("file_to_score", "2 steps", null, null, null)],
        [new("score", "eda", "best", 100 << 20), new("score", "pytorch", "best", 500 << 20)],
        [
            new("eda", "best", "0.1.0", "cpu", "fp32", 2, null, null, false),
            new("pytorch", "best", "1.13.0", "cpu", "fp32", 2, "reference", "/usr/lib/x86_64-linux-gnu/blas/libblas.so.3", true),
            new("pytorch", "default", "1.13.0", "cpu", "fp32", 1, "reference", "/usr/lib/x86_64-linux-gnu/blas/libblas.so.3", true),
        ],
        250, "multiply-adds", 3, "Linux");
}
