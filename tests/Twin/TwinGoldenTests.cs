using EDA.Kernels;
using EDA.Tests.Golden;

namespace EDA.Tests.Twin;

/// <summary>The twin and PyTorch are two programs for one formula: in float64 they agree to rounding.</summary>
[Trait("speed", "slow")]
public class TwinGoldenTests
{
    private const double Tolerance = 1e-9;

    public static TheoryData<string> Networks => [.. GoldenFiles.Networks];

    [Theory]
    [MemberData(nameof(Networks))]
    public void Layout_holds_the_published_tensors_in_order(string name)
    {
        var golden = GoldenFiles.Network(name);
        var layout = new BdmLayout(golden.Problem.Shape);
        Assert.Equal(golden.Tensors.Select(tensor => tensor.Name), layout.Slices.Select(slice => slice.Name));
        Assert.Equal(golden.Tensors.Select(tensor => tensor.Dimensions), layout.Slices.Select(slice => slice.Dimensions.ToArray()));
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void Weights_are_made_again_from_the_formula(string name)
    {
        var golden = GoldenFiles.Network(name);
        var inputs = new BdmInputs(golden.Problem);
        Deviation.AssertClose(golden.BehaviorSquares, inputs.Behavior.Sum(x => (double)x * x), 1e-12, "squares of φ");
        Deviation.AssertClose(golden.PolicySquares, inputs.Policy.Sum(x => (double)x * x), 1e-12, "squares of θ");
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void Density_and_score_are_pytorchs(string name)
    {
        var golden = GoldenFiles.Network(name);
        var inputs = new BdmInputs(golden.Problem);
        var twin = new TwinOperations(golden.Problem.Shape);
        Deviation.AssertClose(golden.Density, twin.Density(inputs.Behavior, inputs.Diffused, inputs.Times, inputs.States), Tolerance, "f");
        Deviation.AssertClose(
            golden.Score,
            twin.Score(inputs.Behavior, Deviation.Widen(inputs.Diffused), inputs.Times, inputs.States),
            Tolerance,
            "score");
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void Denoising_loss_and_gradient_are_pytorchs(string name)
    {
        var golden = GoldenFiles.Network(name);
        var inputs = new BdmInputs(golden.Problem);
        var twin = new TwinOperations(golden.Problem.Shape);
        double[] parameters = Deviation.Widen(inputs.Behavior);
        var plain = twin.DenoisingStep(parameters, inputs.Actions, inputs.Times, inputs.Noise, inputs.States);
        AssertStep(inputs, golden.Denoising.Loss, golden.Denoising.Gradient, plain, "denoising");
        var dropped = twin.DenoisingStep(
            parameters, inputs.Actions, inputs.Times, inputs.Noise, inputs.States, inputs.Mask, golden.DropoutRate);
        AssertStep(inputs, golden.DenoisingWithDropout.Loss, golden.DenoisingWithDropout.Gradient, dropped, "denoising with dropout");
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void Gaps_and_alignment_are_pytorchs(string name)
    {
        var golden = GoldenFiles.Network(name);
        var inputs = new BdmInputs(golden.Problem);
        var twin = new TwinOperations(golden.Problem.Shape);
        int k = golden.CandidateCount;
        Deviation.AssertClose(
            golden.Gaps,
            twin.Gaps(inputs.Policy, inputs.Behavior, inputs.Candidates, inputs.GapTimes, inputs.GapNoise, inputs.GapStates, k),
            Tolerance,
            "gaps");
        foreach (var step in golden.Alignment)
        {
            var objective = new AlignmentObjective(Enum.Parse<AlignmentLoss>(step.Objective), step.Temperature, step.LabelScale);
            var found = twin.AlignmentStep(
                Deviation.Widen(inputs.Policy), inputs.Behavior, inputs.Candidates, inputs.Labels, inputs.GapTimes, inputs.GapNoise, inputs.GapStates, k, objective);
            AssertStep(inputs, step.Loss, step.Gradient, found, step.Objective);
        }
    }

    [Fact]
    public void Objectives_are_pytorchs()
    {
        foreach (var golden in GoldenFiles.Objectives())
        {
            var inputs = new ObjectiveInputs(golden);
            var (loss, gradient) = TwinObjective.Step(inputs.Objective, inputs.Gaps, inputs.Labels, golden.CandidateCount);
            Deviation.AssertClose(golden.Loss, loss, Tolerance, $"loss {golden.Seed}");
            Deviation.AssertClose(golden.GapsGradient, gradient, Tolerance, $"gradient {golden.Seed}");
        }
    }

    private static void AssertStep(
        BdmInputs inputs, double loss, GoldenSketch[] gradient, (double Loss, double[] Gradient) found, string what)
    {
        Deviation.AssertClose(loss, found.Loss, Tolerance, what + " loss");
        Deviation.AssertSketch(inputs, gradient, found.Gradient, Tolerance, what + " gradient");
    }
}
