using EDA.Kernels;

namespace EDA.Bench.Profiling;

/// <summary>The critics' operations, each timed. FLOP are those of the matrices, bytes those of the arguments, each array once.</summary>
internal sealed class TimedCriticOperations(ICriticOperations inner, OperationTimer timer) : ICriticOperations
{
    public CriticShape Shape => inner.Shape;

    public CriticLayout Layout => inner.Layout;

    // A row of a batch out of the dataset.
    private double Row => (2 * Shape.StateSize) + Shape.ActionSize + 2;

    public void ImplicitStep(in ImplicitStepCall call)
    {
        using var scope = timer.Measure("implicit_step", Shape.ImplicitStepWork(call.Batch.Rows), Bytes((4 * Layout.Value.Length) + (5 * Layout.Twin.Length), call.Batch.Rows * Row));
        inner.ImplicitStep(call);
    }

    public void SampledStep(in SampledStepCall call)
    {
        double flop = Forward(Layout.Twin, (double)call.Batch.Rows * call.Backup.CandidateCount) + (3 * Forward(Layout.Twin, call.Batch.Rows));
        using var scope = timer.Measure("sampled_step", flop, Bytes(5 * Layout.Twin.Length, call.Batch.Rows * (Row + ((double)call.Backup.CandidateCount * Shape.ActionSize))));
        inner.SampledStep(call);
    }

    public void PolicyStep(in PolicyStepCall call)
    {
        double flop = Forward(Layout.Value, call.Batch.Rows) + Forward(Layout.Twin, call.Batch.Rows) + (3 * Forward(Layout.Policy, call.Batch.Rows));
        using var scope = timer.Measure("policy_step", flop, Bytes(Layout.Value.Length + Layout.Twin.Length + (4 * Layout.Policy.Length), call.Batch.Rows * Row));
        inner.PolicyStep(call);
    }

    public void MinimumQ(in MinimumQCall call)
    {
        double rows = (double)call.StateCount * call.CandidateCount;
        using var scope = timer.Measure("minimum_q", Forward(Layout.Twin, rows), Bytes(Layout.Twin.Length, ((double)call.StateCount * Shape.StateSize) + (rows * (Shape.ActionSize + 1))));
        inner.MinimumQ(call);
    }

    public void Value(in StateEvaluationCall call)
    {
        using var scope = timer.Measure("value", Forward(Layout.Value, call.Rows), Bytes(Layout.Value.Length, call.Rows * (Shape.StateSize + 1.0)));
        inner.Value(call);
    }

    public void Act(in StateEvaluationCall call)
    {
        using var scope = timer.Measure("act", Forward(Layout.Policy, call.Rows), Bytes(Layout.Policy.Length, call.Rows * ((double)Shape.StateSize + Shape.ActionSize)));
        inner.Act(call);
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
