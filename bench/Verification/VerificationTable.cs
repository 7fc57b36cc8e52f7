using System.Text.Json;
using System.Text.Json.Serialization;
using EDA.Host.Devices;
using EDA.Kernels;
using EDA.Kernels.Cpu;

namespace EDA.Bench.Verification;

/// <summary>One comparison.</summary>
/// <param name="Case">The problem.</param>
/// <param name="Check">What was compared.</param>
/// <param name="Error">How far apart, relative in norm; for repeated runs, the number of elements that differ; where NaN must show, of those that are numbers all the same. Null where a number is missing.</param>
/// <param name="Allowed">How far apart they may be.</param>
public sealed record VerificationRow(
    [property: JsonPropertyName("case")] string Case,
    [property: JsonPropertyName("check")] string Check,
    [property: JsonPropertyName("error")] double? Error,
    [property: JsonPropertyName("allowed")] double Allowed)
{
    /// <summary>Whether they are near enough.</summary>
    [JsonPropertyName("passed")]
    public bool Passed => Error <= Allowed;
}

/// <summary>The comparison of a device with the CPU. Keys are an interface (docs/profiling.md).</summary>
/// <param name="Device">The device.</param>
/// <param name="Precision">The precision of matrix products.</param>
/// <param name="Reference">What it is compared with.</param>
/// <param name="Checks">The comparisons.</param>
public sealed record VerificationTable(
    [property: JsonPropertyName("device")] string Device,
    [property: JsonPropertyName("precision")] string Precision,
    [property: JsonPropertyName("reference")] string Reference,
    [property: JsonPropertyName("checks")] IReadOnlyList<VerificationRow> Checks)
{
    private const int TrainingSteps = 20;

    // Enough for a backend that launches first, records then and replays from then on.
    private const int Repeats = 4;

    /// <summary>Whether every comparison passed.</summary>
    [JsonPropertyName("passed")]
    public bool Passed => Checks.Count > 0 && Checks.All(check => check.Passed);

    /// <summary>Compares every operation of a device with the CPU's.</summary>
    /// <param name="device">The device.</param>
    /// <param name="cases">The problems.</param>
    /// <param name="output">Where the table goes.</param>
    /// <returns>The table.</returns>
    public static VerificationTable Run(IDevice device, IEnumerable<VerificationCase> cases, TextWriter output)
    {
        string precision = device.PrecisionName;
        var tolerance = VerificationTolerance.Of(precision);
        var options = DeviceChoice.Options();
        // The CPU itself is held to its plainest kernels.
        using var reference = new CpuDevice(device is CpuDevice ? options with { Simd = SimdLevel.Portable } : options);
        output.WriteLine($"device    {device.Name}");
        output.WriteLine($"products  {precision}");
        output.WriteLine($"against   {reference.Name}");
        output.WriteLine();
        output.WriteLine("case             check                                   error  allowed");
        var rows = new List<VerificationRow>();
        foreach (var problem in cases)
        {
            using var expected = new VerificationRun(reference, problem);
            using var actual = new VerificationRun(device, problem);
            var compared = Compare(problem, tolerance, expected, actual);
            if (problem.Shape.StateSize > 0)
                compared = compared.Concat(CompareCritics(problem, tolerance, reference, device));
            compared = compared.Concat(Enum.GetValues<MlpActivation>().SelectMany(activation => CompareMlps(problem, activation, tolerance, reference, device)));
            foreach (var row in compared)
            {
                rows.Add(row);
                output.WriteLine($"{row.Case,-16} {row.Check,-35} {row.Error,10:0.0e+00}  {row.Allowed,7:0e+00}{(row.Passed ? string.Empty : "  FAILED")}");
            }
        }

        var table = new VerificationTable(device.Name, precision, reference.Name, rows);
        output.WriteLine();
        output.WriteLine(table.Passed ? $"all {rows.Count} checks passed" : $"{rows.Count(row => !row.Passed)} of {rows.Count} checks failed");
        return table;
    }

    /// <summary>Writes it.</summary>
    /// <param name="path">The file.</param>
    public void Save(string path) => JsonDestination.Write(path, this, VerificationJson.Default.VerificationTable);

    /// <summary>Whether a document is one.</summary>
    internal static bool Is(JsonElement root) => root.ValueKind == JsonValueKind.Object && root.TryGetProperty("checks", out _) && root.TryGetProperty("passed", out _);

    private static IEnumerable<VerificationRow> Compare(VerificationCase problem, VerificationTolerance tolerance, VerificationRun expected, VerificationRun actual)
    {
        yield return Row("batch", expected.Batch(), actual.Batch(), VerificationTolerance.Fp32.Value);
        yield return Row("density", expected.Density(), actual.Density(), tolerance.Value);
        yield return Row("score", expected.Score(), actual.Score(), tolerance.Value);
        yield return Row("gaps", expected.Gaps(), actual.Gaps(), tolerance.Difference);
        foreach (bool dropout in (bool[])[false, true])
        {
            string name = dropout ? "denoising with dropout" : "denoising";
            float[] truth = expected.Denoising(dropout), found = actual.Denoising(dropout);
            yield return Row($"{name}, gradient", truth[..^1], found[..^1], tolerance.Gradient);
            yield return Row($"{name}, loss", truth[^1..], found[^1..], tolerance.Value);
        }

        foreach (var kind in Enum.GetValues<AlignmentLoss>())
        {
            string name = $"alignment by {kind.ToString().ToLowerInvariant()}";
            float[] truth = expected.Alignment(kind), found = actual.Alignment(kind);
            yield return Row($"{name}, gradient", truth[..^1], found[..^1], tolerance.Gradient);
            yield return Row($"{name}, loss", truth[^1..], found[^1..], tolerance.Value);
        }

        yield return Row("samples", expected.Sample(), actual.Sample(), tolerance.Sample);
        var (truthParameters, truthAverage) = expected.Train(TrainingSteps);
        var (parameters, average) = actual.Train(TrainingSteps);
        yield return Row($"{TrainingSteps} training steps", truthParameters, parameters, tolerance.Gradient);
        yield return Row("their running average", truthAverage, average, tolerance.Gradient);
        yield return Same("denoising, repeated", () => actual.Denoising(true));
        yield return Same("alignment, repeated", () => actual.Alignment(AlignmentLoss.Value));
        yield return Same("samples, repeated", actual.Sample);
        yield return Hidden("NaN shows, denoising", actual.DenoisingHidesNaN());
        foreach (var kind in Enum.GetValues<AlignmentLoss>())
            yield return Hidden($"NaN shows, alignment by {kind.ToString().ToLowerInvariant()}", actual.AlignmentHidesNaN(kind));

        VerificationRow Row(string check, float[] truth, float[] found, double allowed) => new(problem.Name, check, Distance(truth, found), allowed);

        VerificationRow Same(string check, Func<float[]> run) => new(problem.Name, check, Differences(run), 0);

        VerificationRow Hidden(string check, int numbers) => new(problem.Name, check, numbers, 0);
    }

    private static IEnumerable<VerificationRow> CompareCritics(VerificationCase problem, VerificationTolerance tolerance, IDevice reference, IDevice device)
    {
        using var expected = new CriticVerificationRun(reference, problem);
        using var actual = new CriticVerificationRun(device, problem);
        yield return Row("critic's values and actions", expected.Evaluate(), actual.Evaluate(), tolerance.Value);
        var (truth, found) = (expected.Implicit(TrainingSteps), actual.Implicit(TrainingSteps));
        yield return Row("implicit Q-learning, losses", truth.Losses, found.Losses, tolerance.Value);
        yield return Row("implicit Q-learning, gradients", truth.Gradient, found.Gradient, tolerance.Gradient);
        yield return Row($"{TrainingSteps} steps of it", truth.Parameters, found.Parameters, tolerance.Gradient);
        yield return Row($"{TrainingSteps} steps of softmax Q-learning", expected.Sampled(TrainingSteps), actual.Sampled(TrainingSteps), tolerance.Gradient);
        foreach (var choice in Enum.GetValues<TwinChoice>())
            yield return Row($"∂Q/∂a, {choice.ToString().ToLowerInvariant()} twin", expected.ActionGradient(choice), actual.ActionGradient(choice), tolerance.Gradient);
        yield return new VerificationRow(problem.Name, "implicit Q-learning, repeated", Differences(() => actual.Implicit(2).Parameters), 0);
        yield return Hidden("NaN shows, values and actions", actual.EvaluationHidesNaN());
        yield return Hidden("NaN shows, V's loss", actual.ValueHidesNaN());
        yield return Hidden("NaN shows, the twins' loss", actual.TwinsHideNaN());
        yield return Hidden("NaN shows, the policy's loss", actual.PolicyHidesNaN());
        yield return Hidden("NaN shows, softmax Q-learning", actual.SampledHidesNaN());

        VerificationRow Row(string check, float[] truth, float[] found, double allowed) => new(problem.Name, check, Distance(truth, found), allowed);

        VerificationRow Hidden(string check, int numbers) => new(problem.Name, check, numbers, 0);
    }

    private static IEnumerable<VerificationRow> CompareMlps(VerificationCase problem, MlpActivation activation, VerificationTolerance tolerance, IDevice reference, IDevice device)
    {
        string name = $"MLP with {activation.ToString().ToLowerInvariant()}";
        using var expected = new MlpVerificationRun(reference, problem, activation);
        using var actual = new MlpVerificationRun(device, problem, activation);
        yield return Row("outputs", expected.Outputs(), actual.Outputs(), tolerance.Value);
        var (truth, found) = (expected.Gradients(), actual.Gradients());
        yield return Row("parameters' gradient", truth.Parameters, found.Parameters, tolerance.Gradient);
        yield return Row("inputs' gradient", truth.Inputs, found.Inputs, tolerance.Gradient);
        yield return new VerificationRow(problem.Name, $"{name}, repeated", Differences(() => actual.Gradients().Parameters), 0);

        VerificationRow Row(string check, float[] truth, float[] found, double allowed) => new(problem.Name, $"{name}, {check}", Distance(truth, found), allowed);
    }

    // Elements that are not the same bits every time.
    private static int Differences(Func<float[]> run)
    {
        float[] first = run();
        int differences = 0;
        for (int repeat = 1; repeat < Repeats; repeat++)
            differences += run().Zip(first).Count(pair => BitConverter.SingleToInt32Bits(pair.First) != BitConverter.SingleToInt32Bits(pair.Second));
        return differences;
    }

    // Null where anything is no number: an output that was never written, most likely.
    private static double? Distance(float[] truth, float[] found)
    {
        double squares = 0, norm = 0;
        for (int i = 0; i < truth.Length; i++)
        {
            squares += ((double)found[i] - truth[i]) * ((double)found[i] - truth[i]);
            norm += (double)truth[i] * truth[i];
        }

        double distance = Math.Sqrt(squares / Math.Max(norm, double.Epsilon));
        return double.IsFinite(distance) ? distance : null;
    }
}

/// <summary>Serialisation without reflection.</summary>
[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(VerificationTable))]
internal sealed partial class VerificationJson : JsonSerializerContext;
