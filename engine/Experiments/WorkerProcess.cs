using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EDA.Engine.Experiments;

/// <summary>Asks a process that works on an experiment to end.</summary>
public static partial class WorkerProcess
{
    private const int Sigterm = 15;

    /// <summary>Asks it to save its state and end, as SIGTERM does; where there are no signals it is ended.</summary>
    /// <param name="process">The process; one that has ended already is left alone.</param>
    public static void Terminate(Process process)
    {
        ArgumentNullException.ThrowIfNull(process);
        if (process.HasExited)
            return;
        if (OperatingSystem.IsWindows())
            process.Kill();
        else
            _ = Kill(process.Id, Sigterm);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
