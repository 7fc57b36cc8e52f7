using System.Text.Json;
using System.Text.Json.Serialization;
using EDA.Bench.Kernels;
using EDA.Bench.Steps;
using EDA.Bench.Verification;

namespace EDA.Bench.Results;

/// <summary>Everything one run of bench/gpu/run measured. Keys are an interface (docs/profiling.md).</summary>
/// <param name="Date">When, in UTC.</param>
/// <param name="Commit">The commit that was measured.</param>
/// <param name="Gpu">The GPU, its driver and memory, as the driver's own tool names them.</param>
/// <param name="System">The operating system and the processor's kind.</param>
/// <param name="Verifications">Correctness, a table a precision.</param>
/// <param name="Kernels">Kernels, a table a precision.</param>
/// <param name="Steps">Steps and stages, a table a program and precision.</param>
public sealed record ResultsDocument(
    [property: JsonPropertyName("date")] string Date,
    [property: JsonPropertyName("commit")] string Commit,
    [property: JsonPropertyName("gpu")] string Gpu,
    [property: JsonPropertyName("system")] string System,
    [property: JsonPropertyName("verifications")] IReadOnlyList<VerificationTable> Verifications,
    [property: JsonPropertyName("kernels")] IReadOnlyList<KernelDocument> Kernels,
    [property: JsonPropertyName("steps")] IReadOnlyList<StepsDocument> Steps)
{
    /// <summary>Writes it.</summary>
    /// <param name="path">A file that does not exist yet.</param>
    public void Save(string path)
    {
        using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        JsonSerializer.Serialize(stream, this, ResultsJson.Default.ResultsDocument);
    }

    /// <summary>Reads what the parts of a run left in a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>The tables, by kind, in the order of their file names.</returns>
    public static (List<VerificationTable> Verifications, List<KernelDocument> Kernels, List<StepsDocument> Steps) Collect(string folder)
    {
        var found = (Verifications: new List<VerificationTable>(), Kernels: new List<KernelDocument>(), Steps: new List<StepsDocument>());
        foreach (string file in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal))
        {
            try
            {
                using var document = JsonDocument.Parse(File.ReadAllText(file));
                if (VerificationTable.Is(document.RootElement))
                    found.Verifications.Add(document.Deserialize(VerificationJson.Default.VerificationTable)!);
                else if (StepsDocument.Is(document.RootElement))
                    found.Steps.Add(document.Deserialize(StepsJson.Default.StepsDocument)!);
                else if (KernelDocument.Is(document.RootElement))
                    found.Kernels.Add(document.Deserialize(KernelJson.Default.KernelDocument)!);
            }
            catch (JsonException error)
            {
                throw new EDA.Engine.InvalidFileException(file, $"is no measurement: {error.Message}", error);
            }
        }

        return found;
    }
}

/// <summary>Serialisation without reflection.</summary>
[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(ResultsDocument))]
internal sealed partial class ResultsJson : JsonSerializerContext;
