using System.Diagnostics;
using EDA.Engine;
using EDA.Engine.Files;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using EDA.Host.CommandLine;
using EDA.Host.Devices;
using EDA.Host.Experiments;
using EDA.Host.Progress;
using EDA.Host.Reports;
using EDA.Kernels;

namespace EDA.Host.Runs;

/// <summary>Runs the stages of a run, all or one, in a new folder or in one that is there, with one seed or several.</summary>
public static class RunExecution
{
    /// <summary>Makes a run folder and runs in it.</summary>
    /// <param name="request">What the user asked for.</param>
    /// <param name="wanted">The folder; null for a fresh one under runs/.</param>
    /// <param name="only">The stage to run; null for all.</param>
    /// <param name="display">Shows how it goes.</param>
    /// <param name="cancellation">Ends the run early, after saving its state.</param>
    /// <returns>The folder and the outcome.</returns>
    public static (RunFolder Folder, RunOutcome Outcome) Begin(RunRequest request, string? wanted, string? only, IProgressDisplay display, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        using var opened = Opened.Of(request, only, seeds: 1);
        var folder = RunFolder.Create(wanted, RunFolder.NameOf(request.Task.Name, request.Settings.Seed));
        using var held = folder.Lock();
        RunDocuments.Save(folder.Config, request.ToConfig(opened.Inputs));
        return (folder, Run(new(folder, request, held), opened, only, display, clock, cancellation));
    }

    /// <summary>Goes on in a run folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="change">What is asked of it now, from what it was made for.</param>
    /// <param name="only">The stage to run; null for all.</param>
    /// <param name="display">Shows how it goes.</param>
    /// <param name="cancellation">Ends the run early, after saving its state.</param>
    /// <returns>The outcome.</returns>
    /// <exception cref="FolderInUseException">Another process works in the folder.</exception>
    public static RunOutcome Continue(RunFolder folder, Func<RunRequest, RunRequest> change, string? only, IProgressDisplay display, CancellationToken cancellation) =>
        Continue(folder, change, only, display, cancellation, divergenceIsAnOutcome: false);

    /// <summary>Goes on in a folder of several seeds, with one after the other or some at once, each to the bits that it would have come to beside the others.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="seeds">The seeds.</param>
    /// <param name="change">What is asked of each run now, from what it was made for.</param>
    /// <param name="jobs">How many at once, and what says so; null for one after the other.</param>
    /// <param name="display">Shows how it goes.</param>
    /// <param name="cancellation">Ends the run early, after saving its state.</param>
    /// <returns>What the seeds came to.</returns>
    /// <exception cref="UserError">No seed was begun.</exception>
    /// <exception cref="FolderInUseException">Another process works in the folder.</exception>
    public static SeedsOutcome ContinueSeeds(SeedsFolder folder, SeedRange seeds, Func<RunRequest, RunRequest> change, SeedsAtOnce? jobs, IProgressDisplay display, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        using var held = folder.Lock();
        var numbers = Enumerable.Range(0, seeds.Count).Select(m => seeds.First + (ulong)m).ToList();
        var begun = numbers.Select(folder.FindRun).FirstOrDefault(run => run is not null)
            ?? throw new UserError($"{folder.ShownPath} has no run to go on with: none of its seeds was begun");
        var request = RunRequest.FromConfig(begun).Of(seeds);
        jobs?.Run(folder, [.. numbers.Select(seed => (seed, folder.FindRun(seed) ?? BeginFolder(folder, change(request.Alone(seed)))))], cancellation);
        var outcome = new SeedsOutcome { Request = request, Seeds = seeds, Device = string.Empty, Started = DateTimeOffset.UtcNow, Runs = [] };
        foreach (ulong seed in numbers)
        {
            var (run, came) = folder.FindRun(seed) is { } there
                ? (there, Continue(there, change, null, display, cancellation, divergenceIsAnOutcome: true))
                : BeginOne(folder.CreateRun(seed), change(request.Alone(seed)));
            outcome = outcome with { Device = came.Device, Folders = [.. outcome.Folders, Path.GetFileName(run.FullPath)], Runs = [.. outcome.Runs, came], Seconds = clock.Elapsed.TotalSeconds };
            RunDocuments.Save(folder.Summary, SeedsDocument.Write(outcome));
            if (cancellation.IsCancellationRequested)
                break;
        }

        return outcome;

        (RunFolder Folder, RunOutcome Outcome) BeginOne(RunFolder run, RunRequest alone)
        {
            using var opened = Opened.Of(alone, null, seeds: 1);
            return (run, Begin(run, alone, opened, display, cancellation));
        }
    }

