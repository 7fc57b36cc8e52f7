using System.Text.Json;
using EDA.Bench.Kernels;
using EDA.Host.Devices;
using EDA.Kernels;
using EDA.Kernels.Cpu;

namespace EDA.Bench.Verification;

/// <summary>One comparison.</summary>
/// <param name="Case">The problem.</param>
/// <param name="Check">What was compared.</param>
/// <param name="Error">How far apart, relative in norm; for repeated runs, the number of elements that differ; where NaN must show, of those that are numbers all the same. Null where a number is missing.</param>
/// <param name="Allowed">How far apart they may be.</param>
public sealed record VerificationRow(string Case, string Check, double? Error, double Allowed)
{
    /// <summary>Whether they are near enough.</summary>
    public bool Passed => Error <= Allowed;
}

/// <summary>The comparison of a device with the CPU.</summary>
/// <param name="Device">The device.</param>
/// <param name="Precision">The precision of matrix products.</param>
/// <param name="Reference">What it is compared with.</param>
/// <param name="Checks">The comparisons.</param>
public sealed record VerificationTable(string Device, string Precision, string Reference, IReadOnlyList<VerificationRow> Checks) : MeasurementDocument
{
    private const int TrainingSteps = 20;

    // Enough for a backend that launches first, records then and replays from then on.
    private const int Repeats = 4;

