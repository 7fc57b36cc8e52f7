using System.ComponentModel;
using System.Diagnostics;
using EDA.Host.CommandLine;
using EDA.Host.Setup;

namespace EDA.Bench.Agreement;

/// <summary>The method in PyTorch (bench/reference) and the interpreter that runs it.</summary>
/// <param name="Interpreter">A python3 that has PyTorch and NumPy.</param>
/// <param name="Folder">The folder of the programs.</param>
public sealed record PythonReference(string Interpreter, string Folder)
{
    /// <summary>The environment variable that names the interpreter.</summary>
    public const string Variable = "EDA_PYTHON";

    private const string Packages = "Debian and Ubuntu have it as python3-torch";

    /// <summary>Finds both.</summary>
    /// <param name="wanted">The interpreter that the user named; null to look for one.</param>
    /// <exception cref="UserError">There is none with PyTorch, or the programs are not there.</exception>
    public static PythonReference Find(string? wanted)
    {
        (string? named, string name) = wanted is not null ? (wanted, "--python") : (Environment.GetEnvironmentVariable(Variable), Variable);
        if (!string.IsNullOrEmpty(named) && !HasTorch(named))
            throw UserError.Value(name, named, $"a python3 that has PyTorch and NumPy; {Packages}");
        string interpreter = !string.IsNullOrEmpty(named)
            ? named
            : Array.Find(["python3", "/usr/bin/python3"], HasTorch)
                ?? throw new UserError($"there is no python3 with PyTorch and NumPy here: {Packages}; --python or {Variable} names another interpreter");
        string[] folders = [.. SourceTree.Root is { } root ? (string[])[Path.Combine(root, "bench", "reference")] : [], Path.Combine(AppContext.BaseDirectory, "peers")];
        return new PythonReference(
            interpreter,
            folders.FirstOrDefault(folder => File.Exists(Path.Combine(folder, "eda_reference.py"))) ?? throw new UserError($"eda_reference.py is missing; it belongs in {folders[0]}"));
    }

    /// <summary>Runs a command of eda_reference.py to its end.</summary>
    /// <exception cref="UserError">It failed: the message is its own last line.</exception>
    public void Run(params string[] words)
    {
        var start = Start([Path.Combine(Folder, "eda_reference.py"), .. words]);
        // On few cores PyTorch's waiting threads take time from its working ones.
        start.Environment.TryAdd("OMP_WAIT_POLICY", "passive");
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        using var process = Process.Start(start)!;
        string error = Finish(process);
        if (process.ExitCode != 0)
            throw new UserError($"{Interpreter} {Path.Combine(Folder, "eda_reference.py")} ended with status {process.ExitCode}: {error.TrimEnd().Split('\n')[^1]}");
    }

    private ProcessStartInfo Start(string[] words) => Start(Interpreter, words);

    private static ProcessStartInfo Start(string interpreter, string[] words) =>
        new(interpreter, words) { RedirectStandardOutput = true, RedirectStandardError = true };

    private static string Finish(Process process)
    {
        var output = process.StandardOutput.ReadToEndAsync();
        string error = process.StandardError.ReadToEnd();
        output.Wait();
        process.WaitForExit();
        return error;
    }

    private static bool HasTorch(string interpreter)
    {
        try
        {
            using var process = Process.Start(Start(interpreter, ["-c", "import importlib.util, sys; sys.exit(any(importlib.util.find_spec(name) is None for name in ('torch', 'numpy')))"]))!;
            Finish(process);
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
