using System.Diagnostics;
using EDA.Host.CommandLine;
using EDA.Host.Setup;

namespace EDA.Bench.Agreement;

/// <summary>The method in PyTorch (bench/reference) and the interpreter that runs it.</summary>
/// <param name="Interpreter">A python3 that has PyTorch and NumPy.</param>
/// <param name="Folder">The folder of the programs.</param>
public sealed record PythonReference(string Interpreter, string Folder)
{
    /// <summary>Finds both.</summary>
    /// <param name="wanted">The interpreter that the user named; null to look for one.</param>
    /// <exception cref="UserError">There is none with PyTorch, or the programs are not there.</exception>
    public static PythonReference Find(string? wanted)
    {
        string interpreter = PythonInterpreter.Find(wanted) ?? throw new UserError($"there is no python3 with PyTorch and NumPy here: {PythonInterpreter.Remedy}");
        string[] folders = [.. SourceTree.Root is { } root ? (string[])[Path.Combine(root, "bench", "reference")] : [], Path.Combine(AppContext.BaseDirectory, "peers")];
        return new PythonReference(
            interpreter,
            folders.FirstOrDefault(folder => File.Exists(Path.Combine(folder, "eda_reference.py"))) ?? throw new UserError($"eda_reference.py is missing; it belongs in {folders[0]}"));
    }

    /// <summary>Runs a command of eda_reference.py to its end.</summary>
    /// <exception cref="UserError">It failed: the message is its own last line.</exception>
    public void Run(params string[] words)
    {
        var start = Start(Interpreter, [Path.Combine(Folder, "eda_reference.py"), .. words]);
        // On few cores PyTorch's waiting threads take time from its working ones.
        start.Environment.TryAdd("OMP_WAIT_POLICY", "passive");
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        using var process = Process.Start(start)!;
        string error = Finish(process);
        if (process.ExitCode != 0)
            throw new UserError($"{Interpreter} {Path.Combine(Folder, "eda_reference.py")} ended with status {process.ExitCode}: {error.TrimEnd().Split('\n')[^1]}");
    }

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
}
