using System.Text.Json;
using System.Text.Json.Nodes;

namespace EDA.Bench.Profiling;

/// <summary>
/// A timeline as a Chrome trace: complete events (ph X, ts and dur in microseconds), a track each for stages,
/// operations and kernels. Opens in Perfetto and chrome://tracing.
/// </summary>
public static class ChromeTrace
{
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
        Event("process_name", "M", 0, new() { ["name"] = device });
        Track(1, "stages", timeline.Stages);
        Track(2, "operations", timeline.Operations);
        if (timeline.Kernels.Count > 0)
            Track(3, "kernels", timeline.Kernels);
        json.WriteEndArray();
        json.WriteEndObject();

        void Track(int number, string name, IEnumerable<TimedSpan> spans)
        {
            Event("thread_name", "M", number, new() { ["name"] = name });
            Event("thread_sort_index", "M", number, new() { ["sort_index"] = number });
            foreach (var span in spans.OrderBy(span => span.Start))
            {
                var about = new JsonObject();
                if (span.Parent.Length > 0)
                    about["within"] = span.Parent;
                if (span.Seconds > 0 && span.Flop > 0)
                    about["GFLOP/s"] = Math.Round(span.Flop / span.Seconds / 1e9, 2);
                if (span.Seconds > 0 && span.Bytes > 0)
                    about["GB/s"] = Math.Round(span.Bytes / span.Seconds / 1e9, 2);
                Event(span.Name, "X", number, about, ("cat", name), ("ts", Microseconds(span.Start)), ("dur", Microseconds(span.Seconds)));
            }
        }

        void Event(string name, string phase, int track, JsonObject about, params ReadOnlySpan<(string Key, JsonNode Value)> fields)
        {
            var entry = new JsonObject { ["name"] = name, ["ph"] = phase, ["pid"] = 1, ["tid"] = track, ["args"] = about };
            foreach (var (key, value) in fields)
                entry[key] = value;
            entry.WriteTo(json);
        }
    }

    // To the nanosecond: no clock here is finer.
    private static double Microseconds(double seconds) => Math.Round(seconds * 1e6, 3);
}
