using static EDA.Kernels.Cpu.CpuArguments;

namespace EDA.Kernels.Cpu;

/// <summary>
/// The fused operations on the CPU: checks the arguments, then hands them to the pass that does the work, for one model
/// after the other. A pass keeps nothing from one call to the next that a result depends on.
/// </summary>
internal sealed unsafe class CpuBdmOperations<TV, TS> : IBdmOperations
    where TV : struct
    where TS : struct, ISimd<TV>
{
    private readonly VarianceSchedule _schedule;
    private readonly WorkerPool _pool;
    private InferencePass<TV, TS>? _density;
    private InferencePass<TV, TS>? _score;
    private DenoisingPass<TV, TS>? _denoising;
    private AlignmentPass<TV, TS>? _alignment;
    private bool _disposed;

    public CpuBdmOperations(BdmShape shape, VarianceSchedule schedule, int models, WorkerPool pool) =>
        (Layout, _schedule, Models, _pool) = (new BdmLayout(shape), schedule, AtLeastOne(models), pool);

    public BdmShape Shape => Layout.Shape;

    public BdmLayout Layout { get; }

    public int Models { get; }

    public void Density(DeviceArray<float> parameters, DeviceArray<float> actions, DeviceArray<float> times, DeviceArray<float>? states, int rows, DeviceArray<float> density)
    {
        _density ??= new InferencePass<TV, TS>(Layout, _schedule, _pool, false);
        for (int m = 0; m < Models; m++)
        {
            _density.Evaluate(
                Parameters(parameters, m), Part(actions, Actions(rows), m), Part(times, rows, m), States(states, rows, m), AtLeastOne(rows), Part(density, rows, m));
        }

        KeepAlive(this, parameters, actions, times, states, density);
    }

    public void Score(DeviceArray<float> parameters, DeviceArray<float> actions, DeviceArray<float> times, DeviceArray<float>? states, int rows, DeviceArray<float> noise)
    {
        _score ??= new InferencePass<TV, TS>(Layout, _schedule, _pool, true);
        for (int m = 0; m < Models; m++)
        {
            _score.Evaluate(
                Parameters(parameters, m), Part(actions, Actions(rows), m), Part(times, rows, m), States(states, rows, m), AtLeastOne(rows), Part(noise, Actions(rows), m));
        }

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
        _alignment ??= new AlignmentPass<TV, TS>(Layout, _schedule, _pool);
        for (int m = 0; m < Models; m++)
        {
            _alignment.Gaps(
                Parameters(policy, m),
                Parameters(behavior, m),
                Part(candidates, Actions(rows), m),
                States(states, stateCount, m),
                stateCount,
                candidateCount,
                draws.Draw.OfModel(m),
                OptionalPart(draws.Times, stateCount, m),
                OptionalPart(draws.Noise, Actions(rows), m),
                Part(gaps, rows, m));
        }

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
        for (int m = 0; m < Models; m++)
        {
            float* delta = Part(gaps, rows, m);
            float* q = Part(labels, rows, m);
            float* gradient = Part(gapsGradient, rows, m);
            float* mean = Part(loss, 1, m);
            double total = 0;
            for (int state = 0; state < stateCount; state++)
            {
                long at = (long)state * candidateCount;
                total += CpuObjective.State(objective, delta + at, q + at, candidateCount, stateCount, gradient + at);
            }

            *mean = (float)(total / stateCount);
        }

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
        _denoising ??= new DenoisingPass<TV, TS>(Layout, _schedule, _pool);
        for (int m = 0; m < Models; m++)
        {
            _denoising.Step(
                Parameters(parameters, m),
                Part(actions, Actions(AtLeastOne(rows)), m),
                States(states, rows, m),
                rows,
                draws with { Draw = draws.Draw.OfModel(m) },
                OptionalPart(draws.Times, rows, m),
                OptionalPart(draws.Noise, Actions(rows), m),
                OptionalPart(draws.DropoutMask, (long)rows * Shape.Blocks * Shape.Width, m),
                Parameters(gradient, m),
                Part(loss, 1, m));
        }

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
        _alignment ??= new AlignmentPass<TV, TS>(Layout, _schedule, _pool);
        for (int m = 0; m < Models; m++)
        {
            _alignment.Step(
                Parameters(policy, m),
                Parameters(behavior, m),
                Part(candidates, Actions(rows), m),
                States(states, stateCount, m),
                Part(labels, rows, m),
                stateCount,
                candidateCount,
                objective,
                draws.Draw.OfModel(m),
                OptionalPart(draws.Times, stateCount, m),
                OptionalPart(draws.Noise, Actions(rows), m),
                Parameters(gradient, m),
                Part(loss, 1, m));
        }

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
        _score ??= new InferencePass<TV, TS>(Layout, _schedule, _pool, true);
        for (int m = 0; m < Models; m++)
        {
            _score.Sample(
                Parameters(parameters, m),
                States(states, stateCount, m),
                stateCount,
                candidateCount,
                table,
                draw.OfModel(m),
                OptionalPart(start, Actions(rows), m),
                Part(actions, Actions(rows), m));
        }

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

    private long Actions(long rows) => checked(rows * Shape.ActionSize);

    private float* Parameters(DeviceArray<float> array, int model)
    {
        // Every operation on a network passes here before it touches a workspace.
        ObjectDisposedException.ThrowIf(_disposed, this);
        long last = (Models - 1) * (long)Layout.ModelStride;
        return Pointer(array, last + Layout.Length) + (model * (long)Layout.ModelStride);
    }

    // A model's elements of an array that holds so many a model.
    private float* Part(DeviceArray<float> array, long count, int model) => Pointer(array, checked(count * Models)) + (model * count);

    private float* OptionalPart(DeviceArray<float>? array, long count, int model) => array is null ? null : Part(array, count, model);

    private float* States(DeviceArray<float>? array, int rows, int model) =>
        Shape.StateSize == 0 ? null
        : array is null ? throw new ArgumentNullException(nameof(array), $"a network with {Shape.StateSize} state variables needs states")
        : Part(array, (long)rows * Shape.StateSize, model);
}
