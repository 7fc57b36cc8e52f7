using System.Text.Json.Serialization;

namespace EDA.Bench.Agreement;

/// <summary>
/// Two programs' distance in one network of a stage, after each of the steps that are looked at; null where a number is
/// none. Drift is ‖Δθ − Δθ'‖/‖Δθ'‖ with Δθ the way from the initial weights; of samples, the largest difference.
/// </summary>
/// <param name="Stage">The stage.</param>
/// <param name="Network">The network, or the actions.</param>
/// <param name="EnginePeer">The engine from PyTorch in float32.</param>
/// <param name="PeerExact">PyTorch in float32 from itself in float64: what rounding alone does.</param>
/// <param name="EngineExact">The engine from PyTorch in float64.</param>
/// <param name="LossEnginePeer">The largest relative difference of a step's loss, likewise; null of samples.</param>
/// <param name="LossPeerExact">The same of PyTorch in float32 from itself in float64.</param>
/// <param name="LossEngineExact">The same of the engine from PyTorch in float64.</param>
public sealed record AgreementRow(
    [property: JsonPropertyName("stage")] string Stage,
    [property: JsonPropertyName("network")] string Network,
    [property: JsonPropertyName("engine_pytorch")] IReadOnlyList<double?> EnginePeer,
    [property: JsonPropertyName("pytorch_float64")] IReadOnlyList<double?> PeerExact,
    [property: JsonPropertyName("engine_float64")] IReadOnlyList<double?> EngineExact,
    [property: JsonPropertyName("loss_engine_pytorch")] double? LossEnginePeer,
    [property: JsonPropertyName("loss_pytorch_float64")] double? LossPeerExact,
    [property: JsonPropertyName("loss_engine_float64")] double? LossEngineExact)
{
    /// <summary>How many times as far from float64 as PyTorch's float32 the engine may be.</summary>
    private const double Factor = 3;

    /// <summary>What it may always be: the rounding of a handful of float32 operations, where PyTorch happens to be luckier.</summary>
    private const double Floor = 1e-5;

    /// <summary>How far the engine may be from float64 after the last step.</summary>
    [JsonPropertyName("allowed")]
    public double Allowed => (Factor * PeerExact[^1] ?? 0) + Floor;

    /// <summary>How far its losses may be.</summary>
    [JsonPropertyName("loss_allowed")]
    public double LossAllowed => (Factor * LossPeerExact ?? 0) + Floor;

    /// <summary>Whether the engine is near enough.</summary>
    [JsonPropertyName("passed")]
    public bool Passed => PeerExact[^1] is not null && EngineExact[^1] <= Allowed && (LossPeerExact is null || LossEngineExact <= LossAllowed);
}