    // A run folder that says what is to be done in it.
    private static RunFolder BeginFolder(SeedsFolder folder, RunRequest alone)
    {
        using var opened = Opened.Of(alone, null, seeds: 1);
        var run = folder.CreateRun(alone.Settings.Seed);
        RunDocuments.Save(run.Config, alone.ToConfig(opened.Inputs));
        return run;
    }

    // One of several seeds: where it diverges that is written down, and the next has its turn.
    private static RunOutcome Begin(RunFolder folder, RunRequest request, Opened opened, IProgressDisplay display, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        using var held = folder.Lock();
        RunDocuments.Save(folder.Config, request.ToConfig(opened.Inputs));
        return Run(new(folder, request, held), opened, null, display, clock, cancellation, divergenceIsAnOutcome: true);
    }

    private static RunOutcome Continue(RunFolder folder, Func<RunRequest, RunRequest> change, string? only, IProgressDisplay display, CancellationToken cancellation, bool divergenceIsAnOutcome)
    {
        var clock = Stopwatch.StartNew();
        using var held = folder.Lock();
        var request = change(RunRequest.FromConfig(folder));
        using var opened = Opened.Of(request, only, seeds: 1);
        return Run(new(folder, request, held), opened, only, display, clock, cancellation, divergenceIsAnOutcome);
    }

    /// <summary>Goes on in a run folder that this process holds.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="held">Its lock.</param>
    /// <param name="request">What is asked of it.</param>
    /// <param name="only">The stage to run; null for all.</param>
    /// <param name="display">Shows how it goes.</param>
    /// <param name="cancellation">Ends the run early, after saving its state.</param>
    /// <param name="also">Is told how it goes, too.</param>
    /// <returns>The outcome.</returns>
    internal static RunOutcome Continue(RunFolder folder, FolderLock held, RunRequest request, string? only, IProgressDisplay display, CancellationToken cancellation, ITrainingObserver also)
    {
        var clock = Stopwatch.StartNew();
        using var opened = Opened.Of(request, only, seeds: 1);
        return Run(new(folder, request, held), opened, only, new TeeDisplay(display, also), clock, cancellation);
    }

    /// <summary>Runs a stage that several runs share: its folder has what was measured along the way, and no result.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="held">Its lock.</param>
    /// <param name="request">What is asked of it.</param>
    /// <param name="stage">The stage to run.</param>
    /// <param name="display">Shows how it goes.</param>
    /// <param name="cancellation">Ends the run early, after saving its state.</param>
    /// <param name="also">Is told how it goes, too.</param>
    internal static void RunShared(RunFolder folder, FolderLock held, RunRequest request, string stage, IProgressDisplay display, CancellationToken cancellation, ITrainingObserver also)
    {
        using var opened = Opened.Of(request, stage, seeds: 1);
        RunDocuments.Save(folder.Config, request.ToConfig(opened.Inputs));
        using var metrics = MetricsFile.Continue(folder.Metrics);
        var pipeline = new RunPipeline(opened.Device, request.Task, opened.Inputs, [new SeedRun(request.Settings, new StageFiles(folder.Checkpoints, folder.Episodes), held)]);
        var result = display.Show(observer => pipeline.Run([new ObserverList(metrics, also, observer)], stage, cancellation)[0]);
        if (result.Divergence is not null)
            throw result.Divergence;
    }

