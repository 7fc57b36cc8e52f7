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

    public void Density(in EvaluationCall call)
    {
        _density ??= new InferencePass<TV, TS>(Layout, _schedule, _pool, false);
        Evaluate(_density, call, 1);
    }

    public void Score(in EvaluationCall call)
    {
        _score ??= new InferencePass<TV, TS>(Layout, _schedule, _pool, true);
        Evaluate(_score, call, Shape.ActionSize);
    }

    public void Gaps(in GapsCall call)
    {
        long rows = Rows(call.Batch.StateCount, call.Batch.CandidateCount);
        _alignment ??= new AlignmentPass<TV, TS>(Layout, _schedule, _pool);
        for (int m = 0; m < Models; m++)
            _alignment.Gaps(Alignment(call.Policy, call.Behavior, call.Batch, m) with { Gaps = Part(call.Gaps, rows, m) });
        KeepAlive(this, call);
    }

    public void Objective(in ObjectiveCall call)
    {
        long rows = Rows(call.StateCount, call.CandidateCount);
        for (int m = 0; m < Models; m++)
        {
            float* gaps = Part(call.Gaps, rows, m);
            float* labels = Part(call.Labels, rows, m);
            float* gradient = Part(call.GapsGradient, rows, m);
            float* mean = Part(call.Loss, 1, m);
            double total = 0;
            for (int state = 0; state < call.StateCount; state++)
            {
                long at = (long)state * call.CandidateCount;
                total += CpuObjective.State(call.Objective, gaps + at, labels + at, call.CandidateCount, call.StateCount, gradient + at);
            }

            *mean = (float)(total / call.StateCount);
        }

        KeepAlive(this, call);
    }

    public void DenoisingStep(in DenoisingStepCall call)
    {
        call.CheckDropout();
        int rows = AtLeastOne(call.Rows);
        _denoising ??= new DenoisingPass<TV, TS>(Layout, _schedule, _pool);
        for (int m = 0; m < Models; m++)
        {
            _denoising.Step(new DenoisingPointers
            {
                Parameters = Parameters(call.Parameters, m),
                Actions = Part(call.Actions, Actions(rows), m),
                States = States(call.States, rows, m),
                Rows = rows,
                Draw = call.Draws.Draw.OfModel(m),
                DropoutRate = call.Draws.DropoutRate,
                Times = OptionalPart(call.Draws.Times, rows, m),
                Noise = OptionalPart(call.Draws.Noise, Actions(rows), m),
                Mask = OptionalPart(call.Draws.DropoutMask, (long)rows * Shape.Blocks * Shape.Width, m),
                Gradient = Parameters(call.Gradient, m),
                Loss = Part(call.Loss, 1, m),
            });
        }

        KeepAlive(this, call);
    }

    public void AlignmentStep(in AlignmentStepCall call)
    {
        long rows = Rows(call.Batch.StateCount, call.Batch.CandidateCount);
        _alignment ??= new AlignmentPass<TV, TS>(Layout, _schedule, _pool);
        for (int m = 0; m < Models; m++)
        {
            _alignment.Step(Alignment(call.Policy, call.Behavior, call.Batch, m) with
            {
                Objective = call.Objective,
                Labels = Part(call.Labels, rows, m),
                Gradient = Parameters(call.Gradient, m),
                Loss = Part(call.Loss, 1, m),
            });
        }

        KeepAlive(this, call);
    }

    public void Sample(in SampleCall call)
    {
        ArgumentNullException.ThrowIfNull(call.Table);
        long rows = Rows(call.StateCount, call.CandidateCount);
        int stride = call.CheckStride();
        _score ??= new InferencePass<TV, TS>(Layout, _schedule, _pool, true);
        for (int m = 0; m < Models; m++)
        {
            _score.Sample(new SamplePointers
            {
                Parameters = Parameters(call.Parameters, m),
                States = States(call.States, call.StateCount, m),
                StateCount = call.StateCount,
                CandidateCount = call.CandidateCount,
                Table = call.Table,
                Draw = call.Draw.OfModel(m),
                Stride = stride,
                Numbers = call.Numbers is null ? null : Pointer(call.Numbers, call.StateCount),
                Start = OptionalPart(call.Start, Actions(rows), m),
                Actions = Part(call.Actions, Actions(rows), m),
            });
        }

        KeepAlive(this, call);
    }

    public void Dispose()
    {
        _disposed = true;
        _density?.Dispose();
        _score?.Dispose();
        _denoising?.Dispose();
        _alignment?.Dispose();
    }

    private static long Rows(int states, int candidates) => (long)AtLeastOne(states) * AtLeastOne(candidates);

    private long Actions(long rows) => checked(rows * Shape.ActionSize);

    // What gaps and alignment steps read.
    private AlignmentPointers Alignment(DeviceArray<float> policy, DeviceArray<float> behavior, in CandidateBatch batch, int model) => new()
    {
        Policy = Parameters(policy, model),
        Behavior = Parameters(behavior, model),
        Candidates = Part(batch.Candidates, Actions(batch.Rows), model),
        States = States(batch.States, batch.StateCount, model),
        StateCount = batch.StateCount,
        CandidateCount = batch.CandidateCount,
        Draw = batch.Draws.Draw.OfModel(model),
        Times = OptionalPart(batch.Draws.Times, batch.StateCount, model),
        Noise = OptionalPart(batch.Draws.Noise, Actions(batch.Rows), model),
    };

    private void Evaluate(InferencePass<TV, TS> pass, in EvaluationCall call, int columns)
    {
        int rows = AtLeastOne(call.Rows);
        for (int m = 0; m < Models; m++)
        {
            pass.Evaluate(new EvaluationPointers
            {
                Parameters = Parameters(call.Parameters, m),
                Actions = Part(call.Actions, Actions(rows), m),
                Times = Part(call.Times, rows, m),
                States = States(call.States, rows, m),
                Rows = rows,
                Result = Part(call.Output, (long)rows * columns, m),
            });
        }

        KeepAlive(this, call);
    }

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
