using EDA.Kernels;
using EDA.Tests.Kernels;

namespace EDA.Tests.Golden;

/// <summary>Every device's critic steps against PyTorch's in float64: losses, gradients, and where six steps lead.</summary>
public class CriticGoldenTests
{
    /// <summary>
    /// Of where six steps of Adam lead, relative in norm. Adam divides by the gradient's own size, so parameters whose
    /// gradient is rounding noise move by noise.
    /// </summary>
    private const double Moved = 2e-4;

    /// <summary>Of a loss after steps have been taken.</summary>
    private const double LaterLoss = 5e-5;

    public static TheoryData<string, string> Cases => TestDevices.With(GoldenCritic.Names);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Evaluations_are_pytorchs(string deviceName, string name)
    {
        var golden = GoldenCritic.Load(name);
        using var device = TestDevices.Create(deviceName);
        using var run = new CriticRun(device, new CriticInputs(golden.Problem));
        Deviation.AssertClose(golden.MinimumQ, run.MinimumQ(), Tolerances.Density, "min Q");
        Deviation.AssertClose(golden.Values, run.Values(), Tolerances.Density, "V");
        Deviation.AssertClose(golden.Actions, run.Actions(), Tolerances.Density, "policy");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Implicit_steps_are_pytorchs(string deviceName, string name)
    {
        var golden = GoldenCritic.Load(name);
        var inputs = new CriticInputs(golden.Problem);
        using var device = TestDevices.Create(deviceName);
        using var run = new CriticRun(device, inputs, golden.LearningRate, golden.TargetRate);
        for (int step = 0; step < golden.Implicit.Steps.Length; step++)
        {
            var truth = golden.Implicit.Steps[step];
            var batch = run.Given(step);
            float[] losses = run.ImplicitStep(batch, step);
            float policy = run.PolicyStep(batch, step);
            double tolerance = step == 0 ? Tolerances.Loss : LaterLoss;
            Deviation.AssertClose(truth.Q, losses[CriticLosses.Q], tolerance, $"Q loss {step}");
            Deviation.AssertClose(truth.Value, losses[CriticLosses.Value], tolerance, $"V loss {step}");
            Assert.Equal(truth.NextValue, losses[CriticLosses.NextValue], tolerance);
            Deviation.AssertClose(truth.Policy, policy, LaterLoss, $"policy loss {step}");
            if (step > 0)
                continue;
            var gradients = golden.Implicit.Gradients;
            AssertArray(inputs, inputs.Layout.Twin, CriticInputs.TwinBase, gradients.Twin, run.Read(run.Twin.Gradient!), Tolerances.Gradient, "Q gradient");
            AssertArray(inputs, inputs.Layout.Value, CriticInputs.ValueBase, gradients.Value, run.Read(run.Value.Gradient!), Tolerances.Gradient, "V gradient");
            AssertArray(inputs, inputs.Layout.Policy, CriticInputs.PolicyBase, gradients.Policy, run.Read(run.Policy.Gradient!), Tolerances.Gradient, "policy gradient");
        }

        var moved = golden.Implicit.Moved;
        AssertMoved(run, inputs.Layout.Twin, CriticInputs.TwinBase, moved.Twin, inputs.Twin, run.Twin.Parameters, "Q");
        AssertMoved(run, inputs.Layout.Value, CriticInputs.ValueBase, moved.Value, inputs.Value, run.Value.Parameters, "V");
        AssertMoved(run, inputs.Layout.Policy, CriticInputs.PolicyBase, moved.Policy, inputs.Policy, run.Policy.Parameters, "policy");
        AssertMoved(run, inputs.Layout.Twin, CriticInputs.TargetBase, moved.Target, inputs.Target, run.Target, "target");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Sampled_steps_are_pytorchs(string deviceName, string name)
    {
        var golden = GoldenCritic.Load(name);
        var inputs = new CriticInputs(golden.Problem);
        using var device = TestDevices.Create(deviceName);
        using var run = new CriticRun(device, inputs, golden.LearningRate, golden.TargetRate);
        for (int step = 0; step < golden.Sampled.Steps.Length; step++)
        {
            var truth = golden.Sampled.Steps[step];
            float[] losses = run.SampledStep(run.Given(step), inputs.NextActions(step), step);
            Deviation.AssertClose(truth.Q, losses[CriticLosses.Q], LaterLoss, $"Q loss {step}");
            Assert.Equal(truth.NextValue, losses[CriticLosses.NextValue], LaterLoss);
        }

        var moved = golden.Sampled.Moved;
        AssertMoved(run, inputs.Layout.Twin, CriticInputs.TwinBase, moved.Twin, inputs.Twin, run.Twin.Parameters, "Q");
        AssertMoved(run, inputs.Layout.Twin, CriticInputs.TargetBase, moved.Target, inputs.Target, run.Target, "target");
    }

    private static void AssertMoved(CriticRun run, MlpLayout layout, int first, GoldenArray truth, float[] before, DeviceArray<float> array, string what)
    {
        float[] after = run.Read(array);

        // The parameters' own rounding, at magnitude 1, is 6e-8 of a way of about 2e-3, and the targets' of 1e-3.
        AssertArray(run.Inputs, layout, first, truth, [.. after.Zip(before, (a, b) => a - b)], Moved, what + " moved");
    }

    private static void AssertArray(CriticInputs inputs, MlpLayout layout, int first, GoldenArray truth, float[] found, double tolerance, string what)
    {
        Deviation.AssertSketch(layout.Slices, inputs.Problem.Seed, first, truth.Sketch, Deviation.Widen(found), tolerance, what);
        if (truth.WholeValues is { } whole)
            Deviation.AssertGradient(layout.Slices, whole, found, tolerance, what);
    }
}
