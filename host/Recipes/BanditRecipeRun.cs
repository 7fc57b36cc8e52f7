using System.Diagnostics;
using System.Text.RegularExpressions;
using EDA.Engine.Stages;
using EDA.Host.Devices;
using EDA.Host.Figures;
using EDA.Host.Progress;
using EDA.Host.Reports;

namespace EDA.Host.Recipes;

/// <summary>What the user asked of a run on a bandit.</summary>
/// <param name="Recipe">The recipe.</param>
/// <param name="Budget">The budget's name.</param>
/// <param name="Device">The device's name.</param>
/// <param name="Objective">The objective as it was given; null where none was.</param>
/// <param name="Out">The run folder; null for a fresh one under runs/.</param>
/// <param name="Assignments">The `--set` assignments, for the command that does the same again.</param>
/// <param name="Settings">The settings that all of this comes to.</param>
public sealed partial record BanditRequest(Recipe Recipe, string Budget, string Device, string? Objective, string? Out, IReadOnlyList<string> Assignments, BanditRun Settings)
{
    /// <summary>The precision as it was given; null where none was.</summary>
    public string? Precision { get; init; }

    /// <summary>The command that does the same again, quoted for a shell.</summary>
    public string Command
    {
        get
        {
            var words = new List<string> { "./eda", "run", Recipe.Name, "--seed", Settings.Seed.ToString(CultureInfo.InvariantCulture), "--budget", Budget };
            if (Objective is not null)
                words.AddRange(["--objective", Objective]);
            words.AddRange(["--device", Device]);
            if (Precision is not null)
                words.AddRange(["--precision", Precision]);
            words.AddRange(Assignments.SelectMany(assignment => new[] { "--set", assignment }));
            return string.Join(' ', words.Select(Quoted));
        }
    }

    private static string Quoted(string word) => PlainWord().IsMatch(word) ? word : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"\A[A-Za-z0-9._=/-]+\z")]
    private static partial Regex PlainWord();
}

/// <summary>Runs a bandit and leaves its folder behind.</summary>
public static class BanditRecipeRun
{
    private const string FigureStage = "figures";

    /// <summary>Runs it.</summary>
    /// <param name="request">What the user asked for.</param>
    /// <param name="display">Shows how it goes.</param>
    /// <param name="cancellation">Ends the run early, with what there is saved.</param>
    /// <returns>The folder and the outcome.</returns>
    public static (RunFolder Folder, RunOutcome Outcome) Execute(BanditRequest request, IProgressDisplay display, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var started = DateTimeOffset.UtcNow;
        var choice = DeviceChoice.Parse(request.Device, request.Precision);
        using var device = choice.Open();
        choice.RequireMemory(device, request.Settings);
        var folder = RunFolder.Create(request.Out, $"{request.Recipe.Name}-seed{request.Settings.Seed}");
        var config = RunDocuments.Config(request.Recipe.Name, request.Budget, request.Device, choice.Precision, request.Command, request.Settings);
        RunDocuments.Save(folder.Config, config);

        using var pipeline = new BanditPipeline(device, request.Settings);
        using var metrics = new MetricsFile(folder.Metrics);
        using var board = new TensorBoardFile(folder.FullPath, started);
        var losses = new LossHistory();
        var record = new StageRecord();
        // Weights are saved as soon as their stage ends: whatever goes wrong later, they are there.
        var checkpoints = new Checkpoints(pipeline, folder);
        using var ranges = choice.IsCuda ? NvtxRanges.TryOpen() : null;
        ITrainingObserver[] observers = ranges is null ? [checkpoints, metrics, board, losses, record] : [checkpoints, metrics, board, losses, record, ranges];
        var outcome = new RunOutcome
        {
            Recipe = request.Recipe.Name,
            Budget = request.Budget,
            Settings = request.Settings,
            Device = device.Name,
            Precision = choice.Precision,
            Command = request.Command,
            Started = started,
            Stages = [],
            Seconds = [],
            DatasetMeanQ = pipeline.Dataset.Energies.Average(),
        };

        try
        {
            var result = display.Show(observer => pipeline.Run(new ObserverList([.. observers, observer]), cancellation));
            outcome = outcome with { Stages = result.Stages, Metrics = result.Evaluation?.Metrics, Interrupted = !result.Completed };
            var drawing = Stopwatch.StartNew();
            IReadOnlyList<Figure> figures = result.Evaluation is { } evaluation
                ? BanditFigures.Draw(BanditFigureSource.Collect(pipeline, evaluation, losses.Curves))
                : losses.Curves.Count > 0 ? [BanditFigures.Losses(losses.Curves)] : [];
            return (folder, Report(outcome, figures, drawing));
        }
        catch (Exception failure)
        {
            try
            {
                if (failure is not TrainingDivergedException)
                    checkpoints.SaveUnfinished();
                Report(outcome with { Error = failure.Message.ReplaceLineEndings(" "), Stages = record.Finished }, [], null);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // A full disk, most likely: what made the run fail matters more than that it could not be written down.
            }

            throw;
        }

        RunOutcome Report(RunOutcome final, IReadOnlyList<Figure> figures, Stopwatch? drawing)
        {
            foreach (var figure in figures)
                File.WriteAllText(folder.Figure(figure.Name), figure.Svg);
            var seconds = final.Stages.Select(stage => KeyValuePair.Create(stage.Stage, stage.Seconds)).ToList();
            if (drawing is not null)
                seconds.Add(KeyValuePair.Create(FigureStage, drawing.Elapsed.TotalSeconds));
            seconds.Add(KeyValuePair.Create("total", clock.Elapsed.TotalSeconds));
            final = final with { Seconds = seconds };
            RunDocuments.Save(folder.Result, RunDocuments.Result(final));
            File.WriteAllText(folder.Index, IndexPage.Write(final, config, figures));
            return final;
        }
    }

    // Which stages ended, for a run that ends in an exception.
    private sealed class StageRecord : ITrainingObserver
    {
        public List<StageResult> Finished { get; } = [];

        public void StageStarted(string stage, long step, long total)
        {
        }

        public void Progress(in TrainingProgress progress)
        {
        }

        public void StageFinished(StageResult result) => Finished.Add(result);
    }

    // Saves the weights of a training stage when it ends, be it early.
    private sealed class Checkpoints(BanditPipeline pipeline, RunFolder folder) : ITrainingObserver
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
                pipeline.Behavior.ToWeights().Save(folder.BehaviorWeights);
            else if (stage == PolicyAlignment.StageName)
                pipeline.Policy.ToWeights().Save(folder.PolicyWeights);
        }
    }
}
