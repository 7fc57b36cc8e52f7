using EDA.Engine.Training;

namespace EDA.Host.Progress;

/// <summary>A line of text for each tenth of a stage: for files, pipes and continuous integration.</summary>
/// <param name="output">Where the lines go.</param>
public sealed class LineDisplay(TextWriter output) : IProgressDisplay, ITrainingObserver
{
    private readonly FleetingWriter _output = new(output);
    private const int Tenths = 10;
    private long _firstStep;
    private long _nextTenth;

    /// <inheritdoc/>
    public T Show<T>(Func<ITrainingObserver, T> work) => work(this);

    /// <inheritdoc/>
    public void StageStarted(string stage, long step, long total)
    {
        _firstStep = step;
        _nextTenth = total > 0 ? (Tenths * step / total) + 1 : Tenths;
    }

    /// <inheritdoc/>
    public void Progress(in TrainingProgress progress)
    {
        if (progress.Total <= 0 || Tenths * progress.Step < _nextTenth * progress.Total)
            return;
        _nextTenth = (Tenths * progress.Step / progress.Total) + 1;
        double rate = (progress.Step - _firstStep) / progress.Seconds;
        double left = (progress.Total - progress.Step) / rate;
        string loss = progress.Metrics.Where(metric => metric.Name == "loss").Select(metric => FormattableString.Invariant($"  loss {metric.Value:0.0000}")).FirstOrDefault() ?? string.Empty;
        _output.WriteLine(FormattableString.Invariant(
            $"{progress.Stage,-10} {100 * progress.Step / progress.Total,3} %  {progress.Step}/{progress.Total} steps{loss}  {Spans.Rate(progress, rate)}  {Spans.Words(left)} left"));
        _output.Flush();
    }

    /// <inheritdoc/>
    public void Noticed(string what)
    {
        _output.WriteLine("note: " + what);
        _output.Flush();
    }

    /// <inheritdoc/>
    public void StageFinished(StageResult result)
    {
        string end = Spans.WasDone(result, _firstStep) ? Spans.DoneBefore
            : (result.Completed ? "done" : FormattableString.Invariant($"stopped after {result.Steps} of {result.Total} steps")) + $" in {Spans.Words(result.Seconds)}";
        _output.WriteLine($"{result.Stage,-10} {end}");
        _output.Flush();
    }
}
