using System.Diagnostics;

namespace EDA.Host.CommandLine;

/// <summary>This program, to be started once more.</summary>
internal static class OwnProgram
{
    // What the installed tool's executable is called.
    private const string Tool = "eda";

    /// <summary>How a user calls it: <c>eda</c> where it is installed as a tool, the clone's <c>./eda</c> otherwise.</summary>
    public static string Command { get; } = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == Tool ? Tool : "./" + Tool;

    /// <summary>How to start it.</summary>
    /// <param name="words">Its command line.</param>
    /// <returns>The start; null where another program uses this one's parts and cannot start it.</returns>
    public static ProcessStartInfo? StartInfo(params IEnumerable<string> words)
    {
        string name = typeof(OwnProgram).Assembly.GetName().Name!, program = Path.Combine(AppContext.BaseDirectory, name + ".dll"), self = Environment.ProcessPath ?? "dotnet";
        bool isDotnet = Path.GetFileNameWithoutExtension(self) == "dotnet";
        if (isDotnet ? !File.Exists(program) : !((string[])[name, Tool]).Contains(Path.GetFileNameWithoutExtension(self)))
            return null;
        return new ProcessStartInfo(self, [.. isDotnet ? [program] : (string[])[], .. words])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
    }
}
