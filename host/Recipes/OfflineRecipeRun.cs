using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using EDA.Engine;
using EDA.Engine.Alignment;
using EDA.Engine.Data;
using EDA.Engine.Environments;
using EDA.Engine.Stages;
using EDA.Host.CommandLine;
using EDA.Host.Devices;
using EDA.Host.Figures;
using EDA.Host.Progress;
using EDA.Host.Reports;
using EDA.Kernels;

namespace EDA.Host.Recipes;

/// <summary>Runs the stages of a run on a dataset, all or one, in a new folder or in one that is there.</summary>
public static class OfflineRecipeRun
{
    /// <summary>Makes a run folder and runs in it.</summary>
    /// <param name="request">What the user asked for.</param>
    /// <param name="wanted">The folder; null for a fresh one under runs/.</param>
    /// <param name="only">The stage to run; null for all.</param>
    /// <param name="display">Shows how it goes.</param>
    /// <param name="cancellation">Ends the run early, with what there is saved.</param>
    /// <returns>The folder and the outcome.</returns>
    public static (RunFolder Folder, OfflineOutcome Outcome) Begin(OfflineRequest request, string? wanted, OfflineStage? only, IProgressDisplay display, CancellationToken cancellation)
    {
        using var parts = Open(request, only);
        var folder = RunFolder.Create(wanted, RunFolder.NameOf(request.Recipe.Name, request.Settings.Seed));
        RunDocuments.Save(folder.Config, request.ToConfig(parts.Dataset));
        return (folder, Run(folder, request, parts, only, display, cancellation));
    }

    /// <summary>Goes on in a run folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="request">What it was made for, with what has changed since.</param>
    /// <param name="only">The stage to run; null for all.</param>
    /// <param name="display">Shows how it goes.</param>
    /// <param name="cancellation">Ends the run early, with what there is saved.</param>
    /// <returns>The outcome.</returns>
    public static OfflineOutcome Continue(RunFolder folder, OfflineRequest request, OfflineStage? only, IProgressDisplay display, CancellationToken cancellation)
    {
        using var parts = Open(request, only);
        return Run(folder, request, parts, only, display, cancellation);
    }

    /// <summary>Opens everything that a user may have got wrong, before anything is written.</summary>
    private static Parts Open(OfflineRequest request, OfflineStage? only)
    {
        var kind = request.OpenEnvironment(rollsOut: only is null or OfflineStage.Evaluate);
        var labels = request.Labels is null ? null : UserLabels.Load(request.Labels);
        var dataset = request.OpenDataset();
        OfflinePipeline.Check(request.Settings, dataset, kind, labels);
        var choice = DeviceChoice.Parse(request.Device, request.Precision, noGraphs: request.NoGraphs);
        var device = choice.Open();
        try
        {
            choice.RequireMemory(device, request.Settings, dataset);
            return new Parts(kind, dataset, labels, choice, device);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    private static OfflineOutcome Run(RunFolder folder, OfflineRequest request, Parts parts, OfflineStage? only, IProgressDisplay display, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var started = DateTimeOffset.UtcNow;
        var (choice, device) = (parts.Choice, parts.Device);
        using var ranges = choice.IsCuda ? NvtxRanges.TryOpen() : null;
        var config = request.ToConfig(parts.Dataset);
        var pipeline = new OfflinePipeline(device, request.Settings, parts.Dataset, parts.Kind, new StageFiles(folder.Checkpoints), parts.Labels);
        using var metrics = MetricsFile.Continue(folder.Metrics);
        using var board = new TensorBoardFile(folder.FullPath, started);
        var record = new StageRecord();
        var earlier = Earlier(folder);
        var outcome = new OfflineOutcome
        {
            Recipe = request.Recipe.Name,
            Budget = request.Budget,
            Settings = request.Settings,
            Task = request.Task,
            Device = device.Name,
            Precision = choice.Precision,
            Command = request.Command,
            Started = started,
            Stages = [],
            Seconds = [],
        };
        if (earlier is not null)
            outcome = outcome.After(earlier);

        try
        {
            var result = display.Show(observer =>
            {
                // A command that is refused for what the folder holds leaves its settings as they were.
                var accepted = new AtFirstStage(() => RunDocuments.Save(folder.Config, config));
                var all = new ObserverList(ranges is null ? [accepted, metrics, board, record, observer] : [accepted, metrics, board, record, ranges, observer]);
                return only is { } stage ? pipeline.Run(stage, all, cancellation) : pipeline.RunAll(all, cancellation);
            });
            bool whole = result.Completed && (only is not null || result.Stages[^1].Stage == OfflineEvaluation.StageName);
            return Report(outcome.With(result.Stages, result.Scores, record.Advanced) with { Interrupted = !whole });
        }
        catch (UnfinishedStageException error)
        {
            throw new UserError($"{error.Message}: ./eda {error.Stage.ToString().ToLowerInvariant()} {folder.ShownPath}");
        }
        catch (Exception failure) when (failure is not (InvalidFileException or InvalidSettingException))
        {
            try
            {
                Report(outcome.With(record.Finished, new Dictionary<string, PolicyScore>(), record.Advanced) with { Error = failure.Message.ReplaceLineEndings(" ") });
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // A full disk, most likely: what made the run fail matters more than that it could not be written down.
            }

            throw;
        }

        OfflineOutcome Report(OfflineOutcome final)
        {
            var drawing = Stopwatch.StartNew();
            metrics.Dispose();
            var history = new MetricsHistory(folder.Metrics);
            final = final with
            {
                HeldOutLoss = history.Last(BehaviorPretraining.StageName, "held_out_loss"),
                CandidateRate = history.Last(CandidateSampling.StageName, "actions_per_second"),
            };
            var figures = Draw(final, history).ToList();
            foreach (var figure in figures)
                File.WriteAllText(folder.Figure(figure.Name), figure.Svg);
            final = final.Timed(earlier, drawing.Elapsed.TotalSeconds, clock.Elapsed.TotalSeconds);
            RunDocuments.Save(folder.Result, RunDocuments.Result(final));
            File.WriteAllText(folder.Index, IndexPage.Write(final, config, figures));
            return final;
        }
    }

    private static IEnumerable<Figure> Draw(OfflineOutcome outcome, MetricsHistory history)
    {
        if (outcome.Scores.Count > 0)
            yield return ScoreFigure.Draw(outcome.Episodes(), outcome.Task.Published?.Mean);
        if (history.Curves.Count > 0)
            yield return CurveFigure.Losses(history.Curves);
    }

    private static JsonObject? Earlier(RunFolder folder)
    {
        try
        {
            return File.Exists(folder.Result) ? JsonNode.Parse(File.ReadAllText(folder.Result))!.AsObject() : null;
        }
        catch (JsonException error)
        {
            throw new InvalidFileException(folder.Result, "is not the result of a run", error);
        }
    }

    private sealed record Parts(EnvironmentKind Kind, OfflineDataset Dataset, UserLabels? Labels, DeviceChoice Choice, IDevice Device) : IDisposable
    {
        public void Dispose() => Device.Dispose();
    }

    /// <summary>Does something when the first stage has read what it goes on from and begins.</summary>
    private sealed class AtFirstStage(Action action) : ITrainingObserver
    {
        private Action? _action = action;

        public void StageStarted(string stage, long step, long total)
        {
            _action?.Invoke();
            _action = null;
        }

        public void Progress(in TrainingProgress progress)
        {
        }

        public void StageFinished(StageResult result)
        {
        }
    }
}
