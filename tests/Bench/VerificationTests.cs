using System.Reflection;
using EDA.Bench.Verification;
using EDA.Kernels;
using EDA.Tests.Kernels;

namespace EDA.Tests.Bench;

[Trait("speed", "slow")]
public class VerificationTests
{
    [Fact]
    public void The_stand_in_computes_what_the_cpu_does()
    {
        using var device = TestDevices.Create("software");
        using var words = new StringWriter();
        var table = VerificationTable.Run(device, [new VerificationCase("tiny", new BdmShape(2, 1, 32, 1), 5, 2, 3)], words);
        Assert.True(table.Passed, words.ToString());
        Assert.Equal("fp32", table.Precision);
        // Nothing is exactly alike but what is counted in bits: the two are different programs.
        Assert.Contains(table.Checks, check => check is { Check: "denoising, gradient", Error: > 0 });
        Assert.Equal(0, table.Checks.Single(check => check.Check == "denoising, repeated").Error);
        Assert.Equal(8, table.Checks.Count(check => check.Check.StartsWith("NaN shows", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_number_too_far_away_or_none_at_all_fails()
    {
        Assert.True(new VerificationRow("a", "b", 1e-5, 1e-4).Passed);
        Assert.False(new VerificationRow("a", "b", 2e-4, 1e-4).Passed);
        Assert.False(new VerificationRow("a", "b", null, 1e-4).Passed);
        Assert.False(new VerificationTable("d", "fp32", "cpu", [new VerificationRow("a", "b", 0, 0), new VerificationRow("a", "c", 1, 0)]).Passed);
        Assert.False(new VerificationTable("d", "fp32", "cpu", []).Passed);
    }

    [Fact]
    public void A_device_that_is_wrong_somewhere_fails_there()
    {
        using var device = new ShiftedDevice(TestDevices.Create("software"));
        using var words = new StringWriter();
        var table = VerificationTable.Run(device, [new VerificationCase("tiny", new BdmShape(0, 2, 32, 1), 5, 2, 3)], words);
        Assert.False(table.Passed);
        Assert.Equal(["batch"], table.Checks.Where(check => !check.Passed).Select(check => check.Check));
        Assert.Contains("FAILED", words.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_that_hides_NaN_fails_where_it_does()
    {
        using var device = new HidingDevice(TestDevices.Create("software"));
        using var words = new StringWriter();
        var table = VerificationTable.Run(device, [new VerificationCase("tiny", new BdmShape(2, 1, 32, 1), 5, 2, 3)], words);
        Assert.Equal(
            [
                ("NaN shows, denoising", 1), ("NaN shows, alignment by value", 3), ("NaN shows, alignment by preference", 3),
                ("NaN shows, V's loss", 6), ("NaN shows, the twins' loss", 6), ("NaN shows, the policy's loss", 8), ("NaN shows, softmax Q-learning", 8),
            ],
            table.Checks.Where(check => !check.Passed).Select(check => (check.Check, (int)check.Error!)));
    }

    // Draws normals from the step after the one it was asked for.
    private sealed class ShiftedDevice(IDevice inner) : ForwardingDevice(inner), IVectorOperations
    {
        public override IVectorOperations Vector => this;

        public void FillIndices(in FillIndicesCall call) => Inner.Vector.FillIndices(call);

        public void FillNormal(in FillNormalCall call) => Inner.Vector.FillNormal(call with { Draw = call.Draw with { Step = call.Draw.Step + 1 } });

        public void Gather(in GatherCall call) => Inner.Vector.Gather(call);

        public void Adam(in AdamCall call) => Inner.Vector.Adam(call);

        public void PolyakAverage(in PolyakAverageCall call) => Inner.Vector.PolyakAverage(call);

        public void Clip(in ClipCall call) => Inner.Vector.Clip(call);
    }

    private sealed class HidingDevice(IDevice inner) : ForwardingDevice(inner)
    {
        public override IBdmOperations CreateBdm(BdmShape shape, VarianceSchedule schedule, int models = 1) => LossHider.Around(Inner.CreateBdm(shape, schedule, models));

        public override ICriticOperations CreateCritic(CriticShape shape) => LossHider.Around(Inner.CreateCritic(shape));
    }

    private class ForwardingDevice(IDevice inner) : IDevice
    {
        public string Name => Inner.Name;

        public virtual IVectorOperations Vector => Inner.Vector;

        protected IDevice Inner => inner;

        public DeviceArray<T> Allocate<T>(long length)
            where T : unmanaged => inner.Allocate<T>(length);

        public virtual IBdmOperations CreateBdm(BdmShape shape, VarianceSchedule schedule, int models = 1) => inner.CreateBdm(shape, schedule, models);

        public virtual ICriticOperations CreateCritic(CriticShape shape) => inner.CreateCritic(shape);

        public IMlpOperations CreateMlp(MlpShape shape, int models = 1) => inner.CreateMlp(shape, models);

        public void Synchronize() => inner.Synchronize();

        public void Dispose() => inner.Dispose();
    }
}

/// <summary>Operations whose losses are 0 where they should be NaN.</summary>
public class LossHider : DispatchProxy
{
    private object? _inner;

    /// <summary>Makes such operations of others.</summary>
    public static T Around<T>(T inner)
        where T : class
    {
        var proxy = Create<T, LossHider>();
        ((LossHider)(object)proxy)._inner = inner;
        return proxy;
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        object? result = targetMethod!.Invoke(_inner, args);
        if (targetMethod.Name.EndsWith("Step", StringComparison.Ordinal) && LossesOf(args![0]!) is { } losses)
            losses.CopyFrom([.. losses.ToArray().Select(loss => float.IsNaN(loss) ? 0 : loss)]);
        return result;
    }

    private static DeviceArray<float>? LossesOf(object call) =>
        (call.GetType().GetProperty("Losses") ?? call.GetType().GetProperty("Loss"))?.GetValue(call) as DeviceArray<float>;
}