    /// <summary>Runs several seeds at once, each as a process of its own: each has the run folder that it would have alone.</summary>
    /// <param name="request">What the user asked for, seeds included.</param>
    /// <param name="wanted">The folder; null for a fresh one under runs/.</param>
    /// <param name="jobs">How many at once.</param>
    /// <param name="display">Shows how it goes.</param>
    /// <param name="cancellation">Ends the runs early, after saving its state.</param>
    /// <returns>The folder and what the seeds came to.</returns>
    public static (SeedsFolder Folder, SeedsOutcome Outcome) BeginSeedsAtOnce(RunRequest request, string? wanted, SeedsAtOnce jobs, IProgressDisplay display, CancellationToken cancellation)
    {
        var seeds = request.Seeds ?? throw new ArgumentException("a request of one seed", nameof(request));
        var first = request.Alone(seeds.First);
        using (var opened = Opened.Of(first, null, seeds: 1))
        {
            // What is not allowed is refused before anything is made.
        }

        var folder = SeedsFolder.Create(wanted, request.Task.Name, seeds);
        RunDocuments.Save(folder.Summary, SeedsDocument.Write(new SeedsOutcome { Request = request, Seeds = seeds, Device = string.Empty, Started = DateTimeOffset.UtcNow, Runs = [] }));
        BeginFolder(folder, first);
        return (folder, ContinueSeeds(folder, seeds, known => known, jobs, display, cancellation));
    }

    /// <summary>Runs several seeds, side by side where the task's stages take them so: each has the run folder that it would have alone.</summary>
    /// <param name="request">What the user asked for, seeds included.</param>
    /// <param name="wanted">The folder; null for a fresh one under runs/.</param>
    /// <param name="display">Shows how it goes.</param>
    /// <param name="cancellation">Ends the run early, after saving its state.</param>
    /// <returns>The folder and what the seeds came to.</returns>
    public static (SeedsFolder Folder, SeedsOutcome Outcome) BeginSeeds(
        RunRequest request, string? wanted, IProgressDisplay display, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var seeds = request.Seeds ?? throw new ArgumentException("a request of one seed", nameof(request));
        bool together = request.TrainsSeedsSideBySide;
        using var opened = Opened.Of(request, null, together ? seeds.Count : 1);
        var folder = SeedsFolder.Create(wanted, request.Task.Name, seeds);
        using var held = folder.Lock();
        var outcome = Summarise(new SeedsOutcome { Request = request, Seeds = seeds, Device = opened.Device.Name, Started = DateTimeOffset.UtcNow, Runs = [] });
        try
        {
            var requests = Enumerable.Range(0, seeds.Count).Select(m => request.Alone(seeds.First + (ulong)m)).ToList();
            if (!together)
            {
                foreach (var alone in requests)
                {
                    var run = folder.CreateRun(alone.Settings.Seed);
                    outcome = Summarise(outcome with { Folders = [.. outcome.Folders, Path.GetFileName(run.FullPath)] });
                    outcome = Summarise(outcome with { Runs = [.. outcome.Runs, Begin(run, alone, opened.For(alone), display, cancellation)] });
                    if (cancellation.IsCancellationRequested)
                        break;
                }

                return (folder, outcome);
            }

            var folders = requests.Select(alone => folder.CreateRun(alone.Settings.Seed)).ToList();
            outcome = Summarise(outcome with { Folders = [.. folders.Select(run => Path.GetFileName(run.FullPath))] });
            var runs = RunSideBySide(requests, folders, seeds.ToString(), opened, display, clock, cancellation);
            return (folder, Summarise(outcome with { Runs = runs }));
        }
        catch (Exception failure)
        {
            try
            {
                Summarise(outcome with { Error = OneLine.Of(failure.Message) });
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // As in a record: what made the run fail matters more.
            }

            throw;
        }

        SeedsOutcome Summarise(SeedsOutcome final)
        {
            final = final with { Seconds = clock.Elapsed.TotalSeconds };
            RunDocuments.Save(folder.Summary, SeedsDocument.Write(final));
            return final;
        }
    }

