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
public sealed record KernelRow(string Name, double Seconds, double Gflops, double PeakShare, long AllocatedBytes);

/// <summary>The table of <c>eda bench kernels</c>.</summary>
/// <param name="Device">The device.</param>
/// <param name="Precision">The precision of matrix products.</param>
/// <param name="PeakGflops">The device's arithmetic peak.</param>
/// <param name="Peaks">Both peaks, and what showed them.</param>
/// <param name="Rows">The steps.</param>
/// <param name="Kernels">A row a kernel and step, of one run of the step; none on a device that is not made of kernels.</param>
public sealed record KernelDocument(string Device, string Precision, double PeakGflops, DevicePeaks Peaks, IReadOnlyList<KernelRow> Rows, IReadOnlyList<UsageRow> Kernels) : MeasurementDocument
{
    /// <summary>The version of EDA.Engine, with its commit; nothing in tables of earlier versions.</summary>
    public string Version { get; init; } = string.Empty;

    /// <summary>The processor.</summary>
    public string Processor { get; init; } = string.Empty;

    /// <summary>When it was measured, in UTC.</summary>
    public DateTimeOffset Started { get; init; }

    /// <summary>The commit, shortened; the version where it has none.</summary>
    [JsonIgnore]
    public string Commit => Version.Split('+') is [_, { Length: > 7 } commit] ? commit[..7] : Version;

    /// <summary>Refuses a file that cannot be written, or holds anything but an earlier table, before anything is measured.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="UserError">It is refused.</exception>
    public static void CheckDestination(string path) => JsonDestination.Check(path, "an earlier table", Is);

    /// <summary>Whether a document is one.</summary>
    internal static bool Is(JsonElement root) => JsonDestination.HasKeys(root, "peak_gflops", "rows", "kernels");
}
