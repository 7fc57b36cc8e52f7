using EDA.Kernels;
using EDA.Tests.Golden;

namespace EDA.Tests.Twin;

/// <summary>The twin's tape against central differences, which know nothing of derivatives.</summary>
public class TwinDifferenceTests
{
    private static readonly BdmProblem Problem = new("differences", 11, 3, 2, 32, 2, 5, 3, 4);

    /// <summary>With h = 1e-5 the error is h² times a third derivative, or 1e-16/h by rounding: both about 1e-10.</summary>
    private const double Step = 1e-5;

    [Fact]
    public void Score_is_the_slope_of_the_density()
    {
        var inputs = new BdmInputs(Problem);
        var twin = new TwinOperations(Problem.Shape);
        double[] score = twin.Score(inputs.Behavior, Deviation.Widen(inputs.Diffused), inputs.Times, inputs.States);
        for (int i = 0; i < score.Length; i++)
        {
            double slope = (DensitySum(i, Step) - DensitySum(i, -Step)) / (2 * Step);
            Assert.Equal(-TwinSchedule.Sigma(inputs.Times[i / Problem.ActionSize]) * slope, score[i], 1e-7);
        }

        double DensitySum(int element, double shift)
        {
            double[] moved = Deviation.Widen(inputs.Diffused);
            moved[element] += shift;
            var network = new TwinNetwork(Problem.Shape, inputs.Behavior);
            return network.Density(Variable.Leaf(Problem.Rows, Problem.ActionSize, moved), inputs.Times, inputs.States).Values.Sum();
        }
    }

    [Fact]
    public void Denoising_gradient_is_the_slope_of_the_loss()
    {
        var inputs = new BdmInputs(Problem);
        var twin = new TwinOperations(Problem.Shape);
        AssertSlopes(
            inputs,
            inputs.Behavior,
            parameters => twin.DenoisingLoss(parameters, inputs.Actions, inputs.Times, inputs.Noise, inputs.States, inputs.Mask, 0.1),
            twin.DenoisingStep(
                Deviation.Widen(inputs.Behavior), inputs.Actions, inputs.Times, inputs.Noise, inputs.States, inputs.Mask, 0.1).Gradient);
    }

    [Theory]
    [InlineData(AlignmentLoss.Value)]
    [InlineData(AlignmentLoss.Preference)]
    public void Alignment_gradient_is_the_slope_of_the_loss(AlignmentLoss loss)
    {
        var inputs = new BdmInputs(Problem);
        var twin = new TwinOperations(Problem.Shape);
        AssertSlopes(inputs, inputs.Policy, parameters => At(parameters).Loss, At(Deviation.Widen(inputs.Policy)).Gradient);

        (double Loss, double[] Gradient) At(double[] parameters) => twin.AlignmentStep(
            parameters, inputs.Behavior, inputs.Candidates, inputs.Labels, inputs.GapTimes, inputs.GapNoise, inputs.GapStates, Problem.CandidateCount, new AlignmentObjective(loss, 1, 3));
    }

    /// <summary>Two entries of every tensor, and one random direction through all that move.</summary>
    private static void AssertSlopes(BdmInputs inputs, float[] parameters, Func<double[], double> loss, double[] gradient)
    {
        var direction = new double[gradient.Length];
        double along = 0;
        foreach (var slice in inputs.Layout.Slices.Where(slice => slice.Name != "embed.0.W"))
        {
            for (int i = 0; i < slice.Length; i++)
            {
                direction[slice.Offset + i] = FormulaNumbers.Uniform(7, slice.Offset + i);
                along += direction[slice.Offset + i] * gradient[slice.Offset + i];
            }

            foreach (int i in new[] { slice.Offset, slice.Offset + (slice.Length * 2 / 3) })
            {
                var unit = new double[gradient.Length];
                unit[i] = 1;
                AssertSlope(unit, gradient[i], $"{slice.Name}, element {i - slice.Offset}");
            }
        }

        AssertSlope(direction, along, "a random direction");

        void AssertSlope(double[] direction, double expected, string what)
        {
            double slope = (loss(Moved(Step)) - loss(Moved(-Step))) / (2 * Step);
            Assert.True(Math.Abs(slope - expected) <= 1e-7 * Math.Max(1, Math.Abs(expected)), $"{what}: tape {expected:G9}, differences {slope:G9}");

            double[] Moved(double distance) => [.. parameters.Select((x, i) => x + (distance * direction[i]))];
        }
    }
}
