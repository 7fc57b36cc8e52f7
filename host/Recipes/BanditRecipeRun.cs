using System.Diagnostics;
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
/// <param name="Out">The run folder; null for a fresh one under runs/.</param>
/// <param name="Assignments">The `--set` assignments, for the command that does the same again.</param>
/// <param name="Settings">The settings that all of this comes to.</param>
public sealed record BanditRequest(Recipe Recipe, string Budget, string Device, string? Out, IReadOnlyList<string> Assignments, BanditRun Settings)
{
    /// <summary>The command that does the same again.</summary>
    public string Command
    {
        get
        {
            string objective = Settings.Alignment.Objective.ToString().ToLowerInvariant();
            var words = new List<string> { "./eda", "run", Recipe.Name, "--seed", Settings.Seed.ToString(CultureInfo.InvariantCulture), "--budget", Budget, "--objective", objective, "--device", Device };
            words.AddRange(Assignments.SelectMany(assignment => new[] { "--set", assignment }));
            return string.Join(' ', words);
        }
    }
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
        using var device = DeviceChoice.Open(request.Device);
        var folder = RunFolder.Create(request.Out, $"{request.Recipe.Name}-seed{request.Settings.Seed}");
        var config = RunDocuments.Config(request.Recipe.Name, request.Budget, request.Device, request.Command, request.Settings);
        RunDocuments.Save(folder.Config, config);

        using var pipeline = new BanditPipeline(device, request.Settings);
        using var metrics = new MetricsFile(folder.Metrics);
        using var board = new TensorBoardFile(folder.FullPath, started);
        var losses = new LossHistory();
        var record = new StageRecord();
        var outcome = new RunOutcome
        {
            Recipe = request.Recipe.Name,
            Budget = request.Budget,
            Settings = request.Settings,
            Device = device.Name,
            Command = request.Command,
            Started = started,
            Stages = [],
            Seconds = [],
            DatasetMeanQ = pipeline.Dataset.Energies.Average(),
        };

        BanditResult result;
        try
        {
            result = display.Show(observer => pipeline.Run(new ObserverList(metrics, board, losses, record, observer), cancellation));
        }
        catch (TrainingDivergedException diverged)
        {
            Report(outcome with { Error = diverged.Message, Stages = record.Finished }, [], null);
            throw;
        }

        outcome = outcome with { Stages = result.Stages, Metrics = result.Evaluation?.Metrics, Interrupted = !result.Completed };
        pipeline.Behavior.ToWeights().Save(folder.BehaviorWeights);
        if (record.Began(PolicyAlignment.StageName))
            pipeline.Policy.ToWeights().Save(folder.PolicyWeights);

        var drawing = Stopwatch.StartNew();
        IReadOnlyList<Figure> figures = result.Evaluation is { } evaluation
            ? BanditFigures.Draw(BanditFigureSource.Collect(pipeline, evaluation, losses.Curves))
            : losses.Curves.Count > 0 ? [BanditFigures.Losses(losses.Curves)] : [];
        return (folder, Report(outcome, figures, drawing));

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

    // Which stages began and ended, for a run that ends in an exception.
    private sealed class StageRecord : ITrainingObserver
    {
        private readonly List<string> _began = [];

        public List<StageResult> Finished { get; } = [];

        public bool Began(string stage) => _began.Contains(stage);

        public void StageStarted(string stage, long step, long total) => _began.Add(stage);

        public void Progress(in TrainingProgress progress)
        {
        }

        public void StageFinished(StageResult result) => Finished.Add(result);
    }
}
