using EDA.Engine.Experiments;
using EDA.Host.Reports;

namespace EDA.Host.Experiments;

/// <summary>
/// Seeds at once, each run a process of its own that goes on with its folder, as <c>eda resume</c> does; what one does not
/// finish is left for the next command.
/// </summary>
/// <param name="jobs">How many at once.</param>
/// <param name="words">What each is told beside its folder.</param>
/// <param name="console">Is told whenever one begins or ends.</param>
public sealed class SeedsAtOnce(int jobs, IReadOnlyList<string> words, TextWriter console)
{
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(300);

    /// <summary>Runs them.</summary>
    /// <param name="folder">The seeds' folder.</param>
    /// <param name="runs">The run folders, begun, by seed.</param>
    /// <param name="cancellation">Ends them after saving its state.</param>
    internal void Run(SeedsFolder folder, IReadOnlyList<(ulong Seed, RunFolder Folder)> runs, CancellationToken cancellation)
    {
        var waiting = new Queue<(ulong Seed, RunFolder Folder)>(runs);
        var working = new List<(ulong Seed, LoggedWorker Worker)>();
        try
        {
            while (waiting.Count > 0 || working.Count > 0)
            {
                foreach (var ended in working.Where(seed => seed.Worker.Process.HasExited).ToList())
                {
                    int status = ended.Worker.Process.ExitCode;
                    Tell(ended.Seed, status == 0 ? "is done" : string.Create(CultureInfo.InvariantCulture, $"ended with status {status}; see {NewFolder.Shown(ended.Worker.Log)}"));
                    working.Remove(ended);
                    ended.Worker.Dispose();
                }

                while (working.Count < jobs && waiting.TryDequeue(out var next))
                {
                    string log = Path.Combine(folder.FullPath, "workers", string.Create(CultureInfo.InvariantCulture, $"seed{next.Seed}.log"));
                    working.Add((next.Seed, new LoggedWorker(["resume", next.Folder.FullPath, .. words], log, Math.Min(jobs, runs.Count))));
                    Tell(next.Seed, "begins");
                }

                if (cancellation.WaitHandle.WaitOne(_look))
                    return;
            }
        }
        finally
        {
            foreach (var (_, worker) in working)
                WorkerProcess.Terminate(worker.Process);
            foreach (var (_, worker) in working)
                worker.Dispose();
        }
    }

    private void Tell(ulong seed, string what)
    {
        console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed} {what}"));
        console.Flush();
    }
}
