using System.Text.Json;
using System.Text.Json.Serialization;
using EDA.Engine.Checkpoints;
using EDA.Kernels;

namespace EDA.Bench.Agreement;

/// <summary>The engine and PyTorch, from the same weights through the same steps. Keys are an interface (docs/reference.md).</summary>
/// <param name="Device">The engine's device.</param>
/// <param name="Against">The other program.</param>
/// <param name="Steps">The steps that are looked at.</param>
/// <param name="Rows">The stages' networks.</param>
public sealed record AgreementTable(
    [property: JsonPropertyName("device")] string Device,
    [property: JsonPropertyName("against")] string Against,
    [property: JsonPropertyName("steps")] IReadOnlyList<int> Steps,
    [property: JsonPropertyName("rows")] IReadOnlyList<AgreementRow> Rows)
{
    /// <summary>Whether all agree.</summary>
    [JsonPropertyName("passed")]
    public bool Passed => Rows.Count > 0 && Rows.All(row => row.Passed);

    /// <summary>Has both take the steps, and compares.</summary>
    /// <param name="device">The engine's device.</param>
    /// <param name="python">PyTorch.</param>
    /// <param name="size">How large the stages are.</param>
    /// <param name="output">Where the table goes.</param>
    /// <returns>The table.</returns>
    public static AgreementTable Run(IDevice device, PythonReference python, AgreementSize size, TextWriter output)
    {
        string folder = Directory.CreateTempSubdirectory("eda-agreement-").FullName;
        try
        {
            var stages = AgreementStage.All(size);
            foreach (var stage in stages)
                stage.Write(folder);
            python.Run("follow", folder);
            string version = Safetensors.ReadMetadata(At(stages[0], "float32"))["pytorch"];
            var (shape, rows) = (size.Shape, new List<AgreementRow>());
            output.WriteLine($"device    {device.Name}");
            output.WriteLine($"against   PyTorch {version}, {python.Interpreter}");
            output.WriteLine($"size      S = {shape.StateSize}, A = {shape.ActionSize}, H = {shape.Width}, {shape.Blocks} blocks; batches of {size.Rows}, and {size.States} x {size.Candidates} candidates");
            output.WriteLine();
            output.WriteLine("                                     engine - PyTorch fp32 after        PyTorch fp32 - fp64   engine - fp64");
            output.WriteLine($"stage                network        {string.Concat(AgreementStage.Marks.Select(mark => $"{mark,8}"))}     loss         {AgreementStage.Marks[^1]}     loss        {AgreementStage.Marks[^1]}  allowed     loss  allowed");
            foreach (var stage in stages)
            {
                var (engine, peer, exact) = (stage.Run(device), AgreementStage.Read(At(stage, "float32")), AgreementStage.Read(At(stage, "float64")));
                foreach (var row in Compare(stage, engine, peer, exact))
                {
                    rows.Add(row);
                    output.WriteLine(Line(row));
                }
            }

            var table = new AgreementTable(device.Name, $"PyTorch {version}", AgreementStage.Marks, rows);
            output.WriteLine();
            output.WriteLine(table.Passed ? "all stages agree" : $"{rows.Count(row => !row.Passed)} of {rows.Count} rows are further from float64 than float32 explains");
            return table;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        string At(AgreementStage stage, string type) => Path.Combine(folder, $"{stage.Key}.{type}.safetensors");
    }

    /// <summary>Writes it.</summary>
    /// <param name="path">The file.</param>
    public void Save(string path) => JsonDestination.Write(path, this, AgreementJson.Default.AgreementTable);

    /// <summary>Whether a document is one.</summary>
    internal static bool Is(JsonElement root) => root.ValueKind == JsonValueKind.Object && root.TryGetProperty("against", out _) && root.TryGetProperty("rows", out _);

    /// <summary>The rows of a stage.</summary>
    internal static IEnumerable<AgreementRow> Compare(AgreementStage stage, Course engine, Course peer, Course exact)
    {
        foreach (string network in exact.Moved.Keys.Select(key => key.Network).Distinct())
        {
            int[] marks = [.. exact.Moved.Keys.Where(key => key.Network == network).Select(key => key.Step).Order()];
            yield return new AgreementRow(
                stage.Title, network, Distances(engine, peer), Distances(peer, exact), Distances(engine, exact),
                Losses(engine, peer), Losses(peer, exact), Losses(engine, exact));

            IReadOnlyList<double?> Distances(Course found, Course reference) => [.. marks.Select(mark => Distance(found, reference, (mark, network)))];
        }

        double? Distance(Course found, Course reference, (int, string) key)
        {
            if (!found.Moved.TryGetValue(key, out float[]? one) || !reference.Moved.TryGetValue(key, out float[]? other))
                return null;
            return stage.Trains ? Course.Drift(one, other) : Course.LargestDifference(one, other);
        }

        double? Losses(Course found, Course reference) => stage.Trains ? Course.LossDifference(found, reference) : null;
    }

    private static string Line(AgreementRow row)
    {
        string drift = string.Concat(AgreementStage.Marks.Select((_, i) => Number(i - AgreementStage.Marks.Count + row.EnginePeer.Count is >= 0 and int at ? row.EnginePeer[at] : null)));
        string loss = row.LossPeerExact is null ? $"{"-",9}{"-",9}" : $"{Number(row.LossEngineExact)}{Number(row.LossAllowed)}";
        return $"{row.Stage,-20} {row.Network,-15}{drift}{Number(row.LossEnginePeer)}   {Number(row.PeerExact[^1])}{Number(row.LossPeerExact)} {Number(row.EngineExact[^1])}{Number(row.Allowed)}{loss}{(row.Passed ? string.Empty : "  FAILED")}";
    }

    private static string Number(double? value) => value is { } number ? $"{number,9:0.0e+00}" : $"{"-",9}";
}

/// <summary>Serialisation without reflection.</summary>
[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(AgreementTable))]
internal sealed partial class AgreementJson : JsonSerializerContext;
