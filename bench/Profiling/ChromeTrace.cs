using System.Text.Json;

namespace EDA.Bench.Profiling;

/// <summary>
/// A timeline as a Chrome trace: complete events (ph X, ts and dur in microseconds), a track each for stages,
/// operations and kernels. Opens in Perfetto and chrome://tracing.
/// </summary>
public static class ChromeTrace
{
    private const int Process = 1;

    /// <summary>Writes a trace.</summary>
    /// <param name="timeline">What ran when.</param>
    /// <param name="device">The device's name.</param>
    /// <param name="stream">Where the JSON goes.</param>
    public static void Write(Timeline timeline, string device, Stream stream)
    {
        using var json = new Utf8JsonWriter(stream);
        json.WriteStartObject();
        json.WriteString("displayTimeUnit", "ms");
        json.WriteStartArray("traceEvents");
        Name(json, "process_name", 0, device);
        Track(json, 1, "stages", timeline.Stages);
        Track(json, 2, "operations", timeline.Operations);
        if (timeline.Kernels.Count > 0)
            Track(json, 3, "kernels", timeline.Kernels);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Track(Utf8JsonWriter json, int number, string name, IEnumerable<TimedSpan> spans)
    {
        Name(json, "thread_name", number, name);
        json.WriteStartObject();
        json.WriteString("name", "thread_sort_index");
        json.WriteString("ph", "M");
        json.WriteNumber("pid", Process);
        json.WriteNumber("tid", number);
        json.WriteStartObject("args");
        json.WriteNumber("sort_index", number);
        json.WriteEndObject();
        json.WriteEndObject();
        foreach (var span in spans.OrderBy(span => span.Start))
        {
            json.WriteStartObject();
            json.WriteString("name", span.Name);
            json.WriteString("cat", name);
            json.WriteString("ph", "X");
            json.WriteNumber("ts", Microseconds(span.Start));
            json.WriteNumber("dur", Microseconds(span.Seconds));
            json.WriteNumber("pid", Process);
            json.WriteNumber("tid", number);
            json.WriteStartObject("args");
            if (span.Parent.Length > 0)
                json.WriteString("within", span.Parent);
            if (span.Seconds > 0 && span.Flop > 0)
                json.WriteNumber("GFLOP/s", Math.Round(span.Flop / span.Seconds / 1e9, 2));
            if (span.Seconds > 0 && span.Bytes > 0)
                json.WriteNumber("GB/s", Math.Round(span.Bytes / span.Seconds / 1e9, 2));
            json.WriteEndObject();
            json.WriteEndObject();
        }
    }

    private static void Name(Utf8JsonWriter json, string kind, int track, string name)
    {
        json.WriteStartObject();
        json.WriteString("name", kind);
        json.WriteString("ph", "M");
        json.WriteNumber("pid", Process);
        json.WriteNumber("tid", track);
        json.WriteStartObject("args");
        json.WriteString("name", name);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    // To the nanosecond: no clock here is finer.
    private static double Microseconds(double seconds) => Math.Round(seconds * 1e6, 3);
}
