using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using EDA.Engine;
using EDA.Engine.Alignment;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Evaluation;
using EDA.Engine.Files;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using EDA.Host.Figures;
using EDA.Host.Player;
using EDA.Host.Reports;
using EDA.Kernels;

namespace EDA.Host.Runs;

/// <summary>
/// Writes down one seed's run, over all the commands that work on its folder: settings when the first stage begins,
/// metrics along the way, result and page at the end.
/// </summary>
internal sealed class RunRecord : IDisposable
{
    private readonly Stopwatch _clock;
    private readonly RunFolder _folder;
    private readonly FolderLock _held;
    private readonly JsonObject _config;
    private readonly MetricsFile _metrics;
    private readonly TensorBoardFile _board;
    private readonly StageRecord _stages = new();
    private readonly JsonObject? _earlier;
    private readonly RunOutcome _start;
    private readonly RunPresentation _presentation;
    private bool _isWritten;

    /// <summary>Starts the record.</summary>
    /// <param name="place">Where it goes, and what was asked for.</param>
    /// <param name="batch">The seeds it is trained with; null where it is alone.</param>
    /// <param name="inputs">What the run needs.</param>
    /// <param name="device">The device's name.</param>
    /// <param name="precision">Its precision.</param>
    /// <param name="clock">Running since the command began.</param>
    public RunRecord(RunPlace place, string? batch, RunInputs inputs, string device, string precision, Stopwatch clock)
    {
        var (folder, request, held) = place;
        (_clock, _folder, _held) = (clock, folder, held);
        _config = request.ToConfig(inputs);
        _presentation = RunPresentation.Of(request.Settings);
        var started = DateTimeOffset.UtcNow;
        _start = new RunOutcome
        {
            Task = request.Task,
            Budget = request.Budget,
            Settings = request.Settings,
            Batch = batch,
            Device = device,
            Precision = precision,
            Command = request.Command,
            Started = started,
            IsOnPublishedFile = request.Dataset is { } path && ChecksumFile.IsRecorded(path, inputs.Dataset?.Provenance.Sha256),
            Stages = [],
            Seconds = [],
        };
        if (File.Exists(folder.Result))
            (_earlier, _start) = Earlier(folder.Result, _start);
        _metrics = MetricsFile.Continue(folder.Metrics);
        _board = new TensorBoardFile(folder.FullPath, started);

        // A command that is refused for what the folder holds leaves its settings as they were.
        Observer = new ObserverList(new AtFirstStage(() => RunDocuments.Save(folder.Config, _config)), _metrics, _board, _stages);
    }

    /// <summary>Is told how the run goes.</summary>
    public ITrainingObserver Observer { get; }

    /// <summary>Writes down what came out.</summary>
    /// <param name="result">The result, of a seed that may have diverged where it was one of several.</param>
    /// <param name="device">Where the models are drawn from.</param>
    /// <returns>The outcome.</returns>
    public RunOutcome Finish(RunResult result, IDevice device)
    {
        var outcome = _start.With(result, _stages.Advanced);
        return result.Divergence is { } divergence
            ? Write(outcome with { Error = OneLine.Of(divergence.Message) }, null, null)
            : Write(outcome with { Interrupted = !result.Completed }, result, device);
    }

    /// <summary>Writes down, as far as it can be, that the run failed, unless its result is written already.</summary>
    /// <param name="failure">Why.</param>
    public void Fail(Exception failure)
    {
        if (_isWritten)
            return;
        try
        {
            Write(_start.With(new(_stages.Finished, new Dictionary<string, PolicyScore>(), null, Completed: false), _stages.Advanced) with { Error = OneLine.Of((_stages.Divergence ?? failure).Message) }, null, null);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or LostFolderException)
        {
            // A full disk, most likely: what made the run fail matters more than that it could not be written down.
        }
    }

    public void Dispose()
    {
        _board.Dispose();
        _metrics.Dispose();
    }

    // Everything that will be needed of it is looked at now, before a stage is worth its time.
    private static (JsonObject Document, RunOutcome Start) Earlier(string path, RunOutcome start)
    {
        try
        {
            var document = RunDocuments.Read(path);
            var outcome = start.After(document);
            _ = RunDocuments.Result(outcome.Timed(document, 0, 0)).ToJsonString(); // what could not be written again
            return (document, outcome);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException or FormatException or NullReferenceException)
        {
            throw new InvalidFileException(path, "is not the result of a run", error);
        }
    }

    private RunOutcome Write(RunOutcome outcome, RunResult? result, IDevice? device)
    {
        _held.Require();
        var drawing = Stopwatch.StartNew();
        _metrics.Dispose();
        var history = new MetricsHistory(_folder.Metrics);
        outcome = outcome.WithHistory(history);
        IReadOnlyList<Figure> figures = device is null ? [] : [.. _presentation.Draw(outcome, result, history, device, _folder)];
        foreach (var figure in figures)
            Save(_folder.Figure(figure.Name), figure.Svg);
        outcome = outcome.Timed(_earlier, drawing.Elapsed.TotalSeconds, _clock.Elapsed.TotalSeconds);
        RunDocuments.Save(_folder.Result, RunDocuments.Result(outcome));
        Save(_folder.Index, IndexPage.Write(outcome, _config, figures, most => RolloutPlayer.Section(_folder.Episodes, outcome, most)));
        _isWritten = true;
        return outcome;

        static void Save(string path, string text) => WholeFile.Write(path, overwrite: true, file => File.WriteAllText(file, text));
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
