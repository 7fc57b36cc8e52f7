using System.Text.Json;
using System.Text.Json.Serialization;
using EDA.Bench.Peaks;

namespace EDA.Bench.Profiling;

/// <summary>A stage, as it runs and as it was profiled.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Steps">The steps done.</param>
/// <param name="SecondsAsRun">How long it took without the profile, on the host's clock.</param>
/// <param name="SecondsInOperations">How long its operations took, one by one.</param>
public sealed record ProfiledStage(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("steps")] long Steps,
    [property: JsonPropertyName("seconds_as_run")] double SecondsAsRun,
    [property: JsonPropertyName("seconds_in_operations")] double SecondsInOperations);

/// <summary>profile.json. Its keys are an interface (docs/profiling.md).</summary>
/// <param name="Recipe">The recipe.</param>
/// <param name="Device">The device.</param>
/// <param name="Precision">The precision of matrix products.</param>
/// <param name="Command">The command that does the same again.</param>
/// <param name="Version">The engine's version.</param>
/// <param name="Started">When, in UTC.</param>
/// <param name="Peaks">The device's peaks.</param>
/// <param name="LateLaunches">Launches that may have waited for the host.</param>
/// <param name="Stages">The stages.</param>
/// <param name="Operations">A row an operation and stage.</param>
/// <param name="Kernels">A row a kernel and operation; none on a device that is not made of kernels.</param>
public sealed record ProfileDocument(
    [property: JsonPropertyName("recipe")] string Recipe,
    [property: JsonPropertyName("device")] string Device,
    [property: JsonPropertyName("precision")] string Precision,
    [property: JsonPropertyName("command")] string Command,
    [property: JsonPropertyName("version")] string Version,
    [property: JsonPropertyName("started")] string Started,
    [property: JsonPropertyName("peaks")] DevicePeaks Peaks,
    [property: JsonPropertyName("late_launches")] int LateLaunches,
    [property: JsonPropertyName("stages")] IReadOnlyList<ProfiledStage> Stages,
    [property: JsonPropertyName("operations")] IReadOnlyList<UsageRow> Operations,
    [property: JsonPropertyName("kernels")] IReadOnlyList<UsageRow> Kernels)
{
    /// <summary>Writes it.</summary>
    /// <param name="path">The file.</param>
    public void Save(string path) => JsonDestination.Write(path, this, ProfileJson.Default.ProfileDocument);
}

/// <summary>Serialisation without reflection.</summary>
[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(ProfileDocument))]
internal sealed partial class ProfileJson : JsonSerializerContext;
