using System.Diagnostics;
using EDA.Engine.Optimizers;
using EDA.Engine.Stages;
using EDA.Host.CommandLine;
using EDA.Host.Devices;
using EDA.Host.Progress;
using EDA.Host.Reports;

namespace EDA.Host.Recipes;

/// <summary>Runs a bandit, with one seed or with several side by side, and leaves its folder behind.</summary>
public static class BanditRecipeRun
{
    /// <summary>Runs one seed.</summary>
    /// <param name="request">What the user asked for.</param>
    /// <param name="display">Shows how it goes.</param>
    /// <param name="cancellation">Ends the run early, with what there is saved.</param>
    /// <returns>The folder and the outcome.</returns>
    public static (RunFolder Folder, BanditOutcome Outcome) Execute(BanditRequest request, IProgressDisplay display, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var started = DateTimeOffset.UtcNow;
        var choice = DeviceChoice.Parse(request.Device, request.Precision, noGraphs: request.NoGraphs);
        using var device = choice.Open();
        choice.RequireMemory(device, request.Settings);
        using var ranges = choice.IsCuda ? NvtxRanges.TryOpen() : null;
        var folder = RunFolder.Create(request.Out, RunFolder.NameOf(request.Recipe.Name, request.Settings.Seed));
        var config = BanditRunRecord.SaveConfig(request, choice.Precision, folder);
        using var pipeline = new BanditPipeline(device, request.Settings);
        using var record = new BanditRunRecord(request, null, folder, config, pipeline.Seeds[0], device.Name, choice.Precision, started, clock);
        try
        {
            var result = display.Show(observer => pipeline.Run(new ObserverList(ranges is null ? [record.Observer, observer] : [record.Observer, ranges, observer]), cancellation));
            return (folder, record.Finish(result));
        }
        catch (Exception failure)
        {
            record.Fail(failure);
            throw;
        }
    }

    /// <summary>Runs several seeds as one batch: each has the run folder that it would have alone.</summary>
    /// <param name="request">What the user asked for, seeds included.</param>
    /// <param name="seeds">The seeds.</param>
    /// <param name="display">Shows how it goes.</param>
    /// <param name="cancellation">Ends the run early, with what there is saved.</param>
    /// <param name="optimizer">The optimizer of both stages; null for fused Adam.</param>
    /// <returns>The folder and what the seeds came to.</returns>
    public static (SeedsFolder Folder, SeedsOutcome Outcome) ExecuteSeeds(
        BanditRequest request, SeedRange seeds, IProgressDisplay display, CancellationToken cancellation, OptimizerFactory? optimizer = null)
    {
        var clock = Stopwatch.StartNew();
        var started = DateTimeOffset.UtcNow;
        var choice = DeviceChoice.Parse(request.Device, request.Precision, noGraphs: request.NoGraphs);
        using var device = choice.Open();
        choice.RequireMemory(device, request.Settings, seeds.Count);
        using var ranges = choice.IsCuda ? NvtxRanges.TryOpen() : null;
        var folder = SeedsFolder.Create(request.Out, request.Recipe.Name, seeds);
        var outcome = Summarise(new SeedsOutcome { Request = request, Seeds = seeds, Device = device.Name, Started = started, Runs = [] });
        using var pipeline = new BanditPipeline(device, request.Settings, seeds.Count, optimizer);
        var records = new List<BanditRunRecord>();
        try
        {
            var alone = pipeline.Seeds.Select(seed => request.Alone(seed.Settings.Seed)).ToList();
            var folders = pipeline.Seeds.Select(seed => folder.CreateRun(seed.Settings.Seed)).ToList();
            outcome = Summarise(outcome with { Folders = [.. folders.Select(run => Path.GetFileName(run.FullPath))] });
            for (int m = 0; m < seeds.Count; m++)
            {
                var config = BanditRunRecord.SaveConfig(alone[m], choice.Precision, folders[m]);
                records.Add(new BanditRunRecord(alone[m], seeds.ToString(), folders[m], config, pipeline.Seeds[m], device.Name, choice.Precision, started, clock));
            }

            var results = display.Show(observer =>
            {
                var progress = new SeedsProgress(observer, seeds.Count);
                // The seeds share their stages, so one of them opens the ranges for all.
                return pipeline.Run([.. records.Select((record, m) => new ObserverList(m == 0 && ranges is not null ? [record.Observer, ranges, progress.CreateObserver()] : [record.Observer, progress.CreateObserver()]))], cancellation);
            });
            return (folder, Summarise(outcome with { Runs = [.. records.Zip(results, (record, result) => record.Finish(result))] }));
        }
        catch (Exception failure)
        {
            foreach (var record in records)
                record.Fail(failure);
            try
            {
                Summarise(outcome with { Error = failure.Message.ReplaceLineEndings(" ") });
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // As in a record: what made the run fail matters more.
            }

            throw;
        }
        finally
        {
            foreach (var record in records)
                record.Dispose();
        }

        SeedsOutcome Summarise(SeedsOutcome final)
        {
            final = final with { Seconds = clock.Elapsed.TotalSeconds };
            RunDocuments.Save(folder.Summary, SeedsDocument.Write(final));
            return final;
        }
    }
}
