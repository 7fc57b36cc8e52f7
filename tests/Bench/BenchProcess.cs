using System.Diagnostics;
using EDA.Bench.Kernels;
using EDA.Tests.Host;

namespace EDA.Tests.Bench;

/// <summary>Runs the built measuring program as users do: as a process of its own.</summary>
internal static class BenchProcess
{
    public static EdaResult Run(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(KernelDocument).Assembly.Location, .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        return EdaProcess.Finish(process);
    }
}
