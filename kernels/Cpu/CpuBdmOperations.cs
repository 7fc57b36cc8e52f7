using static EDA.Kernels.Cpu.CpuArguments;

namespace EDA.Kernels.Cpu;

/// <summary>The fused operations on the CPU: checks the arguments, then hands them to the pass that does the work.</summary>
internal sealed unsafe class CpuBdmOperations<TV, TS>(BdmShape shape, VarianceSchedule schedule, WorkerPool pool) : IBdmOperations
    where TV : struct
    where TS : struct, ISimd<TV>
{
    private InferencePass<TV, TS>? _density;
    private InferencePass<TV, TS>? _score;
    private DenoisingPass<TV, TS>? _denoising;
    private AlignmentPass<TV, TS>? _alignment;
    private bool _disposed;

    public BdmShape Shape => shape;

    public BdmLayout Layout { get; } = new(shape);

    public void Density(DeviceArray<float> parameters, DeviceArray<float> actions, DeviceArray<float> times, DeviceArray<float>? states, int rows, DeviceArray<float> density)
    {
        _density ??= new InferencePass<TV, TS>(Layout, schedule, pool, false);
        _density.Evaluate(
            Parameters(parameters), Pointer(actions, Actions(rows)), Pointer(times, rows), States(states, rows), AtLeastOne(rows), Pointer(density, rows));
        KeepAlive(this, parameters, actions, times, states, density);
    }

    public void Score(DeviceArray<float> parameters, DeviceArray<float> actions, DeviceArray<float> times, DeviceArray<float>? states, int rows, DeviceArray<float> noise)
    {
        _score ??= new InferencePass<TV, TS>(Layout, schedule, pool, true);
        _score.Evaluate(
            Parameters(parameters), Pointer(actions, Actions(rows)), Pointer(times, rows), States(states, rows), AtLeastOne(rows), Pointer(noise, Actions(rows)));
        KeepAlive(this, parameters, actions, times, states, noise);
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
        long rows = (long)AtLeastOne(stateCount) * AtLeastOne(candidateCount);
        _alignment ??= new AlignmentPass<TV, TS>(Layout, schedule, pool);
        _alignment.Gaps(
            Parameters(policy),
            Parameters(behavior),
            Pointer(candidates, Actions(rows)),
            States(states, stateCount),
            stateCount,
            candidateCount,
            draws.Draw,
            OptionalPointer(draws.Times, stateCount),
            OptionalPointer(draws.Noise, Actions(rows)),
            Pointer(gaps, rows));
        KeepAlive(this, policy, behavior, candidates, states, draws.Times, draws.Noise, gaps);
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
        long rows = (long)AtLeastOne(stateCount) * AtLeastOne(candidateCount);
        float* delta = Pointer(gaps, rows);
        float* q = Pointer(labels, rows);
        float* gradient = Pointer(gapsGradient, rows);
        float* mean = Pointer(loss, 1);
        double total = 0;
        for (int state = 0; state < stateCount; state++)
        {
            long at = (long)state * candidateCount;
            total += CpuObjective.State(objective, delta + at, q + at, candidateCount, stateCount, gradient + at);
        }

        *mean = (float)(total / stateCount);
        KeepAlive(gaps, labels, gapsGradient, loss);
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
        if (draws.DropoutRate is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(draws), draws.DropoutRate, "the dropout rate must be in [0, 1)");
        _denoising ??= new DenoisingPass<TV, TS>(Layout, schedule, pool);
        _denoising.Step(
            Parameters(parameters),
            Pointer(actions, Actions(AtLeastOne(rows))),
            States(states, rows),
            rows,
            draws,
            OptionalPointer(draws.Times, rows),
            OptionalPointer(draws.Noise, Actions(rows)),
            OptionalPointer(draws.DropoutMask, (long)rows * shape.Blocks * shape.Width),
            Parameters(gradient),
            Pointer(loss, 1));
        KeepAlive(this, parameters, actions, states, draws.Times, draws.Noise, draws.DropoutMask, gradient, loss);
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
        long rows = (long)AtLeastOne(stateCount) * AtLeastOne(candidateCount);
        _alignment ??= new AlignmentPass<TV, TS>(Layout, schedule, pool);
        _alignment.Step(
            Parameters(policy),
            Parameters(behavior),
            Pointer(candidates, Actions(rows)),
            States(states, stateCount),
            Pointer(labels, rows),
            stateCount,
            candidateCount,
            objective,
            draws.Draw,
            OptionalPointer(draws.Times, stateCount),
            OptionalPointer(draws.Noise, Actions(rows)),
            Parameters(gradient),
            Pointer(loss, 1));
        KeepAlive(this, policy, behavior, candidates, states, labels, draws.Times, draws.Noise, gradient, loss);
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
        long rows = (long)AtLeastOne(stateCount) * AtLeastOne(candidateCount);
        _score ??= new InferencePass<TV, TS>(Layout, schedule, pool, true);
        _score.Sample(
            Parameters(parameters),
            States(states, stateCount),
            stateCount,
            candidateCount,
            table,
            draw,
            OptionalPointer(start, Actions(rows)),
            Pointer(actions, Actions(rows)));
        KeepAlive(this, parameters, states, start, actions);
    }

    public void Dispose()
    {
        _disposed = true;
        _density?.Dispose();
        _score?.Dispose();
        _denoising?.Dispose();
        _alignment?.Dispose();
    }

    private long Actions(long rows) => checked(rows * shape.ActionSize);

    private float* Parameters(DeviceArray<float> array)
    {
        // Every operation on a network passes here before it touches a workspace.
        ObjectDisposedException.ThrowIf(_disposed, this);
        return Pointer(array, Layout.Length);
    }

    private float* States(DeviceArray<float>? array, int rows) =>
        shape.StateSize == 0 ? null
        : array is null ? throw new ArgumentNullException(nameof(array), $"a network with {shape.StateSize} state variables needs states")
        : Pointer(array, (long)rows * shape.StateSize);
}
