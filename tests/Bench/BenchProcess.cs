using System.Diagnostics;
using System.Reflection;
using EDA.Bench.Kernels;
using EDA.Tests.Host;

namespace EDA.Tests.Bench;

/// <summary>Runs the built measuring program as users do: as a process of its own.</summary>
internal static class BenchProcess
{
    public static EdaResult Run(string folder, params string[] arguments) => Run(typeof(KernelDocument).Assembly, folder, arguments);

    /// <summary>Runs the same program with the stand-in as one more device: see <see cref="Program"/>.</summary>
    public static EdaResult RunWithStandIn(string folder, params string[] arguments) => Run(typeof(Program).Assembly, folder, arguments);

    private static EdaResult Run(Assembly program, string folder, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [program.Location, .. arguments])
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
