using System.Text.Json;
using System.Text.Json.Serialization;
using EDA.Bench.Kernels;
using EDA.Bench.Steps;
using EDA.Bench.Verification;

namespace EDA.Bench.Results;

/// <summary>Everything one run of bench/gpu/run measured.</summary>
/// <param name="Date">When, in UTC.</param>
/// <param name="Commit">The commit that was measured.</param>
/// <param name="Gpu">The GPU, its driver and memory, as the driver's own tool names them.</param>
/// <param name="System">The operating system and the processor's kind.</param>
/// <param name="Verifications">Correctness, a table a precision.</param>
/// <param name="Kernels">Kernels, a table a precision.</param>
/// <param name="Steps">Steps and stages, a table a program and precision.</param>
/// <param name="Parts">What became of each part, in the order of the run; empty where the measurements were made one by one.</param>
public sealed record ResultsDocument(
    string Date, string Commit, string Gpu, string System, IReadOnlyList<VerificationTable> Verifications, IReadOnlyList<KernelDocument> Kernels, IReadOnlyList<StepsDocument> Steps, IReadOnlyList<PartRecord> Parts) : MeasurementDocument
{
    /// <summary>Reads what the parts of a run left in a folder, by kind, in the order of their file names.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="date">When, in UTC.</param>
    /// <param name="commit">The commit that was measured.</param>
    /// <param name="gpu">The GPU; null for the device that the measurements name.</param>
    /// <param name="system">The operating system and the processor's kind.</param>
    /// <returns>The document.</returns>
    /// <exception cref="EDA.Engine.InvalidFileException">A file is no JSON.</exception>
    public static ResultsDocument Collect(string folder, string date, string commit, string? gpu, string system)
    {
        var verifications = new List<VerificationTable>();
        var kernels = new List<KernelDocument>();
        var steps = new List<StepsDocument>();
        var parts = new List<PartRecord>();
        foreach (string file in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal))
        {
            try
            {
                using var document = JsonDocument.Parse(File.ReadAllText(file));
                if (PartRecord.Is(document.RootElement))
                    parts.Add(BenchJson.Read<PartRecord>(document));
                else if (VerificationTable.Is(document.RootElement))
                    verifications.Add(BenchJson.Read<VerificationTable>(document));
                else if (StepsDocument.Is(document.RootElement))
                    steps.Add(BenchJson.Read<StepsDocument>(document));
                else if (KernelDocument.Is(document.RootElement))
                    kernels.Add(BenchJson.Read<KernelDocument>(document));
            }
            catch (JsonException error)
            {
                throw new EDA.Engine.InvalidFileException(file, $"is no measurement: {error.Message}", error);
            }
        }

        gpu ??= verifications.Select(table => table.Device).Concat(kernels.Select(table => table.Device)).Concat(steps.Select(table => table.Device)).FirstOrDefault();
        return new ResultsDocument(date, commit, gpu ?? "no device", system, verifications, kernels, steps, parts);
    }

    /// <summary>Whether there is nothing in it.</summary>
    [JsonIgnore]
    public bool IsEmpty => Verifications.Count + Kernels.Count + Steps.Count + Parts.Count == 0;
}

/// <summary>What became of a part of <c>bench/gpu/run</c>.</summary>
/// <param name="Part">Its name.</param>
/// <param name="Status">passed, failed, timed out, killed, left out, running or not reached.</param>
/// <param name="Seconds">How long it ran; null where it did not.</param>
/// <param name="Limit">The seconds it was given.</param>
/// <param name="Why">What it said last, where it did not pass.</param>
public sealed record PartRecord(string Part, string Status, double? Seconds, double? Limit, string? Why)
{
    /// <summary>Whether a document is one.</summary>
    internal static bool Is(JsonElement root) => JsonDestination.HasKeys(root, "part", "status");
}
