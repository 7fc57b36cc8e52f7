using static EDA.Kernels.Cpu.CpuArguments;

namespace EDA.Kernels.Cpu;

/// <summary>The fused operations of critics on the CPU: checks the arguments, then hands them to the pass that does the work.</summary>
internal sealed unsafe class CpuCriticOperations<TV, TS>(CriticShape shape, WorkerPool pool) : ICriticOperations
    where TV : struct
    where TS : struct, ISimd<TV>
{
    private ImplicitPass<TV, TS>? _implicit;
    private SampledPass<TV, TS>? _sampled;
    private PolicyPass<TV, TS>? _policy;
    private CriticInference<TV, TS>? _minimumQ;
    private CriticInference<TV, TS>? _value;
    private CriticInference<TV, TS>? _action;
    private ActionGradientPass<TV, TS>? _actionGradient;
    private bool _disposed;

    public CriticShape Shape => shape;

    public CriticLayout Layout { get; } = new(shape);

    public void ImplicitStep(in ImplicitStepCall call)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        call.Check();
        _implicit ??= new ImplicitPass<TV, TS>(Layout, pool);
        _implicit.Step(call);
        KeepAlive(this, call);
    }

    public void SampledStep(in SampledStepCall call)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        call.Check();
        _sampled ??= new SampledPass<TV, TS>(Layout, pool);
        _sampled.Step(call);
        KeepAlive(this, call);
    }

    public void PolicyStep(in PolicyStepCall call)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        call.Check();
        _policy ??= new PolicyPass<TV, TS>(Layout, pool);
        _policy.Step(call);
        KeepAlive(this, call);
    }

    public void MinimumQ(in MinimumQCall call)
    {
        long rows = (long)AtLeastOne(call.StateCount) * AtLeastOne(call.CandidateCount);
        Evaluate(ref _minimumQ, CriticInference<TV, TS>.Output.MinimumQ, new CriticPointers
        {
            Parameters = Pointer(call.Twin, Layout.Twin.Length),
            States = States(call.States, call.StateCount),
            Actions = Pointer(call.Actions, Actions(rows)),
            Rows = rows,
            CandidateCount = call.CandidateCount,
            Result = Pointer(call.Q, rows),
        });
        KeepAlive(this, call);
    }

    public void Value(in StateEvaluationCall call) => Evaluate(ref _value, CriticInference<TV, TS>.Output.Value, Layout.Value, call);

    public void Act(in StateEvaluationCall call) => Evaluate(ref _action, CriticInference<TV, TS>.Output.Action, Layout.Policy, call);

    public void ActionGradient(in ActionGradientCall call)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        call.Check();
        var at = new ActionGradientPointers
        {
            Twin = Pointer(call.Twin, Layout.Twin.Length),
            States = States(call.States, call.Rows),
            Actions = Pointer(call.Actions, Actions(call.Rows)),
            Rows = call.Rows,
            Choice = call.Choice,
            Gradient = Pointer(call.Gradient, Actions(call.Rows)),
            Q = call.Q is null ? null : Pointer(call.Q, call.Rows),
        };
        _actionGradient ??= new ActionGradientPass<TV, TS>(Layout, pool);
        _actionGradient.Evaluate(at);
        KeepAlive(this, call);
    }

    public void Dispose()
    {
        _disposed = true;
        _implicit?.Dispose();
        _sampled?.Dispose();
        _policy?.Dispose();
        _minimumQ?.Dispose();
        _value?.Dispose();
        _action?.Dispose();
        _actionGradient?.Dispose();
    }

    private void Evaluate(ref CriticInference<TV, TS>? inference, CriticInference<TV, TS>.Output output, MlpLayout layout, in StateEvaluationCall call)
    {
        Evaluate(ref inference, output, new CriticPointers
        {
            Parameters = Pointer(call.Parameters, layout.Length),
            States = States(call.States, call.Rows),
            Rows = call.Rows,
            CandidateCount = 1,
            Result = Pointer(call.Output, (long)call.Rows * layout.OutputSize),
        });
        KeepAlive(this, call);
    }

    private void Evaluate(ref CriticInference<TV, TS>? inference, CriticInference<TV, TS>.Output output, in CriticPointers at)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        inference ??= new CriticInference<TV, TS>(Layout, pool, output);
        inference.Evaluate(at);
    }

    private long Actions(long rows) => checked(rows * shape.ActionSize);

    private float* States(DeviceArray<float> array, int rows) => Pointer(array, (long)AtLeastOne(rows) * shape.StateSize);
}
