using EDA.Kernels;

namespace EDA.Bench.Profiling;

/// <summary>
/// The fused operations, each timed. FLOP are nominal (method: section 3), bytes those of the arguments, each array
/// once: the least that any implementation moves.
/// </summary>
internal sealed class TimedBdmOperations(IBdmOperations inner, OperationTimer timer) : IBdmOperations
{
    public BdmShape Shape => inner.Shape;

    public BdmLayout Layout => inner.Layout;

    public int Models => inner.Models;

    public void Density(in EvaluationCall call)
    {
        using var scope = timer.Measure("density", Units(1, call.Rows), Bytes(Parameters, call.Rows * (Point + 2)));
        inner.Density(call);
    }

    public void Score(in EvaluationCall call)
    {
        using var scope = timer.Measure("score", Units(2, call.Rows), Bytes(Parameters, call.Rows * (Point + 1 + Shape.ActionSize)));
        inner.Score(call);
    }

    public void Gaps(in GapsCall call)
    {
        double rows = (double)call.Batch.StateCount * call.Batch.CandidateCount;
        using var scope = timer.Measure("gaps", Units(2, rows), Bytes(2 * Parameters, (rows * (Shape.ActionSize + 1)) + ((double)call.Batch.StateCount * Shape.StateSize)));
        inner.Gaps(call);
    }

    public void Objective(in ObjectiveCall call)
    {
        using var scope = timer.Measure("objective", 0, Bytes(0, 3.0 * call.StateCount * call.CandidateCount));
        inner.Objective(call);
    }

    public void DenoisingStep(in DenoisingStepCall call)
    {
        using var scope = timer.Measure("denoising_step", Units(6, call.Rows), Bytes(2 * Parameters, call.Rows * Point));
        inner.DenoisingStep(call);
    }

    public void AlignmentStep(in AlignmentStepCall call)
    {
        double rows = (double)call.Batch.StateCount * call.Batch.CandidateCount;
        using var scope = timer.Measure("alignment_step", Units(4, rows), Bytes(3 * Parameters, (rows * (Shape.ActionSize + 1)) + ((double)call.Batch.StateCount * Shape.StateSize)));
        inner.AlignmentStep(call);
    }

    public void Sample(in SampleCall call)
    {
        double rows = (double)call.StateCount * call.CandidateCount;
        using var scope = timer.Measure(
            "sample", Units(2 * call.Table.Evaluations.Length, rows), Bytes(Parameters, (rows * Shape.ActionSize) + ((double)call.StateCount * Shape.StateSize)));
        inner.Sample(call);
    }

    public void Dispose() => inner.Dispose();

    private double Parameters => Layout.Length;

    private double Point => Shape.ActionSize + Shape.StateSize;

    private double Units(double units, double rows) => units * Shape.NominalUnit * rows * Models;

    private double Bytes(double parameters, double others) => 4 * (parameters + others) * Models;
}