    private static IReadOnlyList<RunOutcome> RunSideBySide(
        IReadOnlyList<RunRequest> requests, IReadOnlyList<RunFolder> folders, string batch, Opened opened, IProgressDisplay display, Stopwatch clock, CancellationToken cancellation)
    {
        using var ranges = opened.OpenRanges();
        var records = new List<RunRecord>();
        var locks = new List<FolderLock>();
        try
        {
            for (int m = 0; m < requests.Count; m++)
            {
                locks.Add(folders[m].Lock());
                RunDocuments.Save(folders[m].Config, requests[m].ToConfig(opened.Inputs));
                records.Add(new RunRecord(new(folders[m], requests[m], locks[m]), batch, opened.Inputs, opened.Device.Name, opened.Choice.Precision, clock));
            }

            var pipeline = new RunPipeline(
                opened.Device, requests[0].Task, opened.Inputs, [.. requests.Select((request, m) => new SeedRun(request.Settings, new StageFiles(folders[m].Checkpoints, folders[m].Episodes), locks[m]))]);
            var results = display.Show(observer =>
            {
                var progress = new SeedsProgress(observer, requests.Count);
                // The seeds share their stages, so one of them opens the ranges for all.
                return pipeline.Run([.. records.Select((record, m) => new ObserverList(m == 0 && ranges is not null ? [record.Observer, ranges, progress.CreateObserver()] : [record.Observer, progress.CreateObserver()]))], null, cancellation);
            });
            return [.. records.Zip(results, (record, result) => record.Finish(result, opened.Device))];
        }
        catch (Exception failure)
        {
            foreach (var record in records)
                record.Fail(failure);
            throw AsFailure(failure);
        }
        finally
        {
            foreach (var record in records)
                record.Dispose();
            foreach (var held in locks)
                held.Dispose();
        }
    }

    private static RunOutcome Run(
        RunPlace place, Opened opened, string? only, IProgressDisplay display, Stopwatch clock, CancellationToken cancellation, bool divergenceIsAnOutcome = false)
    {
        var (folder, request, held) = place;
        using var ranges = opened.OpenRanges();
        using var record = new RunRecord(place, null, opened.Inputs, opened.Device.Name, opened.Choice.Precision, clock);
        try
        {
            var pipeline = new RunPipeline(opened.Device, request.Task, opened.Inputs, [new SeedRun(request.Settings, new StageFiles(folder.Checkpoints, folder.Episodes), held)]);
            var result = display.Show(observer => pipeline.Run([new ObserverList(ranges is null ? [record.Observer, observer] : [record.Observer, ranges, observer])], only, cancellation)[0]);
            var outcome = record.Finish(result, opened.Device);
            return result.Divergence is null || divergenceIsAnOutcome ? outcome : throw result.Divergence;
        }
        catch (UnfinishedStageException error)
        {
            throw new UserError($"{error.Message}: {OwnProgram.Command} {error.Stage} {folder.ShownPath}");
        }
        catch (Exception failure) when (failure is not (InvalidFileException or InvalidSettingException))
        {
            record.Fail(failure);
            throw AsFailure(failure);
        }
    }

    // A folder that was refused at the start would have been the user's mistake; one that can no longer be written is a
    // failure, as a full disk is, and another command line would not have avoided it.
    private static Exception AsFailure(Exception failure) =>
        failure is UnauthorizedAccessException or FileNotFoundException or DirectoryNotFoundException or UnwritableFileException ? new RunWritingException(failure) : failure;

    /// <summary>Everything that a user may have got wrong, opened before anything is written.</summary>
    private sealed record Opened(RunInputs Inputs, DeviceChoice Choice, IDevice Device) : IDisposable
    {
        public static Opened Of(RunRequest request, string? only, int seeds)
        {
            var inputs = request.Open(rollsOut: only is null or RunStages.Evaluate || (only == RunStages.Align && request.Settings.Evaluation.Every > 0));
            var choice = DeviceChoice.Parse(request.Device, request.Precision, noGraphs: request.NoGraphs);
            var device = choice.Open();
            try
            {
                choice.RequireMemory(device, request.Settings, inputs, seeds);
                return new Opened(inputs, choice, device);
            }
            catch
            {
                device.Dispose();
                throw;
            }
        }

        /// <summary>The same for another seed, whose data, where the task makes them itself, are others.</summary>
        public Opened For(RunRequest request) => request.Dataset is null ? this with { Inputs = request.Open(rollsOut: true) } : this;

        public NvtxRanges? OpenRanges() => Choice.IsCuda ? NvtxRanges.TryOpen() : null;

        public void Dispose() => Device.Dispose();
    }
}
