using EDA.Engine.Experiments;
using EDA.Engine.Files;
using EDA.Host.CommandLine;

namespace EDA.Host.Experiments;

/// <summary>
/// Workers on this machine, each a process of its own with its share of the cores. One that was killed is started again;
/// one that a signal of its own making ended, as a crash does, has its stage count as failed once.
/// </summary>
/// <param name="sweep">The sweep.</param>
/// <param name="jobs">How many.</param>
/// <param name="console">Is told where the sweep stands whenever that changes.</param>
/// <param name="cancellation">Ends the workers after saving its state.</param>
internal sealed class SweepJobs(Sweep sweep, int jobs, TextWriter console, CancellationToken cancellation)
{
    /// <summary>The word by which this program is asked to be a worker: <c>eda sweep work DIR</c>.</summary>
    public const string Word = "work";

    private const int Killed = 128 + 9, Terminated = 128 + 15;
    private static readonly TimeSpan _look = TimeSpan.FromSeconds(1);

    private string? _last;

    /// <summary>Runs them until no worker has anything left to do.</summary>
    public void Run()
    {
        var workers = Enumerable.Range(0, jobs).Select(number => (LoggedWorker?)Start(number)).ToList();
        try
        {
            while (workers.Exists(worker => worker is not null))
            {
                for (int i = 0; i < jobs; i++)
                {
                    if (workers[i] is { Process.HasExited: true } ended)
                        workers[i] = After(ended, i);
                }

                Tell();
                if (cancellation.WaitHandle.WaitOne(_look))
                    return;
            }
        }
        finally
        {
            foreach (var worker in workers.OfType<LoggedWorker>())
                WorkerProcess.Terminate(worker.Process);

            foreach (var worker in workers.OfType<LoggedWorker>())
            {
                worker.Process.WaitForExit();
                worker.Dispose();
            }

            Tell();
        }
    }

    private void Tell()
    {
        string now = new SweepStatus(sweep).Summary;
        if (now != _last)
        {
            console.WriteLine(now);
            console.Flush();
        }

        _last = now;
    }

    // Another in its place, where it did not end by itself.
    private LoggedWorker? After(LoggedWorker ended, int number)
    {
        int status = ended.Process.ExitCode;
        int process = ended.Process.Id;
        ended.Dispose();
        if (cancellation.IsCancellationRequested || status == ExitStatus.Success)
            return null;
        if (status is not (Killed or Terminated or ExitStatus.Interrupted))
        {
            // The lock that it left tells what it did; it cannot say so itself any more.
            foreach (var stage in sweep.Graph.Stages.Where(stage => FolderLock.LeftBy(sweep.FolderOf(stage)) == process))
                sweep.AddFailure(stage, string.Create(CultureInfo.InvariantCulture, $"its worker ended with status {status}; see {ended.Log}"));
        }

        return Start(number);
    }

    private LoggedWorker Start(int number) =>
        new(["sweep", Word, sweep.FullPath], Path.Combine(sweep.FullPath, "workers", string.Create(CultureInfo.InvariantCulture, $"{number + 1}.log")), jobs);
}
