using System.Collections.Concurrent;

namespace EDA.Host.View;

/// <summary>How fast runs that are watched go on: the steps between two reports over the time between them, as the file's own times say.</summary>
internal sealed class ReportRate
{
    private readonly ConcurrentDictionary<string, Span> _spans = new();

    /// <summary>Takes note of where a run is.</summary>
    /// <param name="row">The run.</param>
    /// <param name="written">When its metrics were written.</param>
    /// <returns>Steps a second since it was first seen in this stage; null where it has not moved since.</returns>
    public double? Observe(RunRow row, FileStamp written)
    {
        if (row.Stage is null)
            return null;
        var span = _spans.AddOrUpdate(
            row.Id,
            _ => new Span(row.Stage, row.Step, written.Modified, row.Step, written.Modified),
            (_, known) => known.Stage != row.Stage || row.Step < known.LastStep ? new Span(row.Stage, row.Step, written.Modified, row.Step, written.Modified)
                : row.Step > known.LastStep ? known with { LastStep = row.Step, LastTime = written.Modified } : known);
        double seconds = TimeSpan.FromTicks(span.LastTime - span.FirstTime).TotalSeconds;
        return span.LastStep > span.FirstStep && seconds > 0 ? (span.LastStep - span.FirstStep) / seconds : null;
    }

    private sealed record Span(string Stage, long FirstStep, long FirstTime, long LastStep, long LastTime);
}
