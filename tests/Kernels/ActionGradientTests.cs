using EDA.Kernels;
using EDA.Tests.Golden;
using EDA.Tests.Twin;

namespace EDA.Tests.Kernels;

/// <summary>∂Q/∂a on every device: against the float64 twin, whose own slopes are held to finite differences.</summary>
public class ActionGradientTests
{
    private static readonly Dictionary<string, CriticProblem> Problems = new CriticProblem[]
    {
        new("one of everything", 110, 1, 1, 32, 1, 1, 1),
        new("a tile and one row", 111, 5, 3, 32, 65, 65, 1),
        new("input wider than a panel", 112, 40, 9, 64, 70, 70, 1),
        new("published width", 113, 17, 6, 256, 131, 131, 1),
        new("more than a slab", 114, 3, 2, 32, 4100, 4100, 1),
    }.ToDictionary(problem => problem.Name);

    public static TheoryData<string, string> Cases => TestDevices.WithCpuPrecisions(Problems.Keys);

    public static TheoryData<string> Names => TestDevices.Names;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Slopes_are_the_twins(string deviceName, string name)
    {
        var inputs = new CriticInputs(Problems[name]);
        var (q1, q2, slope1, slope2) = Truth(inputs);

        // Which is smaller is no matter of rounding.
        Assert.All(q1.Zip(q2), pair => Assert.True(Math.Abs(pair.First - pair.Second) > 1e-5));
        using var device = TestDevices.Create(deviceName);
        using var run = new CriticRun(device, inputs);
        int width = inputs.Problem.ActionSize;
        foreach (var choice in Enum.GetValues<TwinChoice>())
        {
            bool[] second = [.. q1.Zip(q2, (a, b) => choice == TwinChoice.Second || (choice == TwinChoice.Smaller && b < a))];
            double[] q = [.. second.Select((which, row) => which ? q2[row] : q1[row])];
            double[] slope = [.. slope1.Zip(slope2, (a, b) => (a, b)).Select((pair, i) => second[i / width] ? pair.b : pair.a)];
            var (found, gradient) = Differentiate(run, run.Target, choice);
            Deviation.AssertClose(q, found, Tolerances.OfPerceptron(deviceName).Density, $"Q, {choice}");
            Deviation.AssertClose(slope, gradient, Tolerances.OfPerceptron(deviceName).Score, $"∂Q/∂a, {choice}");

            // Again, and without Q: the same bits.
            var again = Call(run, run.Target, choice) with { Q = null };
            run.Operations.ActionGradient(again);
            Assert.Equal(gradient, run.Read(again.Gradient));
        }
    }

