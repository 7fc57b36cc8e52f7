using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using EDA.Bench.Comparison;
using EDA.Bench.Kernels;
using EDA.Bench.Profiling;
using EDA.Bench.Results;
using EDA.Bench.Scaling;
using EDA.Bench.Steps;
using EDA.Bench.Verification;

namespace EDA.Bench;

/// <summary>A measurement as a file for other programs: its keys are the names of its members in snake_case, an interface (docs/profiling.md).</summary>
public abstract record MeasurementDocument
{
    /// <summary>Writes it; an earlier one is replaced.</summary>
    /// <param name="path">The file.</param>
    public void Save(string path) => JsonDestination.Write(path, this, BenchJson.Default.GetTypeInfo(GetType())!);
}

/// <summary>Every document of the measurements, serialised without reflection.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ComparisonDocument))]
[JsonSerializable(typeof(KernelDocument))]
[JsonSerializable(typeof(PartRecord))]
[JsonSerializable(typeof(ProfileDocument))]
[JsonSerializable(typeof(ResultsDocument))]
[JsonSerializable(typeof(ScalingDocument))]
[JsonSerializable(typeof(StepsDocument))]
[JsonSerializable(typeof(VerificationTable))]
internal sealed partial class BenchJson : JsonSerializerContext
{
    /// <summary>A part of a document, or a row of one, by its keys.</summary>
    public static JsonObject Keyed<T>(T value) => JsonSerializer.SerializeToNode(value, Default.GetTypeInfo(typeof(T))!)!.AsObject();

    /// <summary>Reads a document of a kind.</summary>
    /// <exception cref="JsonException">It is of another.</exception>
    public static T Read<T>(JsonDocument document) => (T)document.Deserialize(Default.GetTypeInfo(typeof(T))!)!;
}
