using System.Text.Json;
using System.Text.Json.Serialization;
using EDA.Host.CommandLine;

namespace EDA.Bench.Kernels;

/// <summary>One step of the table.</summary>
/// <param name="Name">pretraining, alignment, score or implicit q.</param>
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

/// <summary>The table as a file, for other programs: its keys are an interface.</summary>
/// <param name="PeakGflops">The machine's multiply-add peak.</param>
/// <param name="Rows">The steps.</param>
public sealed record KernelDocument(
    [property: JsonPropertyName("peak_gflops")] double PeakGflops,
    [property: JsonPropertyName("rows")] IReadOnlyList<KernelRow> Rows)
{
    /// <summary>Refuses a file that cannot be written, or holds anything but an earlier table, before anything is measured.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="UserError">It is refused.</exception>
    public static void CheckDestination(string path)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? path;
        bool replaceable = File.Exists(path) && (new FileInfo(path).Length == 0 || IsTable(path));
        if (!Directory.Exists(folder) || Directory.Exists(path) || (File.Exists(path) && !replaceable))
            throw UserError.Value("--json", path, "a new file, or an earlier table, in a folder that exists");
    }

    /// <summary>Writes the table.</summary>
    /// <param name="path">The file.</param>
    public void Save(string path)
    {
        using var stream = File.Create(path);
        JsonSerializer.Serialize(stream, this, KernelJson.Default.KernelDocument);
    }

    private static bool IsTable(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return JsonSerializer.Deserialize(stream, KernelJson.Default.KernelDocument) is { Rows: not null, PeakGflops: > 0 };
        }
        catch (JsonException)
        {
            return false;
        }
    }
}

/// <summary>Serialisation without reflection.</summary>
[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(KernelDocument))]
internal sealed partial class KernelJson : JsonSerializerContext;
