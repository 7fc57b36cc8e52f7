using EDA.Kernels;

namespace EDA.Bench.Profiling;

/// <summary>The critics' operations, each timed. FLOP are those of the matrices, bytes those of the arguments, each array once.</summary>
internal sealed class TimedCriticOperations(ICriticOperations inner, OperationTimer timer) : ICriticOperations
{
    public CriticShape Shape => inner.Shape;

    public CriticLayout Layout => inner.Layout;

    // A row of a batch out of the dataset.
    private double Row => (2 * Shape.StateSize) + Shape.ActionSize + 2;

    public void ImplicitStep(
        in TransitionBatch batch, in ImplicitBackup backup, in TrainedArrays value, in TrainedArrays twin, DeviceArray<float> target, in CriticUpdate update, DeviceArray<float> losses)
    {
        using var scope = timer.Measure("implicit_step", Shape.ImplicitStepWork(batch.Rows), Bytes((4 * Layout.Value.Length) + (5 * Layout.Twin.Length), batch.Rows * Row));
        inner.ImplicitStep(batch, backup, value, twin, target, update, losses);
    }

    public void SampledStep(in TransitionBatch batch, in SampledBackup backup, in TrainedArrays twin, DeviceArray<float> target, in CriticUpdate update, DeviceArray<float> losses)
    {
        double flop = Forward(Layout.Twin, (double)batch.Rows * backup.CandidateCount) + (3 * Forward(Layout.Twin, batch.Rows));
        using var scope = timer.Measure("sampled_step", flop, Bytes(5 * Layout.Twin.Length, batch.Rows * (Row + ((double)backup.CandidateCount * Shape.ActionSize))));
        inner.SampledStep(batch, backup, twin, target, update, losses);
    }

    public void PolicyStep(
        in TransitionBatch batch,
        in AdvantageWeighting weighting,
        DeviceArray<float> value,
        DeviceArray<float> target,
        in TrainedArrays policy,
        in AdamSettings adam,
        long step,
        DeviceArray<float> losses)
    {
        double flop = Forward(Layout.Value, batch.Rows) + Forward(Layout.Twin, batch.Rows) + (3 * Forward(Layout.Policy, batch.Rows));
        using var scope = timer.Measure("policy_step", flop, Bytes(Layout.Value.Length + Layout.Twin.Length + (4 * Layout.Policy.Length), batch.Rows * Row));
        inner.PolicyStep(batch, weighting, value, target, policy, adam, step, losses);
    }

    public void MinimumQ(DeviceArray<float> twin, DeviceArray<float> states, DeviceArray<float> actions, int stateCount, int candidateCount, DeviceArray<float> q)
    {
        double rows = (double)stateCount * candidateCount;
        using var scope = timer.Measure("minimum_q", Forward(Layout.Twin, rows), Bytes(Layout.Twin.Length, ((double)stateCount * Shape.StateSize) + (rows * (Shape.ActionSize + 1))));
        inner.MinimumQ(twin, states, actions, stateCount, candidateCount, q);
    }

    public void Value(DeviceArray<float> value, DeviceArray<float> states, int rows, DeviceArray<float> v)
    {
        using var scope = timer.Measure("value", Forward(Layout.Value, rows), Bytes(Layout.Value.Length, rows * (Shape.StateSize + 1.0)));
        inner.Value(value, states, rows, v);
    }

    public void Act(DeviceArray<float> policy, DeviceArray<float> states, int rows, DeviceArray<float> actions)
    {
        using var scope = timer.Measure("act", Forward(Layout.Policy, rows), Bytes(Layout.Policy.Length, rows * ((double)Shape.StateSize + Shape.ActionSize)));
        inner.Act(policy, states, rows, actions);
    }

    public void ActionGradient(in ActionGradientCall call)
    {
        double twins = call.Choice == TwinChoice.Smaller ? 1 : 0.5, point = Shape.StateSize + (2.0 * Shape.ActionSize);
        using var scope = timer.Measure("action_gradient", 2 * twins * Forward(Layout.Twin, call.Rows), Bytes(twins * Layout.Twin.Length, call.Rows * (point + (call.Q is null ? 0 : 1))));
        inner.ActionGradient(call);
    }

    public void Dispose() => inner.Dispose();

    // One forward pass of equal networks.
    private static double Forward(MlpLayout mlp, double rows) =>
        (double)mlp.Networks.Count * rows * mlp.Shape.ForwardWork;

    private static double Bytes(double parameters, double rows) => sizeof(float) * (parameters + rows);
}
