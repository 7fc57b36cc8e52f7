using System.ComponentModel;
using System.Diagnostics;
using EDA.Host.CommandLine;

namespace EDA.Bench;

/// <summary>Finds a Python that has PyTorch.</summary>
internal static class PythonInterpreter
{
    /// <summary>The environment variable that names the interpreter.</summary>
    public const string Variable = "EDA_PYTHON";

    /// <summary>What a user does where there is none.</summary>
    public const string Remedy = "install PyTorch and NumPy for python3 (Debian: python3-torch), or name an interpreter that has them with --python or " + Variable;

    private const string Probe = "import importlib.util, sys; sys.exit(any(importlib.util.find_spec(name) is None for name in ('torch', 'numpy')))";

    /// <summary>Finds it: the one that is named, else the first of python3 on the PATH and the system's own.</summary>
    /// <param name="named">The value of --python; null where it was not given.</param>
    /// <returns>The interpreter; null where none was named and none has PyTorch.</returns>
    /// <exception cref="UserError">The one that was named cannot be run or has no PyTorch.</exception>
    public static string? Find(string? named)
    {
        var (option, wanted) = named is not null ? ("--python", named) : (Variable, Environment.GetEnvironmentVariable(Variable));
        if (!string.IsNullOrEmpty(wanted))
            return HasPyTorch(wanted) ? wanted : throw UserError.Value(option, wanted, "a python3 that has PyTorch and NumPy; Debian and Ubuntu have it as python3-torch");
        return ((string[])["python3", "/usr/bin/python3"]).FirstOrDefault(HasPyTorch);
    }

    private static bool HasPyTorch(string python)
    {
        try
        {
            var start = new ProcessStartInfo(python, ["-c", Probe]) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true };
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var said = process.StandardOutput.ReadToEndAsync();
            process.StandardError.ReadToEnd();
            said.GetAwaiter().GetResult();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
