using EDA.Kernels;
using EDA.Tests.Golden;

namespace EDA.Tests.Twin;

/// <summary>The critics' twin against PyTorch, to rounding in float64, and its tape against central differences.</summary>
public class TwinCriticTests
{
    private const double Tolerance = 1e-9;

    public static TheoryData<string> Names => [.. GoldenCritic.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Layout_and_weights_are_pytorchs(string name)
    {
        var golden = GoldenCritic.Load(name);
        var inputs = new CriticInputs(golden.Problem);
        var slices = inputs.Layout.Twin.Slices.Concat(inputs.Layout.Value.Slices).Concat(inputs.Layout.Policy.Slices).ToArray();
        Assert.Equal(golden.Tensors.Select(tensor => tensor.Name), slices.Select(slice => slice.Name));
        Assert.Equal(golden.Tensors.Select(tensor => tensor.Dimensions), slices.Select(slice => slice.Dimensions.ToArray()));
        AssertSquares(golden.Squares.Twin, inputs.Twin);
        AssertSquares(golden.Squares.Value, inputs.Value);
        AssertSquares(golden.Squares.Policy, inputs.Policy);
        AssertSquares(golden.Squares.Target, inputs.Target);

        static void AssertSquares(double expected, float[] weights) =>
            Deviation.AssertClose(expected, weights.Sum(x => (double)x * x), 1e-12, "squares");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void First_step_is_pytorchs(string name)
    {
        var golden = GoldenCritic.Load(name);
        var inputs = new CriticInputs(golden.Problem);
        var twin = new TwinCritic(inputs, inputs.Indices(0));
        var step = golden.Implicit.Steps[0];
        double[] next = twin.NextValues(inputs.Value);
        Deviation.AssertClose(step.NextValue, next.Average(), Tolerance, "V(s')");
        AssertLoss(inputs.Layout.Value, CriticInputs.ValueBase, step.Value, golden.Implicit.Gradients.Value, twin.Value(Deviation.Widen(inputs.Value), inputs.Target), "V");
        AssertLoss(inputs.Layout.Twin, CriticInputs.TwinBase, step.Q, golden.Implicit.Gradients.Twin, twin.Twin(Deviation.Widen(inputs.Twin), next), "Q");

        double[] sampled = twin.NextValues(inputs.Target, inputs.NextActions(0));
        Deviation.AssertClose(golden.Sampled.Steps[0].NextValue, sampled.Average(), Tolerance, "V(s') of samples");
        Deviation.AssertClose(golden.Sampled.Steps[0].Q, twin.Twin(Deviation.Widen(inputs.Twin), sampled).Loss, Tolerance, "Q of samples");

        void AssertLoss(MlpLayout layout, int first, double loss, GoldenArray gradient, (double Loss, double[] Gradient) found, string what)
        {
            Deviation.AssertClose(loss, found.Loss, Tolerance, what + " loss");
            Deviation.AssertSketch(layout.Slices, golden.Seed, first, gradient.Sketch, found.Gradient, Tolerance, what + " gradient");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_cases_take_every_branch(string name)
    {
        var golden = GoldenCritic.Load(name);
        AssertBoth(step => step.Above);
        AssertBoth(step => step.Terminal);
        if (golden.Cap < 2)
            AssertBoth(step => step.Capped);

        void AssertBoth(Func<GoldenImplicitStep, int> rows) =>
            Assert.InRange(golden.Implicit.Steps.Sum(rows), 1, (golden.Rows * golden.Implicit.Steps.Length) - 1);
    }

    [Fact]
    public void Gradients_are_slopes()
    {
        var inputs = new CriticInputs(new CriticProblem("differences", 61, 3, 2, 32, 12, 9, 4));
        var twin = new TwinCritic(inputs, inputs.Indices(0));
        double[] next = twin.NextValues(inputs.Target, inputs.NextActions(0));
        AssertSlope(inputs.Value, parameters => twin.Value(parameters, inputs.Target));
        AssertSlope(inputs.Twin, parameters => twin.Twin(parameters, next));
        AssertSlope(inputs.Policy, parameters => twin.Policy(parameters, inputs.Value, inputs.Target));

        // A step small enough that no unit crosses its kink along the way, for these numbers.
        static void AssertSlope(float[] parameters, Func<double[], (double Loss, double[] Gradient)> loss)
        {
            const double step = 1e-6;
            double[] at = Deviation.Widen(parameters);
            double[] direction = [.. at.Select((_, i) => FormulaNumbers.Uniform(8, i))];
            double expected = loss(at).Gradient.Zip(direction, (g, d) => g * d).Sum();
            double Moved(double distance) => loss([.. at.Select((x, i) => x + (distance * direction[i]))]).Loss;
            Assert.Equal(expected, (Moved(step) - Moved(-step)) / (2 * step), 1e-6 * Math.Max(1, Math.Abs(expected)));
        }
    }
}
