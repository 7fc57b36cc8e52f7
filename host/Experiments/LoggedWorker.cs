using System.Diagnostics;
using EDA.Host.CommandLine;
using EDA.Kernels.Cpu;

namespace EDA.Host.Experiments;

/// <summary>This program once more, as a process with its share of the cores; what it says goes to a file.</summary>
internal sealed class LoggedWorker : IDisposable
{
    private readonly StreamWriter _log;

    /// <summary>Starts it.</summary>
    /// <param name="words">Its command line.</param>
    /// <param name="log">The file, which is added to.</param>
    /// <param name="jobs">How many share the machine.</param>
    /// <exception cref="UserError">Another program uses this one's parts and cannot start it.</exception>
    public LoggedWorker(IEnumerable<string> words, string log, int jobs)
    {
        var start = OwnProgram.StartInfo(words) ?? throw new UserError("--jobs needs this program's own command line");
        if (Environment.GetEnvironmentVariable(CpuOptions.ThreadsVariable) is null)
            start.Environment[CpuOptions.ThreadsVariable] = Math.Max(1, Environment.ProcessorCount / jobs).ToString(CultureInfo.InvariantCulture);
        Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        Log = log;
        _log = new StreamWriter(new FileStream(log, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        Process = Process.Start(start)!;
        Process.OutputDataReceived += (_, line) => Write(line.Data);
        Process.ErrorDataReceived += (_, line) => Write(line.Data);
        Process.BeginOutputReadLine();
        Process.BeginErrorReadLine();
    }

    /// <summary>The process.</summary>
    public Process Process { get; }

    /// <summary>The file.</summary>
    public string Log { get; }

    /// <summary>Waits for it, until all that it said is in the file.</summary>
    public void Dispose()
    {
        Process.WaitForExit();
        Process.Dispose();
        lock (_log)
            _log.Dispose();
    }

    private void Write(string? line)
    {
        if (line is null)
            return;
        lock (_log)
            _log.WriteLine(line);
    }
}
