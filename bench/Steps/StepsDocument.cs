using System.Text.Json;
using System.Text.Json.Serialization;

namespace EDA.Bench.Steps;

/// <summary>Times of whole steps and stages: what the peers (bench/gpu/peers) write too, so that they stand side by side.</summary>
/// <param name="Program">eda, torchsharp, pytorch or jax.</param>
/// <param name="Version">Its version.</param>
/// <param name="Mode">How it ran: eager, jit, graphs.</param>
/// <param name="Device">The device.</param>
/// <param name="Precision">fp32, tf32, fp16 or bf16.</param>
/// <param name="Steps">The median seconds of a step by its name.</param>
/// <param name="Stages">The seconds of a whole stage by its name.</param>
public sealed record StepsDocument(
    [property: JsonPropertyName("program")] string Program,
    [property: JsonPropertyName("version")] string Version,
    [property: JsonPropertyName("mode")] string Mode,
    [property: JsonPropertyName("device")] string Device,
    [property: JsonPropertyName("precision")] string Precision,
    [property: JsonPropertyName("steps")] IReadOnlyDictionary<string, double> Steps,
    [property: JsonPropertyName("stages")] IReadOnlyDictionary<string, double> Stages)
{
    /// <summary>Writes it.</summary>
    /// <param name="path">The file.</param>
    public void Save(string path) => JsonDestination.Write(path, this, StepsJson.Default.StepsDocument);

    /// <summary>Whether a document is one.</summary>
    internal static bool Is(JsonElement root) => root.ValueKind == JsonValueKind.Object && root.TryGetProperty("program", out _) && root.TryGetProperty("steps", out _);
}

/// <summary>Serialisation without reflection.</summary>
[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(StepsDocument))]
internal sealed partial class StepsJson : JsonSerializerContext;
