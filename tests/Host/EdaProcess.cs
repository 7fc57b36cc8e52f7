using System.Diagnostics;
using System.Globalization;
using EDA.Host.Reports;

namespace EDA.Tests.Host;

/// <summary>What one call of the command line came to.</summary>
internal sealed record EdaResult(int Status, string Output, string Error)
{
    /// <summary>The lines of standard error.</summary>
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>Runs the built program as users do: as a process of its own.</summary>
internal static class EdaProcess
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    private static string Eda => typeof(RunFolder).Assembly.Location;

    public static EdaResult Run(string folder, params string[] arguments)
    {
        using var process = Start(folder, arguments);
        return Finish(process);
    }

    /// <summary>Runs it with some environment variables set.</summary>
    public static EdaResult Run(string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        using var process = Start(folder, environment, arguments);
        return Finish(process);
    }

    /// <summary>Runs another program of .NET.</summary>
    public static EdaResult RunProgram(string program, string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        using var process = Start(folder, environment, "dotnet", [program, .. arguments]);
        return Finish(process);
    }

    /// <summary>Runs it where no file can grow beyond so many KiB, as on a disk that is full; Unix with bash.</summary>
    public static EdaResult RunOnFullDisk(string folder, long kibibytes, params string[] arguments)
    {
        // The signal is ignored, so that the write fails; the runtime keeps its own code in a file unless it is told not to.
        string limit = string.Create(CultureInfo.InvariantCulture, $"trap '' XFSZ; ulimit -f {kibibytes}; exec dotnet \"$@\"");
        using var process = Start(folder, new Dictionary<string, string> { ["DOTNET_EnableWriteXorExecute"] = "0" }, "bash", ["-c", limit, "bash", Eda, .. arguments]);
        return Finish(process);
    }

    public static Process Start(string folder, params string[] arguments) => Start(folder, new Dictionary<string, string>(), arguments);

    /// <summary>Starts it with some environment variables set.</summary>
    public static Process Start(string folder, IReadOnlyDictionary<string, string> environment, string[] arguments) =>
        Start(folder, environment, "dotnet", [Eda, .. arguments]);

    /// <summary>Starts the tests' own program, which has what only tests have.</summary>
    public static Process StartTests(string folder, IReadOnlyDictionary<string, string> environment, string[] arguments) =>
        Start(folder, environment, "dotnet", [typeof(Program).Assembly.Location, .. arguments]);

    private static Process Start(string folder, IReadOnlyDictionary<string, string> environment, string command, string[] arguments)
    {
        var start = new ProcessStartInfo(command, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    public static EdaResult Finish(Process process)
    {
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"eda did not end within {Limit}");
        }

        return new EdaResult(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }
}
