using System.Text.Json;

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
    string Program, string Version, string Mode, string Device, string Precision, IReadOnlyDictionary<string, double> Steps, IReadOnlyDictionary<string, double> Stages) : MeasurementDocument
{
    /// <summary>Whether a document is one.</summary>
    internal static bool Is(JsonElement root) => JsonDestination.HasKeys(root, "program", "steps");
}
