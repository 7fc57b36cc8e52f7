using System.Diagnostics;
using EDA.Bench.Kernels;
using EDA.Host.Reports;
using EDA.Tests.Host;

namespace EDA.Tests.Gpu.Driver;

/// <summary>The CUDA driver of libcuda.c beside this file, compiled where the tests run, and programs that run on it.</summary>
public sealed class FakeDriver : IDisposable
{
    private static readonly Lazy<bool> HasCompiler = new(() =>
    {
        try
        {
            return Compile(["--version"]).Status == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    });

    private readonly ScratchFolder _folder = new();
    private readonly Lazy<string> _library;

    public FakeDriver() => _library = new(() =>
    {
        string library = _folder.At("libcuda.so.1");
        var result = Compile(["-shared", "-fPIC", "-O1", "-o", library, Path.Combine(AppContext.BaseDirectory, "Gpu", "Driver", "libcuda.c"), "-lpthread"]);
        Assert.True(result.Status == 0, result.Error);
        return _folder.Path;
    });

    /// <summary>Whether it can be had: on Linux with a C compiler.</summary>
    public static bool CanBeHad => OperatingSystem.IsLinux() && HasCompiler.Value;

    public void Dispose() => _folder.Dispose();

    /// <summary>Runs eda on it.</summary>
    /// <param name="folder">The working folder.</param>
    /// <param name="failures">What is to fail: the variables of libcuda.c without FAKE_CUDA_.</param>
    /// <param name="arguments">The arguments.</param>
    internal EdaResult Eda(string folder, (string Name, string Value)[] failures, params string[] arguments) => Run(typeof(RunFolder).Assembly.Location, folder, failures, arguments);

    /// <summary>Runs the measuring program on it.</summary>
    /// <inheritdoc cref="Eda"/>
    internal EdaResult Bench(string folder, (string Name, string Value)[] failures, params string[] arguments) => Run(typeof(KernelDocument).Assembly.Location, folder, failures, arguments);

    private static EdaResult Compile(string[] arguments) => Finish(new ProcessStartInfo("cc", arguments));

    private static EdaResult Finish(ProcessStartInfo start)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError, start.RedirectStandardInput) = (true, true, true);
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        return EdaProcess.Finish(process);
    }

    private EdaResult Run(string program, string folder, (string Name, string Value)[] failures, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [program, .. arguments]) { WorkingDirectory = folder };
        start.Environment["LD_LIBRARY_PATH"] = _library.Value;
        foreach (var (name, value) in failures)
            start.Environment["FAKE_CUDA_" + name] = value;
        return Finish(start);
    }
}
