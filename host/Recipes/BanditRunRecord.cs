using System.Diagnostics;
using System.Text.Json.Nodes;
using EDA.Engine.Stages;
using EDA.Host.Figures;
using EDA.Host.Reports;
using EDA.Kernels;

namespace EDA.Host.Recipes;

/// <summary>Writes down one seed's run: files along the way, weights as soon as their stage ends, result and page at the end.</summary>
internal sealed class BanditRunRecord : IDisposable
{
    private const string FigureStage = "figures";

    private readonly Stopwatch _clock;
    private readonly RunFolder _folder;
    private readonly JsonObject _config;
    private readonly BanditSeed _seed;
    private readonly MetricsFile _metrics;
    private readonly TensorBoardFile _board;
    private readonly LossHistory _losses = new();
    private readonly StageRecord _stages = new();
    private readonly Checkpoints _checkpoints;
    private readonly BanditOutcome _start;
    private bool _isWritten;

    /// <summary>Starts the record.</summary>
    /// <param name="request">What the user asked for, or would have for this seed alone.</param>
    /// <param name="batch">The seeds it is trained with; null where it is alone.</param>
    /// <param name="folder">Where it goes.</param>
    /// <param name="config">The document of config.json.</param>
    /// <param name="seed">What is trained.</param>
    /// <param name="device">The device's name.</param>
    /// <param name="precision">Its precision.</param>
    /// <param name="started">When the run began.</param>
    /// <param name="clock">Running since then.</param>
    public BanditRunRecord(BanditRequest request, string? batch, RunFolder folder, JsonObject config, BanditSeed seed, string device, string precision, DateTimeOffset started, Stopwatch clock)
    {
        (_clock, _folder, _config, _seed) = (clock, folder, config, seed);
        _metrics = new MetricsFile(folder.Metrics);
        _board = new TensorBoardFile(folder.FullPath, started);
        _checkpoints = new Checkpoints(seed, folder);
        Observer = new ObserverList(_checkpoints, _metrics, _board, _losses, _stages);
        _start = new BanditOutcome
        {
            Recipe = request.Recipe.Name,
            Budget = request.Budget,
            Settings = request.Settings,
            Batch = batch,
            Device = device,
            Precision = precision,
            Command = request.Command,
            Started = started,
            Stages = [],
            Seconds = [],
            DatasetMeanQ = seed.Dataset.Energies.Average(),
        };
    }

    /// <summary>Is told how the run goes.</summary>
    public ITrainingObserver Observer { get; }

    /// <summary>Writes config.json.</summary>
    /// <param name="request">What the user asked for, or would have for this seed alone.</param>
    /// <param name="precision">The device's precision.</param>
    /// <param name="folder">Where it goes.</param>
    /// <returns>The document.</returns>
    public static JsonObject SaveConfig(BanditRequest request, string precision, RunFolder folder)
    {
        var config = RunDocuments.Config(request.Recipe.Name, request.Budget, request.Device, precision, request.Command, request.Settings);
        RunDocuments.Save(folder.Config, config);
        return config;
    }

    /// <summary>Writes down what came out.</summary>
    /// <param name="result">The result, of a seed that may have diverged where it was one of several.</param>
    /// <returns>The outcome.</returns>
    public BanditOutcome Finish(BanditResult result)
    {
        var outcome = _start with { Stages = result.Stages, Metrics = result.Evaluation?.Metrics };
        if (result.Divergence is { } divergence)
            return Write(outcome with { Error = OneLine(divergence) }, [], null);
        var drawing = Stopwatch.StartNew();
        IReadOnlyList<Figure> figures = result.Evaluation is { } evaluation
            ? BanditFigures.Draw(BanditFigureSource.Collect(_seed, evaluation, _losses.Curves))
            : _losses.Curves.Count > 0 ? [CurveFigure.Losses(_losses.Curves)] : [];
        return Write(outcome with { Interrupted = !result.Completed }, figures, drawing);
    }

    /// <summary>Writes down, as far as it can be, that the run failed, unless its result is written already.</summary>
    /// <param name="failure">Why.</param>
    public void Fail(Exception failure)
    {
        if (_isWritten)
            return;
        var cause = _stages.Divergence ?? failure;
        try
        {
            if (cause is not (TrainingDivergedException or DeviceException { HasFailed: true }))
                _checkpoints.SaveUnfinished();
            Write(_start with { Error = OneLine(cause), Stages = _stages.Finished }, [], null);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A full disk, most likely: what made the run fail matters more than that it could not be written down.
        }
    }

    public void Dispose()
    {
        _board.Dispose();
        _metrics.Dispose();
    }

    private static string OneLine(Exception failure) => failure.Message.ReplaceLineEndings(" ");

    private BanditOutcome Write(BanditOutcome outcome, IReadOnlyList<Figure> figures, Stopwatch? drawing)
    {
        foreach (var figure in figures)
            File.WriteAllText(_folder.Figure(figure.Name), figure.Svg);
        var seconds = outcome.Stages.Select(stage => KeyValuePair.Create(stage.Stage, stage.Seconds)).ToList();
        if (drawing is not null)
            seconds.Add(KeyValuePair.Create(FigureStage, drawing.Elapsed.TotalSeconds));
        seconds.Add(KeyValuePair.Create("total", _clock.Elapsed.TotalSeconds));
        outcome = outcome with { Seconds = seconds };
        RunDocuments.Save(_folder.Result, RunDocuments.Result(outcome));
        File.WriteAllText(_folder.Index, IndexPage.Write(outcome, _config, figures));
        _isWritten = true;
        return outcome;
    }

    // Saves the weights of a training stage when it ends, be it early.
    private sealed class Checkpoints(BanditSeed seed, RunFolder folder) : ITrainingObserver
    {
        private string? _underWay;

        public void StageStarted(string stage, long step, long total) => _underWay = stage;

        public void Progress(in TrainingProgress progress)
        {
        }

        public void StageFinished(StageResult result) => SaveUnfinished();

        /// <summary>Saves the weights of the stage under way, as they are.</summary>
        public void SaveUnfinished()
        {
            string? stage = _underWay;
            _underWay = null;
            if (stage == BehaviorPretraining.StageName)
                seed.Behavior.ToWeights().Save(folder.BehaviorWeights);
            else if (stage == PolicyAlignment.StageName)
                seed.Policy.ToWeights().Save(folder.PolicyWeights);
        }
    }
}
