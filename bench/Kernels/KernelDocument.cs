using System.Text.Json;
using System.Text.Json.Serialization;
using EDA.Bench.Peaks;
using EDA.Bench.Profiling;
using EDA.Host.CommandLine;

namespace EDA.Bench.Kernels;

/// <summary>One step of the table.</summary>
/// <param name="Name">pretraining, alignment, score, implicit q, mlp; on a GPU also sampling and adam.</param>
/// <param name="Seconds">The median time of a step.</param>
/// <param name="Gflops">Nominal work over that time.</param>
/// <param name="PeakShare">That rate over the peak.</param>
/// <param name="AllocatedBytes">Managed memory that every step allocates.</param>
public sealed record KernelRow(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("seconds")] double Seconds,
    [property: JsonPropertyName("gflops")] double Gflops,
    [property: JsonPropertyName("peak_share")] double PeakShare,
    [property: JsonPropertyName("allocated_bytes")] long AllocatedBytes);

/// <summary>The table as a file, for other programs: its keys are an interface (docs/profiling.md).</summary>
/// <param name="Device">The device.</param>
/// <param name="Precision">The precision of matrix products.</param>
/// <param name="PeakGflops">The device's arithmetic peak.</param>
/// <param name="Peaks">Both peaks, and what showed them.</param>
/// <param name="Rows">The steps.</param>
/// <param name="Kernels">A row a kernel and step, of one run of the step; none on a device that is not made of kernels.</param>
public sealed record KernelDocument(
    [property: JsonPropertyName("device")] string Device,
    [property: JsonPropertyName("precision")] string Precision,
    [property: JsonPropertyName("peak_gflops")] double PeakGflops,
    [property: JsonPropertyName("peaks")] DevicePeaks Peaks,
    [property: JsonPropertyName("rows")] IReadOnlyList<KernelRow> Rows,
    [property: JsonPropertyName("kernels")] IReadOnlyList<UsageRow> Kernels)
{
    /// <summary>Refuses a file that cannot be written, or holds anything but an earlier table, before anything is measured.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="UserError">It is refused.</exception>
    public static void CheckDestination(string path) => JsonDestination.Check(path, "an earlier table", Is);

    /// <summary>Writes the table.</summary>
    /// <param name="path">The file.</param>
    public void Save(string path) => JsonDestination.Write(path, this, KernelJson.Default.KernelDocument);

    /// <summary>Whether a document is one.</summary>
    internal static bool Is(JsonElement root) =>
        root.ValueKind == JsonValueKind.Object
        && root.TryGetProperty("peak_gflops", out var peak) && peak.ValueKind == JsonValueKind.Number && peak.GetDouble() > 0
        && root.TryGetProperty("rows", out var rows) && rows.ValueKind == JsonValueKind.Array;
}

/// <summary>Serialisation without reflection.</summary>
[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(KernelDocument))]
internal sealed partial class KernelJson : JsonSerializerContext;
