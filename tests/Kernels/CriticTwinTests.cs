using EDA.Kernels;
using EDA.Tests.Golden;
using EDA.Tests.Twin;

namespace EDA.Tests.Kernels;

/// <summary>Every device's losses and gradients of V, Q and the policy against the float64 twin, at odd sizes.</summary>
public class CriticTwinTests
{
    private static readonly Dictionary<string, CriticProblem> Problems = new CriticProblem[]
    {
        new("one of everything", 70, 1, 1, 32, 1, 1, 1),
        new("a panel and one row", 71, 5, 3, 32, 50, 33, 2, Expectile: 0.9f, Temperature: 10),
        new("input wider than a panel", 72, 40, 9, 64, 30, 70, 3, Cap: 1.1f, Temperature: 0.5f),
        new("input of exactly a panel", 73, 24, 8, 96, 30, 31, 16, InverseTemperature: 20),
        new("published width", 74, 17, 6, 256, 200, 130, 5),
    }.ToDictionary(problem => problem.Name);

    public static TheoryData<string, string> Cases => TestDevices.WithCpuPrecisions(Problems.Keys);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Implicit_step_is_the_twins(string deviceName, string name)
    {
        var inputs = new CriticInputs(Problems[name]);
        var twin = new TwinCritic(inputs, inputs.Indices(0));
        using var device = TestDevices.Create(deviceName);
        using var run = new CriticRun(device, inputs);
        float[] losses = run.ImplicitStep(run.Given(0), 0);
        double[] next = twin.NextValues(inputs.Value);
        AssertStep(deviceName, inputs.Layout.Value, twin.Value(Deviation.Widen(inputs.Value), inputs.Target), losses[CriticLosses.Value], run.Read(run.Value.Gradient!), "V");
        AssertStep(deviceName, inputs.Layout.Twin, twin.Twin(Deviation.Widen(inputs.Twin), next), losses[CriticLosses.Q], run.Read(run.Twin.Gradient!), "Q");
        Assert.Equal(next.Average(), losses[CriticLosses.NextValue], Math.Max(1e-5, Tolerances.OfPerceptron(deviceName).Density));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Sampled_step_is_the_twins(string deviceName, string name)
    {
        var inputs = new CriticInputs(Problems[name]);
        var twin = new TwinCritic(inputs, inputs.Indices(0));
        using var device = TestDevices.Create(deviceName);
        using var run = new CriticRun(device, inputs);
        float[] losses = run.SampledStep(run.Given(0), inputs.NextActions(0), 0);
        double[] next = twin.NextValues(inputs.Target, inputs.NextActions(0));
        AssertStep(deviceName, inputs.Layout.Twin, twin.Twin(Deviation.Widen(inputs.Twin), next), losses[CriticLosses.Q], run.Read(run.Twin.Gradient!), "Q");
        Assert.Equal(next.Average(), losses[CriticLosses.NextValue], Math.Max(1e-5, Tolerances.OfPerceptron(deviceName).Density));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Policy_step_is_the_twins(string deviceName, string name)
    {
        var inputs = new CriticInputs(Problems[name]);
        var twin = new TwinCritic(inputs, inputs.Indices(0));
        using var device = TestDevices.Create(deviceName);
        using var run = new CriticRun(device, inputs);
        float loss = run.PolicyStep(run.Given(0), 0);
        AssertStep(deviceName, inputs.Layout.Policy, twin.Policy(Deviation.Widen(inputs.Policy), inputs.Value, inputs.Target), loss, run.Read(run.Policy.Gradient!), "policy");
    }

    [Theory]
    [MemberData(nameof(TestDevices.Names), MemberType = typeof(TestDevices))]
    public void Networks_may_stand_anywhere(string deviceName)
    {
        var inputs = new CriticInputs(new CriticProblem("anywhere", 76, 5, 3, 64, 40, 33, 2));
        using var device = TestDevices.Create(deviceName);
        var expected = Run(0);
        foreach (int before in (int[])[1, 2, 4])
            Assert.All(Run(before), each => Assert.Equal(expected[each.Key], each.Value));

        Dictionary<string, float[]> Run(int before)
        {
            using var run = new CriticRun(device, inputs, before: before);
            run.ImplicitStep(run.Given(0), 0);
            run.PolicyStep(run.Given(1), 0);
            run.SampledStep(run.Given(2), inputs.NextActions(2), 1);
            return new(run.Everything()) { ["q"] = run.MinimumQ(), ["v"] = run.Values(), ["actions"] = run.Actions() };
        }
    }

    [Theory]
    [MemberData(nameof(TestDevices.Names), MemberType = typeof(TestDevices))]
    public void A_terminal_row_has_no_future(string deviceName)
    {
        var inputs = new CriticInputs(new CriticProblem("terminal", 75, 4, 2, 32, 8, 8, 2));
        Array.Fill(inputs.Terminals, 1f);
        using var device = TestDevices.Create(deviceName);
        float[] Gradient(float shift)
        {
            using var run = new CriticRun(device, inputs);
            run.Data.NextStates.CopyFrom([.. inputs.NextStates.Select(x => x + shift)]);
            run.ImplicitStep(run.Given(0), 0);
            return run.Read(run.Twin.Gradient!);
        }

        float[] here = Gradient(0);
        Assert.Equal(here, Gradient(3));
        Array.Fill(inputs.Terminals, 0f);
        Assert.NotEqual(here, Gradient(0));
    }

    [Theory]
    [MemberData(nameof(TestDevices.Names), MemberType = typeof(TestDevices))]
    public void The_target_goes_its_share_of_the_way(string deviceName)
    {
        var inputs = new CriticInputs(new CriticProblem("share", 76, 4, 2, 32, 8, 8, 2));
        using var device = TestDevices.Create(deviceName);
        float[] Target(float rate, out float[] twin)
        {
            using var run = new CriticRun(device, inputs, targetRate: rate);
            run.ImplicitStep(run.Given(0), 0);
            twin = run.Read(run.Twin.Parameters);
            return run.Read(run.Target);
        }

        Assert.Equal(inputs.Target, Target(0, out _));
        float[] whole = Target(1, out float[] moved);
        float[] quarter = Target(0.25f, out _);
        for (int i = 0; i < moved.Length; i++)
        {
            Assert.Equal(moved[i], whole[i], 1e-6f);
            Assert.Equal(inputs.Target[i] + (0.25f * (moved[i] - inputs.Target[i])), quarter[i], 1e-6f);
        }
    }

    [Theory]
    [MemberData(nameof(TestDevices.Names), MemberType = typeof(TestDevices))]
    public void A_weight_that_is_no_number_shows_in_the_losses(string deviceName)
    {
        var inputs = new CriticInputs(new CriticProblem("no number", 77, 4, 2, 32, 8, 8, 2));
        using var device = TestDevices.Create(deviceName);
        foreach (int place in new[] { inputs.Layout.Value.Networks[0].Layers[0].Weight.Offset, inputs.Layout.Value.Networks[0].Layers[1].Bias.Offset })
        {
            using var run = new CriticRun(device, inputs);
            run.Value.Parameters.CopyFrom([float.NaN], place);
            float[] losses = run.ImplicitStep(run.Given(0), 0);
            Assert.All(losses, loss => Assert.True(float.IsNaN(loss)));
        }
    }

    private static void AssertStep(string deviceName, MlpLayout layout, (double Loss, double[] Gradient) truth, float loss, float[] gradient, string what)
    {
        Deviation.AssertClose(truth.Loss, loss, Tolerances.OfPerceptron(deviceName).Loss, what + " loss");
        Deviation.AssertGradient(layout.Slices, truth.Gradient, gradient, Tolerances.OfPerceptron(deviceName).Gradient, what + " gradient");
    }
}