    /// <summary>Whether every comparison passed.</summary>
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
            foreach (var check in Compare(problem, tolerance, reference, device))
            {
                var row = check with { Case = problem.Name };
                rows.Add(row);
                output.WriteLine($"{row.Case,-16} {row.Check,-35} {row.Error,10:0.0e+00}  {row.Allowed,7:0e+00}{(row.Passed ? string.Empty : "  FAILED")}");
            }
        }

        var table = new VerificationTable(device.Name, precision, reference.Name, rows);
        output.WriteLine();
        output.WriteLine(table.Passed ? $"all {rows.Count} checks passed" : $"{rows.Count(row => !row.Passed)} of {rows.Count} checks failed");
        return table;
    }

    /// <summary>Whether a document is one.</summary>
    internal static bool Is(JsonElement root) => JsonDestination.HasKeys(root, "checks", "passed");

    private static IEnumerable<VerificationRow> Compare(VerificationCase problem, VerificationTolerance tolerance, IDevice reference, IDevice device) =>
    [
        .. CompareBdm(problem, tolerance, reference, device),
        .. problem.Shape.StateSize > 0 ? CompareCritics(problem, tolerance, reference, device) : [],
        .. Enum.GetValues<MlpActivation>().SelectMany(activation => CompareMlps(problem, activation, tolerance, reference, device)),
    ];

    private static IEnumerable<VerificationRow> CompareBdm(VerificationCase problem, VerificationTolerance tolerance, IDevice reference, IDevice device)
    {
        using var expected = new VerificationRun(reference, problem);
        using var actual = new VerificationRun(device, problem);
        yield return Near("batch", expected.Batch(), actual.Batch(), VerificationTolerance.Fp32.Value);
        yield return Near("density", expected.Density(), actual.Density(), tolerance.Value);
        yield return Near("score", expected.Score(), actual.Score(), tolerance.Value);
        yield return Near("gaps", expected.Gaps(), actual.Gaps(), tolerance.Difference);
        foreach (bool dropout in (bool[])[false, true])
        {
            foreach (var row in NearStep(dropout ? "denoising with dropout" : "denoising", expected.Denoising(dropout), actual.Denoising(dropout)))
                yield return row;
        }

        foreach (var kind in Enum.GetValues<AlignmentLoss>())
        {
            foreach (var row in NearStep($"alignment by {kind.ToString().ToLowerInvariant()}", expected.Alignment(kind), actual.Alignment(kind)))
                yield return row;
        }

        yield return Near("samples", expected.Sample(), actual.Sample(), tolerance.Sample);
        var (truthParameters, truthAverage) = expected.Train(TrainingSteps);
        var (parameters, average) = actual.Train(TrainingSteps);
        yield return Near($"{TrainingSteps} training steps", truthParameters, parameters, tolerance.Gradient);
        yield return Near("their running average", truthAverage, average, tolerance.Gradient);
        yield return Same("denoising, repeated", () => actual.Denoising(true));
        yield return Same("alignment, repeated", () => actual.Alignment(AlignmentLoss.Value));
        yield return Same("samples, repeated", actual.Sample);
        yield return Hidden("denoising", actual.DenoisingHidesNaN());
        foreach (var kind in Enum.GetValues<AlignmentLoss>())
            yield return Hidden($"alignment by {kind.ToString().ToLowerInvariant()}", actual.AlignmentHidesNaN(kind));

        // Gradient and loss, the loss last.
        VerificationRow[] NearStep(string name, float[] truth, float[] found) =>
            [Near($"{name}, gradient", truth[..^1], found[..^1], tolerance.Gradient), Near($"{name}, loss", truth[^1..], found[^1..], tolerance.Value)];
    }

    private static IEnumerable<VerificationRow> CompareCritics(VerificationCase problem, VerificationTolerance tolerance, IDevice reference, IDevice device)
    {
        using var expected = new CriticVerificationRun(reference, problem);
        using var actual = new CriticVerificationRun(device, problem);
        yield return Near("critic's values and actions", expected.Evaluate(), actual.Evaluate(), tolerance.Value);
        var (truth, found) = (expected.Implicit(TrainingSteps), actual.Implicit(TrainingSteps));
        yield return Near("implicit Q-learning, losses", truth.Losses, found.Losses, tolerance.Value);
        yield return Near("implicit Q-learning, gradients", truth.Gradient, found.Gradient, tolerance.Gradient);
        yield return Near($"{TrainingSteps} steps of it", truth.Parameters, found.Parameters, tolerance.Gradient);
        yield return Near($"{TrainingSteps} steps of softmax Q-learning", expected.Sampled(TrainingSteps), actual.Sampled(TrainingSteps), tolerance.Gradient);
        foreach (var choice in Enum.GetValues<TwinChoice>())
            yield return Near($"∂Q/∂a, {choice.ToString().ToLowerInvariant()} twin", expected.ActionGradient(choice), actual.ActionGradient(choice), tolerance.Gradient);
        yield return Same("implicit Q-learning, repeated", () => actual.Implicit(2).Parameters);
        yield return Hidden("values and actions", actual.EvaluationHidesNaN());
        yield return Hidden("V's loss", actual.ValueHidesNaN());
        yield return Hidden("the twins' loss", actual.TwinsHideNaN());
        yield return Hidden("the policy's loss", actual.PolicyHidesNaN());
        yield return Hidden("softmax Q-learning", actual.SampledHidesNaN());
    }

    // Layers that fill no tile.
    private static IEnumerable<VerificationRow> CompareMlps(VerificationCase problem, MlpActivation activation, VerificationTolerance tolerance, IDevice reference, IDevice device)
    {
        string name = $"MLP with {activation.ToString().ToLowerInvariant()}";
        var shape = new MlpShape(problem.Shape.StateSize + problem.Shape.ActionSize, [problem.Shape.Width, (problem.Shape.Width / 2) + 1], problem.Shape.ActionSize, activation, MlpOutput.Tanh);

        // One unit in a million has its sum so near 0 that rounding says whether ReLU passes it, and a row's slope jumps.
        int rows = activation == MlpActivation.Relu ? Math.Min(problem.Rows, CriticVerificationRun.FewRows) : problem.Rows;
        using var expected = new MlpWorkload(reference, shape, rows);
        using var actual = new MlpWorkload(device, shape, rows);
        yield return Near($"{name}, outputs", expected.Outputs(), actual.Outputs(), tolerance.Value);
        var (truth, found) = (expected.Gradients(), actual.Gradients());
        yield return Near($"{name}, parameters' gradient", truth.Parameters, found.Parameters, tolerance.Gradient);
        yield return Near($"{name}, inputs' gradient", truth.Inputs, found.Inputs, tolerance.Gradient);
        yield return Same($"{name}, repeated", () => actual.Gradients().Parameters);
    }

    private static VerificationRow Near(string check, float[] truth, float[] found, double allowed) => new(string.Empty, check, Distance(truth, found), allowed);

    private static VerificationRow Same(string check, Func<float[]> run) => new(string.Empty, check, Differences(run), 0);

    private static VerificationRow Hidden(string check, int numbers) => new(string.Empty, $"NaN shows, {check}", numbers, 0);

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
