using System.Text.Json;
using System.Text.Json.Serialization;

namespace EDA.Bench.Sass;

/// <summary>The launches of a step that are alike.</summary>
/// <param name="Kernel">The kernel.</param>
/// <param name="Launches">How many of them.</param>
/// <param name="Groups">The groups of one.</param>
/// <param name="Warps">The warps of a group.</param>
/// <param name="Registers">The registers of an item.</param>
/// <param name="SharedBytes">The bytes of shared memory of a group.</param>
/// <param name="SpilledBytes">The bytes that go to local memory because registers do not suffice.</param>
/// <param name="Held">The groups that a multiprocessor holds.</param>
/// <param name="Instructions">The instructions of a warp, by class.</param>
/// <param name="Bytes">The bytes of one, each array once.</param>
/// <param name="Seconds">The predicted time of one.</param>
/// <param name="Bound">What takes that long.</param>
internal sealed record SassRow(
    [property: JsonPropertyName("kernel")] string Kernel,
    [property: JsonPropertyName("launches")] int Launches,
    [property: JsonPropertyName("groups")] int Groups,
    [property: JsonPropertyName("warps")] int Warps,
    [property: JsonPropertyName("registers")] int Registers,
    [property: JsonPropertyName("shared_bytes")] int SharedBytes,
    [property: JsonPropertyName("spilled_bytes")] int SpilledBytes,
    [property: JsonPropertyName("groups_held")] int Held,
    [property: JsonPropertyName("instructions_a_warp")] IReadOnlyDictionary<string, double> Instructions,
    [property: JsonPropertyName("bytes")] double Bytes,
    [property: JsonPropertyName("predicted_seconds")] double Seconds,
    [property: JsonPropertyName("bound")] string Bound);

/// <summary>A step.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Launches">Its launches.</param>
/// <param name="Bytes">Their bytes, each array once a launch.</param>
/// <param name="Seconds">Their predicted time.</param>
/// <param name="Rows">The launches, alike ones together.</param>
internal sealed record SassStep(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("launches")] int Launches,
    [property: JsonPropertyName("bytes")] double Bytes,
    [property: JsonPropertyName("predicted_seconds")] double Seconds,
    [property: JsonPropertyName("rows")] IReadOnlyList<SassRow> Rows);

/// <summary>The counts as a file.</summary>
/// <param name="Gpu">The GPU on paper.</param>
/// <param name="Precision">Of matrix products.</param>
/// <param name="Steps">The steps.</param>
internal sealed record SassDocument(
    [property: JsonPropertyName("gpu_on_paper")] string Gpu,
    [property: JsonPropertyName("precision")] string Precision,
    [property: JsonPropertyName("steps")] IReadOnlyList<SassStep> Steps)
{
    /// <summary>Refuses a file that cannot be written, or holds anything but earlier counts.</summary>
    /// <param name="path">The file.</param>
    public static void CheckDestination(string path) => JsonDestination.Check(
        path, "earlier counts", root => root.ValueKind == JsonValueKind.Object && root.TryGetProperty("gpu_on_paper", out _));

    /// <summary>Writes them.</summary>
    /// <param name="path">The file.</param>
    public void Save(string path) => JsonDestination.Write(path, this, SassJson.Default.SassDocument);
}

/// <summary>Serialisation without reflection.</summary>
[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(SassDocument))]
internal sealed partial class SassJson : JsonSerializerContext;
