using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text.Json;
using EDA.Bench.Kernels;
using EDA.Host.Setup;
using EDA.Tests.Host;

namespace EDA.Tests.Bench;

/// <summary>
/// bench/gpu/run as a rehearsal, with this build in the place of the packed program: whatever happens to a part, what the
/// others found comes back. (.ci/run packs the program and rehearses with that.)
/// </summary>
[UnsupportedOSPlatform("windows")]
[Trait("speed", "slow")]
public sealed class GpuKitTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [OptionalFact(OptionalNeeds.Bash)]
    public void What_it_does_not_know_and_a_missing_program_are_refused_in_a_line()
    {
        string script = Path.Combine(SourceTree.RequireRoot(), "bench", "gpu", "run");
        foreach (string[] arguments in (string[][])[["--fast"], ["--device"], ["--device", "cpu"], ["--within", "soon"], ["--fault", "doctor=die"], ["--first", "--second"], ["--pack", "/nowhere/eda.tar"]])
        {
            using var process = Start(script, arguments);
            var result = EdaProcess.Finish(process);
            Assert.Equal(2, result.Status);
            Assert.Single(result.ErrorLines);
        }
    }

    [OptionalFact(OptionalNeeds.Bash)]
    public void Parts_that_fail_hang_or_die_are_marked_and_the_rest_goes_on()
    {
        using var process = Start(Kit(ThisBuild), "--rehearse", "--second", "--out", _folder.At("out"), "--fault", "steps-tf32=fail", "--fault", "stages-tf32=die", "--fault", "kernels-bf16=hang");
        var result = EdaProcess.Finish(process);
        Assert.Equal(string.Empty, result.Error);
        Assert.Equal(1, result.Status);
        Assert.Equal([".gz", ".json", ".log", ".md"], Directory.EnumerateFiles(_folder.At("out")).Select(Path.GetExtension).Order());
        using var report = JsonDocument.Parse(File.ReadAllText(Directory.GetFiles(_folder.At("out"), "*.json").Single()));
        var states = report.RootElement.GetProperty("parts").EnumerateArray().ToDictionary(part => part.GetProperty("part").GetString()!, part => part.GetProperty("status").GetString()!);
        Assert.Equal(("failed", "killed", "timed out"), (states["steps-tf32"], states["stages-tf32"], states["kernels-bf16"]));
        Assert.All((string[])["doctor", "steps-fp32", "stages-bf16", "kernels-fp32", "run-bandit"], name => Assert.Equal("passed", states[name]));
        Assert.Equal("left out", states["jax-tf32"]);
        Assert.Equal(["steps", "steps", "stages", "stages", "stages"], report.RootElement.GetProperty("steps").EnumerateArray().Select(table => table.GetProperty("stages").EnumerateObject().Any() ? "stages" : "steps"));
        Assert.Equal(1, report.RootElement.GetProperty("kernels").GetArrayLength());
        Assert.Contains("| kernels-bf16 | **timed out** |", File.ReadAllText(Directory.GetFiles(_folder.At("out"), "*.md").Single()), StringComparison.Ordinal);
    }

    [OptionalFact(OptionalNeeds.Bash)]
    public void Killing_the_script_costs_the_part_that_ran()
    {
        using var process = Start(Kit(ThisBuild), "--rehearse", "--first", "--out", _folder.At("out"), "--fault", "verify-tf32=hang");
        while (!(Directory.Exists(_folder.At("out")) && Directory.EnumerateFiles(_folder.At("out"), "*.md").Any(page => File.ReadAllText(page).Contains("| verify-tf32 | **running**", StringComparison.Ordinal))))
        {
            Assert.False(process.HasExited, "the part was never reported as running");
            Thread.Sleep(20);
        }

        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        string page = File.ReadAllText(Directory.GetFiles(_folder.At("out"), "*.md").Single());
        Assert.Contains("| verify-small-fp32 | passed |", page, StringComparison.Ordinal);
        Assert.Contains("| verify-bf16 | **not reached** |", page, StringComparison.Ordinal);
        Assert.Contains("## Correctness", page, StringComparison.Ordinal);
        Assert.NotEmpty(Directory.GetFiles(_folder.At("out"), "*.tar.gz"));
    }

    [OptionalFact(OptionalNeeds.Bash)]
    public void A_program_that_does_not_even_start_leaves_a_report_that_says_so()
    {
        using var process = Start(Kit("echo 'no such interpreter' >&2; exit 127"), "--rehearse", "--first", "--out", _folder.At("out"));
        Assert.Equal(1, EdaProcess.Finish(process).Status);
        string page = File.ReadAllText(Directory.GetFiles(_folder.At("out"), "*.md").Single());
        Assert.Contains("| doctor | failed |", page, StringComparison.Ordinal);
        Assert.Contains("no such interpreter", page, StringComparison.Ordinal);
    }

    // The program that was built beside these tests.
    private static string ThisBuild => $"exec '{Environment.ProcessPath}' exec '{typeof(KernelDocument).Assembly.Location}' \"$@\"";

    // What bench/gpu/pack makes, with a script for its program.
    private string Kit(string program)
    {
        File.Copy(Path.Combine(SourceTree.RequireRoot(), "bench", "gpu", "run"), _folder.At("run"));
        File.WriteAllText(_folder.At("eda"), $"#!/bin/bash\n{program}\n");
        File.WriteAllText(_folder.At("commit"), "1234abcd\n");
        File.SetUnixFileMode(_folder.At("eda"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return _folder.At("run");
    }

    private Process Start(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("/bin/bash", [script, .. arguments]) { WorkingDirectory = _folder.Path, RedirectStandardOutput = true, RedirectStandardError = true };
        // Peers are left out: their own tests run them.
        start.Environment["EDA_PYTHON"] = "/nowhere/python3";
        return Process.Start(start)!;
    }
}
