using EDA.Engine;
using EDA.Engine.Files;
using EDA.Engine.Training;
using EDA.Host.Tables;

namespace EDA.Host.Reports;

/// <summary>
/// metrics.csv, long form: stage, step, name, value. Each report is on disk when the call returns, so that a run that
/// is cut short leaves what it had.
/// </summary>
public sealed class MetricsFile : ITrainingObserver, IDisposable
{
    private const string Header = "stage,step,name,value";

    private readonly string _path;
    private readonly bool _continued;
    private CsvFile _csv;

    /// <summary>Starts the file.</summary>
    /// <param name="path">A file that does not exist yet.</param>
    public MetricsFile(string path)
    {
        _path = path;
        _csv = CsvFile.Create(path);
        _csv.Row(Header.Split(','));
        _csv.Flush();
    }

    private MetricsFile(string path, CsvFile csv) => (_path, _csv, _continued) = (path, csv, true);

    /// <summary>Goes on with a file, or starts it.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The file.</returns>
    public static MetricsFile Continue(string path) => File.Exists(path) ? new MetricsFile(path, CsvFile.Append(path)) : new MetricsFile(path);

    /// <summary>Collects what other runs reported on some stages; where there is nothing no file is made.</summary>
    /// <param name="sources">Their files, each with the names of the stages that are taken from it.</param>
    /// <param name="to">The new file.</param>
    public static void Collect(IReadOnlyList<(string Path, IReadOnlyList<string> Stages)> sources, string to)
    {
        string[] rows = [.. sources.Where(source => File.Exists(source.Path)).SelectMany(source => RowsOf(source.Path, source.Stages))];
        if (rows.Length > 0)
            WholeFile.Write(to, overwrite: false, file => File.WriteAllText(file, string.Concat(rows.Prepend(Header).Select(line => line + '\n'))));
    }

    /// <summary>
    /// A stage that goes on from an older state than the last report says everything since then again. A row that a kill
    /// or a full disk has cut in half counts as none.
    /// </summary>
    /// <param name="stage">The stage.</param>
    /// <param name="step">The steps it goes on from.</param>
    /// <param name="total">All of its steps.</param>
    public void StageStarted(string stage, long step, long total) => Forget(row => IsAfter(row, stage, step));

    /// <inheritdoc/>
    public void MeasuredAgain(string stage, long step, IReadOnlyList<string> names)
    {
        string number = step.ToString(CultureInfo.InvariantCulture);
        Forget(row => row is [var name, var at, var what, ..] && name == stage && at == number && names.Contains(what));
    }

    private void Forget(Predicate<string[]> isOver)
    {
        if (!_continued)
            return;
        _csv.Dispose();
        string text = File.ReadAllText(_path);
        string[] lines = text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string kept = string.Concat(lines.Where(line => !isOver(line.Split(','))).DefaultIfEmpty(Header).Select(line => line + '\n'));
        if (kept != text)
            WholeFile.Write(_path, overwrite: true, file => File.WriteAllText(file, kept));
        _csv = CsvFile.Append(_path);
    }

    /// <inheritdoc/>
    public void Progress(in TrainingProgress progress)
    {
        foreach (var metric in progress.Metrics)
            Write(progress.Stage, progress.Step, metric.Name, metric.Value);
        _csv.Flush();
    }

    /// <inheritdoc/>
    public void Saving() => _csv.FlushToDisk();

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

    private static IEnumerable<string> RowsOf(string path, IReadOnlyList<string> stages)
    {
        string text = File.ReadAllText(path);
        return text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Where(line => stages.Contains(line.Split(',')[0]));
    }

    private static bool IsAfter(string[] row, string stage, long step) =>
        row is [var name, var number, ..] && name == stage && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long at) && at > step;
}