    [Theory]
    [InlineData("one of everything")]
    [InlineData("a tile and one row")]
    public void The_twins_slopes_are_differences_of_its_values(string name)
    {
        const double Step = 1e-6;
        var inputs = new CriticInputs(Problems[name]);
        var (_, _, slope1, slope2) = Truth(inputs);
        for (int i = 0; i < slope1.Length; i++)
        {
            var (up, down) = (At(Step), At(-Step));
            int row = i / inputs.Problem.ActionSize;
            Assert.Equal((up.First.Values[row] - down.First.Values[row]) / (2 * Step), slope1[i], 1e-7);
            Assert.Equal((up.Second.Values[row] - down.Second.Values[row]) / (2 * Step), slope2[i], 1e-7);

            (Variable First, Variable Second) At(double shift)
            {
                double[] moved = Deviation.Widen(inputs.Actions);
                moved[i] += shift;
                return Both(inputs, Variable.Leaf(inputs.Problem.Count, inputs.Problem.ActionSize, moved));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Of_equal_twins_the_first_counts(string deviceName)
    {
        // The twins differ in their first layers' weights of a feature that is always 0: equal in Q, not in slope.
        var inputs = new CriticInputs(Problems["a tile and one row"]);
        var (first, second) = (inputs.Layout.Twin.Networks[0], inputs.Layout.Twin.Networks[1]);
        float[] equal = [.. inputs.Target];
        int length = equal.Length / 2, width = inputs.Problem.ActionSize, rows = inputs.Problem.Rows;
        Array.Copy(equal, 0, equal, length, length);
        for (int h = 0; h < inputs.Problem.Width; h++)
            equal[second.Layers[0].Weight.Offset + (h * first.Layers[0].Weight.Dimensions[1])] *= -1;
        using var device = TestDevices.Create(deviceName);
        using var run = new CriticRun(device, inputs);
        run.Data.Actions.CopyFrom([.. inputs.Actions.Select((a, i) => i % width == 0 ? 0 : a)]);
        var twin = run.Upload(equal);
        var (q1, slope1) = Differentiate(run, twin, TwinChoice.First);
        var (q2, slope2) = Differentiate(run, twin, TwinChoice.Second);
        var (q, slope) = Differentiate(run, twin, TwinChoice.Smaller);
        Assert.Equal(q1, q2);
        Assert.NotEqual(slope1, slope2);
        Assert.Equal(q1, q);
        if (TestDevices.IsOwn(deviceName))
            Assert.Equal(slope1, slope);
        Deviation.AssertClose(Deviation.Widen(slope1), slope, Tolerances.SameNumbers, "slope");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_twin_without_a_say_is_not_looked_at_and_one_that_is_no_number_shows(string deviceName)
    {
        var inputs = new CriticInputs(Problems["a tile and one row"]);
        using var device = TestDevices.Create(deviceName);
        using var run = new CriticRun(device, inputs);
        foreach (int sick in new[] { 0, 1 })
        {
            foreach (float value in new[] { float.NaN, float.PositiveInfinity })
            {
                float[] weights = [.. inputs.Target];
                weights[inputs.Layout.Twin.Networks[sick].Layers[2].Bias.Offset] = value;
                var twin = run.Upload(weights);
                var (healthy, choice) = sick == 0 ? (TwinChoice.Second, TwinChoice.First) : (TwinChoice.First, TwinChoice.Second);
                var expected = Differentiate(run, run.Target, healthy);
                var found = Differentiate(run, twin, healthy);
                Assert.Equal(expected.Q, found.Q);
                Assert.Equal(expected.Gradient, found.Gradient);
                Assert.All(Differentiate(run, twin, choice).Q, q => Assert.False(float.IsFinite(q)));
                var smaller = Differentiate(run, twin, TwinChoice.Smaller);
                if (float.IsNaN(value))
                    Assert.All(smaller.Q, q => Assert.True(float.IsNaN(q)));
                else
                    Assert.Equal(expected.Q, smaller.Q);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_does_not_fit_is_refused(string deviceName)
    {
        var inputs = new CriticInputs(Problems["a tile and one row"]);
        using var device = TestDevices.Create(deviceName);
        using var run = new CriticRun(device, inputs);
        var call = Call(run, run.Target, TwinChoice.Smaller);
        Assert.Throws<ArgumentOutOfRangeException>(() => run.Operations.ActionGradient(call with { Rows = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => run.Operations.ActionGradient(call with { Choice = (TwinChoice)3 }));
        Assert.Throws<ArgumentException>(() => run.Operations.ActionGradient(call with { Rows = inputs.Problem.Rows + 1 }));
        Assert.Throws<ArgumentException>(() => run.Operations.ActionGradient(call with { Twin = run.Value.Parameters }));
        Assert.Throws<ArgumentException>(() => run.Operations.ActionGradient(call with { Q = call.Q!.Slice(0, call.Rows - 1) }));
        Assert.Throws<ArgumentException>(() => run.Operations.ActionGradient(call with { Gradient = call.Gradient.Slice(0, call.Gradient.Length - 1) }));
        Assert.All(run.Read(call.Gradient), value => Assert.True(float.IsNaN(value)));
        run.Operations.Dispose();
        Assert.Throws<ObjectDisposedException>(() => run.Operations.ActionGradient(call));
    }

    private static (Variable First, Variable Second) Both(CriticInputs inputs, Variable actions) => new TwinCritic(inputs, [.. Enumerable.Range(0, inputs.Problem.Count)])
        .Both(inputs.Target, Variable.Leaf(inputs.Problem.Count, inputs.Problem.StateSize, inputs.States), actions);

    private static (double[] Q1, double[] Q2, double[] Slope1, double[] Slope2) Truth(CriticInputs inputs)
    {
        var actions = Variable.Leaf(inputs.Problem.Count, inputs.Problem.ActionSize, inputs.Actions);
        var (first, second) = Both(inputs, actions);
        return (first.Values, second.Values, Slope(first), Slope(second));

        double[] Slope(Variable q) => Differentiation.Gradient(Matrices.Sum(q), actions)[0].Values;
    }

    private static (float[] Q, float[] Gradient) Differentiate(CriticRun run, DeviceArray<float> twin, TwinChoice choice)
    {
        var call = Call(run, twin, choice);
        run.Operations.ActionGradient(call);
        return (run.Read(call.Q!), run.Read(call.Gradient));
    }

    private static ActionGradientCall Call(CriticRun run, DeviceArray<float> twin, TwinChoice choice) => new()
    {
        Twin = twin,
        States = run.Data.States,
        Actions = run.Data.Actions,
        Rows = run.Inputs.Problem.Rows,
        Choice = choice,
        Gradient = run.Upload([.. run.Inputs.Actions.Select(_ => float.NaN)]),
        Q = run.Upload([.. Enumerable.Repeat(float.NaN, run.Inputs.Problem.Rows)]),
    };
}
