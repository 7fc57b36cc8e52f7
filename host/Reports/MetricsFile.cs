using EDA.Engine.Stages;
using EDA.Host.Tables;

namespace EDA.Host.Reports;

/// <summary>
/// metrics.csv, long form: stage, step, name, value. Each report is on disk when the call returns, so that a run that
/// is cut short leaves what it had.
/// </summary>
public sealed class MetricsFile : ITrainingObserver, IDisposable
{
    private readonly CsvFile _csv;

    /// <summary>Starts the file.</summary>
    /// <param name="path">A file that does not exist yet.</param>
    public MetricsFile(string path)
    {
        _csv = CsvFile.Create(path);
        _csv.Row(["stage", "step", "name", "value"]);
    }

    /// <inheritdoc/>
    public void StageStarted(string stage, long step, long total)
    {
    }

    /// <inheritdoc/>
    public void Progress(in TrainingProgress progress)
    {
        foreach (var metric in progress.Metrics)
            Write(progress.Stage, progress.Step, metric.Name, metric.Value);
        _csv.Flush();
    }

    /// <inheritdoc/>
    public void StageFinished(StageResult result)
    {
    }

    /// <summary>Writes one number.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="step">The step.</param>
    /// <param name="name">What it is.</param>
    /// <param name="value">The number.</param>
    public void Write(string stage, long step, string name, double value) =>
        _csv.Row([stage, step.ToString(CultureInfo.InvariantCulture), name, value.ToString("R", CultureInfo.InvariantCulture)]);

    /// <inheritdoc/>
    public void Dispose() => _csv.Dispose();
}
