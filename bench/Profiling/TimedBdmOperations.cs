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

    public void Density(
        DeviceArray<float> parameters, DeviceArray<float> actions, DeviceArray<float> times, DeviceArray<float>? states, int rows, DeviceArray<float> density)
    {
        using var scope = timer.Measure("density", Units(1, rows), Bytes(Parameters, rows * (Point + 2)));
        inner.Density(parameters, actions, times, states, rows, density);
    }

    public void Score(
        DeviceArray<float> parameters, DeviceArray<float> actions, DeviceArray<float> times, DeviceArray<float>? states, int rows, DeviceArray<float> noise)
    {
        using var scope = timer.Measure("score", Units(2, rows), Bytes(Parameters, rows * (Point + 1 + Shape.ActionSize)));
        inner.Score(parameters, actions, times, states, rows, noise);
    }

    public void Gaps(
        DeviceArray<float> policy,
        DeviceArray<float> behavior,
        DeviceArray<float> candidates,
        DeviceArray<float>? states,
        int stateCount,
        int candidateCount,
        in GapDraws draws,
        DeviceArray<float> gaps)
    {
        double rows = (double)stateCount * candidateCount;
        using var scope = timer.Measure("gaps", Units(2, rows), Bytes(2 * Parameters, (rows * (Shape.ActionSize + 1)) + ((double)stateCount * Shape.StateSize)));
        inner.Gaps(policy, behavior, candidates, states, stateCount, candidateCount, draws, gaps);
    }

    public void Objective(
        in AlignmentObjective objective,
        DeviceArray<float> gaps,
        DeviceArray<float> labels,
        int stateCount,
        int candidateCount,
        DeviceArray<float> gapsGradient,
        DeviceArray<float> loss)
    {
        using var scope = timer.Measure("objective", 0, Bytes(0, 3.0 * stateCount * candidateCount));
        inner.Objective(objective, gaps, labels, stateCount, candidateCount, gapsGradient, loss);
    }

    public void DenoisingStep(
        DeviceArray<float> parameters,
        DeviceArray<float> actions,
        DeviceArray<float>? states,
        int rows,
        in DenoisingDraws draws,
        DeviceArray<float> gradient,
        DeviceArray<float> loss)
    {
        using var scope = timer.Measure("denoising_step", Units(6, rows), Bytes(2 * Parameters, rows * Point));
        inner.DenoisingStep(parameters, actions, states, rows, draws, gradient, loss);
    }

    public void AlignmentStep(
        DeviceArray<float> policy,
        DeviceArray<float> behavior,
        DeviceArray<float> candidates,
        DeviceArray<float>? states,
        DeviceArray<float> labels,
        int stateCount,
        int candidateCount,
        in AlignmentObjective objective,
        in GapDraws draws,
        DeviceArray<float> gradient,
        DeviceArray<float> loss)
    {
        double rows = (double)stateCount * candidateCount;
        using var scope = timer.Measure("alignment_step", Units(4, rows), Bytes(3 * Parameters, (rows * (Shape.ActionSize + 1)) + ((double)stateCount * Shape.StateSize)));
        inner.AlignmentStep(policy, behavior, candidates, states, labels, stateCount, candidateCount, objective, draws, gradient, loss);
    }

    public void Sample(
        DeviceArray<float> parameters,
        DeviceArray<float>? states,
        int stateCount,
        int candidateCount,
        SolverTable table,
        in RandomDraw draw,
        DeviceArray<float>? start,
        DeviceArray<float> actions)
    {
        double rows = (double)stateCount * candidateCount;
        using var scope = timer.Measure(
            "sample", Units(2 * table.Evaluations.Length, rows), Bytes(Parameters, (rows * Shape.ActionSize) + ((double)stateCount * Shape.StateSize)));
        inner.Sample(parameters, states, stateCount, candidateCount, table, draw, start, actions);
    }

    public void Dispose() => inner.Dispose();

    private double Parameters => Layout.Length;

    private double Point => Shape.ActionSize + Shape.StateSize;

    private double Units(double units, double rows) => units * Shape.NominalUnit * rows * Models;

    private double Bytes(double parameters, double others) => 4 * (parameters + others) * Models;
}
