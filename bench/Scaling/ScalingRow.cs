using System.Text.Json;
using System.Text.Json.Serialization;

namespace EDA.Bench.Scaling;

/// <summary>A step at one place of a sweep.</summary>
/// <param name="Sweep">What is varied: threads, batch or candidates.</param>
/// <param name="Step">The step: pretraining, alignment, score, sampling, iql.</param>
/// <param name="Value">Threads, rows or K.</param>
/// <param name="Threads">The threads at work.</param>
/// <param name="Seconds">The median time of a step.</param>
/// <param name="Flop">Nominal work.</param>
/// <param name="FloorSeconds">That work over the peak of so many threads.</param>
/// <param name="PeakShare">The floor over the time.</param>
public sealed record ScalingRow(
    [property: JsonPropertyName("sweep")] string Sweep,
    [property: JsonPropertyName("step")] string Step,
    [property: JsonPropertyName("value")] int Value,
    [property: JsonPropertyName("threads")] int Threads,
    [property: JsonPropertyName("seconds")] double Seconds,
    [property: JsonPropertyName("flop")] double Flop,
    [property: JsonPropertyName("floor_seconds")] double FloorSeconds,
    [property: JsonPropertyName("peak_share")] double PeakShare);

/// <summary>The sweeps as a file for other programs: its keys are an interface (docs/profiling.md).</summary>
/// <param name="Device">The device.</param>
/// <param name="Precision">The precision of matrix products.</param>
/// <param name="Network">The network, in words.</param>
/// <param name="Sweeps">The steps.</param>
public sealed record ScalingDocument(
    [property: JsonPropertyName("device")] string Device,
    [property: JsonPropertyName("precision")] string Precision,
    [property: JsonPropertyName("network")] string Network,
    [property: JsonPropertyName("sweeps")] IReadOnlyList<ScalingRow> Sweeps)
{
    /// <summary>Writes it.</summary>
    /// <param name="path">The file.</param>
    public void Save(string path) => JsonDestination.Write(path, this, ScalingJson.Default.ScalingDocument);

    /// <summary>Whether a document is one.</summary>
    internal static bool Is(JsonElement root) => root.ValueKind == JsonValueKind.Object && root.TryGetProperty("sweeps", out var sweeps) && sweeps.ValueKind == JsonValueKind.Array;
}

/// <summary>Serialisation without reflection.</summary>
[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(ScalingDocument))]
internal sealed partial class ScalingJson : JsonSerializerContext;
