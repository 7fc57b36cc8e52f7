using System.Collections.Concurrent;
using EDA.Engine.Training;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace EDA.Host.Progress;

/// <summary>A bar for each stage with rate, time left and current loss: for terminals.</summary>
public sealed class BarDisplay : IProgressDisplay
{
    private const string RateKey = "rate";
    private const string LeftKey = "left";
    private const string LossKey = "loss";

    /// <inheritdoc/>
    public T Show<T>(Func<ITrainingObserver, T> work)
    {
        // Written by the training thread, read by the one that draws.
        var words = new ConcurrentDictionary<(int Task, string Key), string>();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(new FleetingWriter(Console.Out)) });
        return console.Progress()
            .AutoClear(false)
            .HideCompleted(false)
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn { Width = 32 },
                new PercentageColumn(),
                new WordsColumn(words, LossKey),
                new WordsColumn(words, RateKey),
                new WordsColumn(words, LeftKey))
            .Start(context => work(new Feed(context, words)));
    }

    private sealed class Feed(ProgressContext context, ConcurrentDictionary<(int Task, string Key), string> words) : ITrainingObserver
    {
        private ProgressTask? _task;
        private long _firstStep;

        public void StageStarted(string stage, long step, long total)
        {
            _firstStep = step;
            _task = context.AddTask(stage, maxValue: Math.Max(total, 1));
            _task.Value = step;
        }

        public void Progress(in TrainingProgress progress)
        {
            if (_task is null)
                return;
            _task.Value = progress.Step;
            double rate = (progress.Step - _firstStep) / progress.Seconds;
            Set(RateKey, Spans.Rate(progress, rate));
            Set(LeftKey, Spans.Words((progress.Total - progress.Step) / rate) + " left");
            foreach (var metric in progress.Metrics)
            {
                if (metric.Name == "loss")
                    Set(LossKey, FormattableString.Invariant($"loss {metric.Value:0.0000}"));
            }
        }

        public void Noticed(string what) => context.AddTask(Markup.Escape("note: " + what)).StopTask();

        public void StageFinished(StageResult result)
        {
            Set(LeftKey, Spans.WasDone(result, _firstStep) ? Spans.DoneBefore : Spans.Words(result.Seconds));
            if (result.Completed && _task is not null)
                _task.Value = _task.MaxValue;
            _task?.StopTask();
            context.Refresh();
        }

        private void Set(string key, string text)
        {
            if (_task is not null)
                words[(_task.Id, key)] = text;
        }
    }

    private sealed class WordsColumn(ConcurrentDictionary<(int Task, string Key), string> words, string key) : ProgressColumn
    {
        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Text(words.GetValueOrDefault((task.Id, key), string.Empty), Color.Grey);
    }
}
