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

    public void ImplicitStep(
        in TransitionBatch batch,
        in ImplicitBackup backup,
        in TrainedArrays value,
        in TrainedArrays twin,
        DeviceArray<float> target,
        in CriticUpdate update,
        DeviceArray<float> losses)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (backup.Expectile is not (> 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(backup), backup.Expectile, "the expectile must be in (0, 1)");
        Share(update.TargetRate);
        _implicit ??= new ImplicitPass<TV, TS>(Layout, pool);
        _implicit.Step(batch, backup, value, twin, target, update, Pointer(losses, CriticLosses.Value + 1));
        KeepAlive(this, target, losses);
        KeepAlive(value);
        KeepAlive(twin);
    }

    public void SampledStep(
        in TransitionBatch batch,
        in SampledBackup backup,
        in TrainedArrays twin,
        DeviceArray<float> target,
        in CriticUpdate update,
        DeviceArray<float> losses)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!(backup.InverseTemperature >= 0))
            throw new ArgumentOutOfRangeException(nameof(backup), backup.InverseTemperature, "the inverse temperature must be at least 0");
        Share(update.TargetRate);
        _sampled ??= new SampledPass<TV, TS>(Layout, pool);
        _sampled.Step(batch, backup, twin, target, update, Pointer(losses, CriticLosses.NextValue + 1));
        KeepAlive(this, backup.NextActions, target, losses);
        KeepAlive(twin);
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
        ObjectDisposedException.ThrowIf(_disposed, this);
        _policy ??= new PolicyPass<TV, TS>(Layout, pool);
        _policy.Step(batch, weighting, value, target, policy, adam, step, Pointer(losses, CriticLosses.Policy + 1) + CriticLosses.Policy);
        KeepAlive(this, value, target, losses);
        KeepAlive(policy);
    }

    public void MinimumQ(DeviceArray<float> twin, DeviceArray<float> states, DeviceArray<float> actions, int stateCount, int candidateCount, DeviceArray<float> q)
    {
        long rows = (long)AtLeastOne(stateCount) * AtLeastOne(candidateCount);
        Evaluate(ref _minimumQ, CriticInference<TV, TS>.Output.MinimumQ, Pointer(twin, Layout.Twin.Length), States(states, stateCount), Pointer(actions, Actions(rows)), rows, candidateCount, Pointer(q, rows));
        KeepAlive(this, twin, states, actions, q);
    }

    public void Value(DeviceArray<float> value, DeviceArray<float> states, int rows, DeviceArray<float> v)
    {
        Evaluate(ref _value, CriticInference<TV, TS>.Output.Value, Pointer(value, Layout.Value.Length), States(states, rows), null, rows, 1, Pointer(v, rows));
        KeepAlive(this, value, states, v);
    }

    public void Act(DeviceArray<float> policy, DeviceArray<float> states, int rows, DeviceArray<float> actions)
    {
        Evaluate(ref _action, CriticInference<TV, TS>.Output.Action, Pointer(policy, Layout.Policy.Length), States(states, rows), null, rows, 1, Pointer(actions, Actions(rows)));
        KeepAlive(this, policy, states, actions);
    }

    public void ActionGradient(in ActionGradientCall call)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!Enum.IsDefined(call.Choice))
            throw new ArgumentOutOfRangeException(nameof(call), call.Choice, $"the choice must be one of {string.Join(", ", Enum.GetNames<TwinChoice>())}");
        float* states = States(call.States, call.Rows), twin = Pointer(call.Twin, Layout.Twin.Length);
        float* actions = Pointer(call.Actions, Actions(call.Rows)), gradient = Pointer(call.Gradient, Actions(call.Rows));
        float* q = call.Q is null ? null : Pointer(call.Q, call.Rows);
        _actionGradient ??= new ActionGradientPass<TV, TS>(Layout, pool);
        _actionGradient.Evaluate(twin, new ActionGradientPass<TV, TS>.Arguments(states, actions, call.Rows, gradient, q), call.Choice);
        KeepAlive(this, call.Twin, call.States, call.Actions, call.Gradient, call.Q);
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

    private static void KeepAlive(in TrainedArrays arrays) =>
        CpuArguments.KeepAlive(arrays.Parameters, arrays.Gradient, arrays.FirstMoment, arrays.SecondMoment);

    private static void KeepAlive(params ReadOnlySpan<object?> owners) => CpuArguments.KeepAlive(owners);

    private static void Share(float rate)
    {
        if (rate is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(rate), rate, "the target rate must be in [0, 1]");
    }

    private void Evaluate(ref CriticInference<TV, TS>? inference, CriticInference<TV, TS>.Output output, float* parameters, float* states, float* actions, long rows, int candidates, float* result)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        inference ??= new CriticInference<TV, TS>(Layout, pool, output);
        inference.Evaluate(parameters, states, actions, rows, candidates, result);
    }

    private long Actions(long rows) => checked(rows * shape.ActionSize);

    private float* States(DeviceArray<float> array, int rows) => Pointer(array, (long)AtLeastOne(rows) * shape.StateSize);
}
