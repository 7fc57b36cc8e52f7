using EDA.Engine.Data;

namespace EDA.Tests.Host;

[Trait("speed", "slow")]
public sealed class CommandLineTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("frobnicate", "frobnicate", "run")]
    [InlineData("run", "recipe", "bandit-8gaussians")]
    [InlineData("run bandit-squares", "bandit-squares", "bandit-checkerboard")]
    [InlineData("run bandit-rings --frob 3", "--frob", "--seed")]
    [InlineData("run bandit-rings surplus", "surplus", "--help")]
    [InlineData("run bandit-rings --seed", "--seed", "--seed")]
    [InlineData("run bandit-rings --seed -1", "--seed is '-1'", "whole number")]
    [InlineData("run bandit-rings --seeds", "--seeds", "--seeds")]
    [InlineData("run bandit-rings --seeds 3", "--seeds is '3'", "FIRST..LAST in rising order, at most 64 seeds, for instance 0..4")]
    [InlineData("run bandit-rings --seeds 4..0", "--seeds is '4..0'", "rising order")]
    [InlineData("run bandit-rings --seeds 0..64", "--seeds is '0..64'", "at most 64 seeds")]
    [InlineData("run bandit-rings --seeds 0...4", "--seeds is '0...4'", "FIRST..LAST")]
    [InlineData("run bandit-rings --seeds -1..4", "--seeds is '-1..4'", "FIRST..LAST")]
    [InlineData("run bandit-rings --seeds 0..18446744073709551616", "--seeds is '0..18446744073709551616'", "FIRST..LAST")]
    [InlineData("run bandit-rings --seed 1 --seeds 0..4", "--seed and --seeds are both given", "one of them")]
    [InlineData("run bandit-rings --budget lavish", "--budget is 'lavish'", "smoke, quick, paper")]
    [InlineData("run bandit-rings --objective best", "--objective is 'best'", "value, preference, dpo")]
    [InlineData("run bandit-rings --device quantum", "--device is 'quantum'", "cpu, cuda, cuda:N")]
    [InlineData("run bandit-rings --device cuda:-1", "--device is 'cuda:-1'", "cpu, cuda, cuda:N")]
    [InlineData("run bandit-rings --device cuda:99999", "cuda:99999", "")]
    [InlineData("run bandit-rings --precision tf32", "--precision is 'tf32'", "one of fp32, bf16x3, bf16, auto")]
    [InlineData("run bandit-rings --device cuda --precision fp8", "--precision is 'fp8'", "one of fp32")]
    [InlineData("sample --weights none.safetensors --out y.csv --device quantum", "none.safetensors", "exists")]
    [InlineData("run bandit-rings --out ", "--out is ''", "new or empty")]
    [InlineData("run bandit-rings --set width", "--set is 'width'", "KEY=VALUE")]
    [InlineData("run bandit-rings --set width=33", "width is '33'", "multiple of 32")]
    [InlineData("run bandit-rings --set steps=3", "'steps'", "behavior.steps, alignment.steps")]
    [InlineData("run bandit-rings --set behavior.steps=many", "behavior.steps is 'many'", "whole number")]
    [InlineData("run bandit-rings --set temperature=NaN", "alignment.temperature is 'NaN'", "finite number")]
    [InlineData("run bandit-rings --objective dpo --set candidates=4", "candidates is 4", "2 with the dpo objective")]
    [InlineData("run bandit-rings --set candidates=4096 --set states=1048576", "states is 1048576", "at most 262143 with 4096 candidates")]
    [InlineData("density", "--weights", "safetensors")]
    [InlineData("score --weights none.safetensors --in x.csv --out y.csv", "none.safetensors", "exists")]
    [InlineData("weights", "weights", "export, inspect")]
    [InlineData("weights inspect none.safetensors", "none.safetensors", "exists")]
    public void Mistakes_get_one_line_and_status_two(string line, string names, string allows)
    {
        var result = EdaProcess.Run(_folder.Path, line.Split(' '));
        Assert.Equal(2, result.Status);
        string message = Assert.Single(result.ErrorLines);
        Assert.StartsWith("eda: ", message, StringComparison.Ordinal);
        Assert.Contains(names, message, StringComparison.Ordinal);
        Assert.Contains(allows, message, StringComparison.Ordinal);
        Assert.Empty(result.Output);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void An_environment_variable_is_refused_like_an_option()
    {
        using var process = new System.Diagnostics.Process();
        var start = EdaStart("doctor");
        start.Environment["EDA_SIMD"] = "mmx";
        process.StartInfo = start;
        process.Start();
        var result = EdaProcess.Finish(process);
        Assert.Equal(2, result.Status);
        Assert.Contains("EDA_SIMD is 'mmx'", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void Help_and_version_succeed()
    {
        Assert.Equal(0, EdaProcess.Run(_folder.Path, "--help").Status);
        Assert.Equal(0, EdaProcess.Run(_folder.Path).Status);
        Assert.Matches(@"^\d+\.\d+\.\d+", EdaProcess.Run(_folder.Path, "--version").Output);
    }

    [Fact]
    public void Recipes_lists_every_bandit_and_budget()
    {
        var result = EdaProcess.Run(_folder.Path, "recipes");
        Assert.Equal(0, result.Status);
        Assert.All(Bandit.Table.Names, name => Assert.Contains("bandit-" + name, result.Output, StringComparison.Ordinal));
        Assert.All(new[] { "smoke", "quick", "paper", "alignment.temperature" }, word => Assert.Contains(word, result.Output, StringComparison.Ordinal));
    }

    [Fact]
    public void Doctor_names_processor_devices_libraries_and_versions()
    {
        var result = EdaProcess.Run(_folder.Path, "doctor");
        Assert.Equal(0, result.Status);
        string[] lines = result.Output.Split('\n');
        string[] names = ["cores", "SIMD", "devices             cpu", "EDA.Engine", ".NET", "CsvHelper", "OxyPlot"];
        Assert.All(names, name => Assert.Contains(lines, line => line.StartsWith(name, StringComparison.Ordinal)));
        Assert.All(new[] { @"ILGPU +found .* 1\.5\.3 ", @"ILGPU\.Algorithms +found .* 1\.5\.3 ", @"TorchSharp +found .* 0\.107\.0 " }, row => Assert.Matches("(?m)^" + row, result.Output));
        string[] native = ["CUDA", "NVTX", "libtorch", "MuJoCo", "HDF5"];
        Assert.All(native, name => Assert.Matches($"^{name} +(found  |missing) ", Assert.Single(lines, line => line.StartsWith(name + " ", StringComparison.Ordinal))));
    }

    private System.Diagnostics.ProcessStartInfo EdaStart(string command) => new("dotnet", [typeof(EDA.Host.Reports.RunFolder).Assembly.Location, command])
    {
        WorkingDirectory = _folder.Path,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };
}
