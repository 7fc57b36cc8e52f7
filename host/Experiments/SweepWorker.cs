using EDA.Engine;
using EDA.Engine.Experiments;
using EDA.Engine.Files;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using EDA.Host.CommandLine;
using EDA.Host.Devices;
using EDA.Host.Progress;
using EDA.Host.Reports;
using EDA.Host.Runs;
using EDA.Kernels;
using EDA.Kernels.Cpu.Matrix;

namespace EDA.Host.Experiments;

/// <summary>
/// Works on a sweep: takes a stage whose inputs are done and that no other worker has, does it, and takes the next, until
/// nothing is left that it could do. Any number of these, on any machines that share the folder, work on one sweep; the lock
/// of a stage's folder gives it to one of them, and what one that was killed had saved is gone on from by another.
/// </summary>
/// <param name="sweep">The sweep.</param>
/// <param name="display">Shows how it goes.</param>
/// <param name="console">Is told which stage is taken.</param>
/// <param name="cancellation">Ends the work after saving its state.</param>
internal sealed class SweepWorker(Sweep sweep, IProgressDisplay display, TextWriter console, CancellationToken cancellation)
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    private readonly HashSet<SharedStage> _done = [];

    /// <summary>Works until all is done, or what is not cannot be, or the work is cancelled.</summary>
    /// <param name="only">The one stage that is wanted, with what it reads where that is not done; null for all.</param>
    public void Run(SharedStage? only = null)
    {
        var wanted = only is null ? sweep.Graph.Stages : [.. only.Reads, only];
        while (!cancellation.IsCancellationRequested)
        {
            var open = wanted.Where(stage => !IsDone(stage)).ToList();
            var possible = open.Where(stage => !HasFailed(stage)).ToList();
            if (possible.Count == 0)
                return;
            var foreign = possible.Where(stage => ProblemOf(stage) is not null).ToList();
            if (foreign.Count == possible.Count)
            {
                console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"what is left, {foreign.Count} stages, is for another machine: {ProblemOf(foreign[0])}"));
                return;
            }

            possible = [.. possible.Except(foreign)];
            if (!possible.Where(stage => stage.Reads.All(IsDone)).Any(TryWork))
                cancellation.WaitHandle.WaitOne(_pause);
        }
    }

    // Why this machine would not come to the same bits; null where it does.
    private string? ProblemOf(SharedStage stage) =>
        sweep.PlanOf(stage).Request is { Device: DeviceChoice.Default, Precision: { } precision } ? MatrixChoice.Find(precision)?.Problem : null;

    private bool IsDone(SharedStage stage)
    {
        if (_done.Contains(stage))
            return true;
        return sweep.IsDone(stage) && _done.Add(stage);
    }

    // It, or something that it reads.
    private bool HasFailed(SharedStage stage) => !_done.Contains(stage) && (sweep.FailuresOf(stage).Count >= Sweep.MostFailures || stage.Reads.Any(HasFailed));

    private bool TryWork(SharedStage stage)
    {
        if (cancellation.IsCancellationRequested)
            return false;
        RunFolder folder;
        FolderLock held;
        try
        {
            folder = RunFolder.In(sweep.FolderOf(stage));
            held = folder.Lock();
        }
        catch (FolderInUseException)
        {
            return false;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Fail(stage, error);
            return true;
        }

        using (held)
        {
            if (sweep.IsDone(stage))
                return true;
            console.WriteLine($"{stage.Id} for {Sharers(stage)}");
            console.Flush();
            try
            {
                Work(stage, folder, held);
            }
            catch (LostFolderException lost)
            {
                console.WriteLine(lost.Message); // another worker has taken it over
            }
            catch (Exception error) when (IsOfTheStage(error))
            {
                Fail(stage, error);
            }

            console.Flush();
            return true;
        }
    }

    private void Fail(SharedStage stage, Exception error)
    {
        sweep.AddFailure(stage, OneLine.Of(error.Message));
        console.WriteLine($"{stage.Id} failed: {OneLine.Of(error.Message)}");
    }

    // Whatever a run may end in; what is wrong with this program itself ends the worker.
    private static bool IsOfTheStage(Exception error) => error is UserError or InvalidSettingException or InvalidFileException or UnwritableFileException or MissingLibraryException
        or DeviceException or TrainingDivergedException or UnfinishedStageException or IOException or UnauthorizedAccessException or OutOfMemoryException;

    private void Work(SharedStage stage, RunFolder folder, FolderLock held)
    {
        var plan = sweep.PlanOf(stage);
        var count = new StepCount();
        var files = new StageFiles(folder.Checkpoints);
        foreach (var read in stage.Reads)
            StageLinks.Link(sweep.StageOf(read), sweep.FilesOf(read), files);
        if (!File.Exists(folder.Metrics) && sweep.StageOf(stage).ReadsAll)
            MetricsFile.Collect([.. stage.Reads.Select(read => (RunFolder.In(sweep.FolderOf(read)).Metrics, sweep.StageOf(read).Reports))], folder.Metrics);
        try
        {
            if (sweep.StageOf(stage).ReadsAll)
                RunExecution.Continue(folder, held, plan.Request, stage.Name, display, cancellation, count);
            else
                RunExecution.RunShared(folder, held, plan.Request, stage.Name, display, cancellation, count);
        }
        finally
        {
            WorkLog.Add(folder.FullPath, count);
        }
    }

    private string Sharers(SharedStage stage) => stage.Runs.Count == 1
        ? sweep.Runs[stage.Runs[0]].Name
        : string.Create(CultureInfo.InvariantCulture, $"{stage.Runs.Count} runs, {sweep.Runs[stage.Runs[0]].Name} the first");
}
