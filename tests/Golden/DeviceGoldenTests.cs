using EDA.Kernels;
using EDA.Tests.Kernels;

namespace EDA.Tests.Golden;

/// <summary>Every device against what PyTorch found in float64.</summary>
[Trait("speed", "slow")]
public class DeviceGoldenTests
{
    public static TheoryData<string, string> Networks => TestDevices.WithPrecisions(GoldenFiles.Networks, GoldenFiles.Networks);

    [Theory]
    [MemberData(nameof(Networks))]
    public void Density_and_score_are_pytorchs(string deviceName, string name)
    {
        var golden = GoldenFiles.Network(name);
        using var device = TestDevices.Create(deviceName);
        using var run = new BdmRun(device, new BdmInputs(golden.Problem));
        Deviation.AssertClose(golden.Density, run.Density(), Tolerances.Of(deviceName).Density, "f");
        Deviation.AssertClose(golden.Score, run.Score(), Tolerances.Of(deviceName).Score, "score");
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void Denoising_step_is_pytorchs(string deviceName, string name)
    {
        var golden = GoldenFiles.Network(name);
        using var device = TestDevices.Create(deviceName);
        using var run = new BdmRun(device, new BdmInputs(golden.Problem));
        AssertStep(deviceName, run.Inputs, golden.Denoising, run.DenoisingStep(run.GivenDenoising(dropout: false)), "denoising");
        AssertStep(deviceName, run.Inputs, golden.DenoisingWithDropout, run.DenoisingStep(run.GivenDenoising(dropout: true)), "denoising with dropout");
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void Gaps_and_alignment_step_are_pytorchs(string deviceName, string name)
    {
        var golden = GoldenFiles.Network(name);
        using var device = TestDevices.Create(deviceName);
        using var run = new BdmRun(device, new BdmInputs(golden.Problem));
        var draws = run.GivenGaps();
        Deviation.AssertClose(golden.Gaps, run.Gaps(draws), Tolerances.Of(deviceName).Density * GapCancellation, "gaps");
        foreach (var step in golden.Alignment)
        {
            var objective = new AlignmentObjective(Enum.Parse<AlignmentLoss>(step.Objective), step.Temperature, step.LabelScale);
            var truth = new GoldenStep(step.Loss, step.Gradient, step.Whole);
            AssertStep(deviceName, run.Inputs, truth, run.AlignmentStep(objective, draws), step.Objective);
        }
    }

    [Theory]
    [MemberData(nameof(TestDevices.Names), MemberType = typeof(TestDevices))]
    public void Objectives_are_pytorchs(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var operations = device.CreateBdm(new BdmShape(0, 1, 32, 1), VarianceSchedule.Published);
        foreach (var golden in GoldenFiles.Objectives())
        {
            var inputs = new ObjectiveInputs(golden);
            using var gaps = device.Upload<float>(inputs.Gaps);
            using var labels = device.Upload<float>(inputs.Labels);
            using var gradient = device.Allocate<float>(inputs.Gaps.Length);
            using var loss = device.Allocate<float>(1);
            operations.Objective(new()
            {
                Objective = inputs.Objective,
                Gaps = gaps,
                Labels = labels,
                StateCount = golden.StateCount,
                CandidateCount = golden.CandidateCount,
                GapsGradient = gradient,
                Loss = loss,
            });
            device.Synchronize();
            Deviation.AssertClose(golden.Loss, loss.ToArray()[0], Tolerances.Loss, $"loss {golden.Seed}");
            Deviation.AssertClose(golden.GapsGradient, gradient.ToArray(), Tolerances.Score, $"gradient {golden.Seed}");
        }
    }

    /// <summary>A gap is the difference of two densities a few times its size.</summary>
    private const double GapCancellation = 4;

    private static void AssertStep(string deviceName, BdmInputs inputs, GoldenStep truth, (float Loss, float[] Gradient) found, string what)
    {
        var tolerances = Tolerances.Of(deviceName);
        Deviation.AssertClose(truth.Loss, found.Loss, tolerances.Loss, what + " loss");
        Deviation.AssertSketch(inputs, truth.Gradient, Deviation.Widen(found.Gradient), tolerances.Gradient, what + " gradient");
        if (truth.WholeGradient is { } whole)
            Deviation.AssertGradient(inputs.Layout, whole, found.Gradient, tolerances.Gradient, what + " gradient");
    }
}
