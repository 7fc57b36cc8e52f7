using EDA.Kernels;

namespace EDA.Bench.Verification;

/// <summary>A critic on a device, of the sizes of a case with states: what every device gets alike, and what each makes of it.</summary>
internal sealed class CriticVerificationRun : IDisposable
{
    private const int Count = 500;

    private readonly IDevice _device;
    private readonly VerificationCase _case;
    private readonly ICriticOperations _operations;
    private readonly List<IDisposable> _owned = [];
    private readonly Random _random = new(4);
    private readonly Transitions _data;
    private readonly DeviceArray<float> _nextActions;
    private readonly DeviceArray<float> _losses;
    private readonly float[] _twin;
    private readonly float[] _value;
    private readonly float[] _policy;

    public CriticVerificationRun(IDevice device, VerificationCase problem)
    {
        (_device, _case) = (device, problem);
        var shape = new CriticShape(problem.Shape.StateSize, problem.Shape.ActionSize, problem.Shape.Width);
        _operations = device.CreateCritic(shape);
        _owned.Add(_operations);
        (_twin, _value, _policy) = (Weights(_operations.Layout.Twin), Weights(_operations.Layout.Value), Weights(_operations.Layout.Policy));
        _data = new Transitions(
            Upload(Values(Count * shape.StateSize, Uniform)), Upload(Values(Count * shape.ActionSize, Uniform)), Upload(Values(Count, Uniform)),
            Upload(Values(Count, () => _random.Next(10) == 0 ? 1 : 0)), Upload(Values(Count * shape.StateSize, Uniform)), Count);
        _nextActions = Upload(Values(Rows * problem.Candidates * shape.ActionSize, Uniform));
        _losses = Upload(Values(CriticLosses.Count, () => float.NaN));
    }

    private int Rows => _case.States;

    private CriticLayout Layout => _operations.Layout;

    /// <summary>Implicit Q-learning with its policy, some steps of it.</summary>
    public (float[] Losses, float[] Gradient, float[] Parameters) Implicit(int steps)
    {
        var (value, twin, policy, target) = (Trained(_value), Trained(_twin), Trained(_policy), Upload(_twin));
        float[] gradient = [], losses = [];
        for (int step = 0; step < steps; step++)
        {
            _operations.ImplicitStep(new()
            {
                Batch = Batch(step),
                Backup = new(0.99f, 0.7f),
                Value = value,
                Twin = twin,
                Target = target,
                Update = Update(step),
                Losses = _losses,
            });
            _operations.PolicyStep(new()
            {
                Batch = Batch(step),
                Weighting = new(3, 100),
                Value = value.Parameters,
                Target = target,
                Policy = policy,
                Adam = Update(step).Adam,
                Step = step + 1,
                Losses = _losses,
            });
            if (step == 0)
                (losses, gradient) = (_losses.ToArray(), [.. value.Gradient!.ToArray(), .. twin.Gradient!.ToArray(), .. policy.Gradient!.ToArray()]);
        }

        return (losses, gradient, [.. value.Parameters.ToArray(), .. twin.Parameters.ToArray(), .. policy.Parameters.ToArray(), .. target.ToArray()]);
    }

    /// <summary>Softmax Q-learning, some steps of it: the parameters.</summary>
    public float[] Sampled(int steps)
    {
        var (twin, target) = (Trained(_twin), Upload(_twin));
        for (int step = 0; step < steps; step++)
            _operations.SampledStep(new()
            {
                Batch = Batch(step),
                Backup = new(0.99f, 1, _nextActions, _case.Candidates),
                Twin = twin,
                Target = target,
                Update = Update(step),
                Losses = _losses,
            });
        return [.. twin.Parameters.ToArray(), .. target.ToArray()];
    }

    /// <summary>∂Q/∂a, and Q, of a few rows of the dataset.</summary>
    public float[] ActionGradient(TwinChoice choice)
    {
        int rows = Math.Min(Rows, MlpVerificationRun.FewRows);
        using var gradient = _device.Upload<float>(Values(rows * _case.Shape.ActionSize, () => float.NaN));
        using var q = _device.Upload<float>(Values(rows, () => float.NaN));
        _operations.ActionGradient(new()
        {
            Twin = Upload(_twin),
            States = _data.States,
            Actions = _data.Actions,
            Rows = rows,
            Choice = choice,
            Gradient = gradient,
            Q = q,
        });
        _device.Synchronize();
        return [.. gradient.ToArray(), .. q.ToArray()];
    }

    /// <summary>The smaller of the twins for K actions of each state, V, and the policy's actions.</summary>
    public float[] Evaluate()
    {
        var (q, v, actions) = Evaluated(_twin, _value, _policy);
        return [.. q, .. v, .. actions];
    }

    /// <summary>V's loss with NaN in V, and in either of the target's twins: how many losses are numbers all the same.</summary>
    public int ValueHidesNaN() => WithPoisonedTarget(target => ImplicitLoss(CriticLosses.Value, _value, _twin, target)) + WithPoisoned(_value, Layout.Value, 0, value => ImplicitLoss(CriticLosses.Value, value, _twin, _twin));

    /// <summary>The twins' loss with NaN in either, and in V, whose value of the next state it is made from.</summary>
    public int TwinsHideNaN() =>
        WithPoisoned(_twin, Layout.Twin, 0, twin => ImplicitLoss(CriticLosses.Q, _value, twin, _twin))
        + WithPoisoned(_twin, Layout.Twin, 1, twin => ImplicitLoss(CriticLosses.Q, _value, twin, _twin))
        + WithPoisoned(_value, Layout.Value, 0, value => ImplicitLoss(CriticLosses.Q, value, _twin, _twin));

    /// <summary>The policy's loss with NaN in it, in V, and in either of the target's twins.</summary>
    public int PolicyHidesNaN() =>
        WithPoisoned(_policy, Layout.Policy, 0, policy => PolicyLoss(_value, _twin, policy))
        + WithPoisoned(_value, Layout.Value, 0, value => PolicyLoss(value, _twin, _policy))
        + WithPoisonedTarget(target => PolicyLoss(_value, target, _policy));

    /// <summary>The loss of softmax Q-learning with NaN in either twin, and in either of the target's.</summary>
    public int SampledHidesNaN() =>
        WithPoisoned(_twin, Layout.Twin, 0, twin => SampledLoss(twin, _twin))
        + WithPoisoned(_twin, Layout.Twin, 1, twin => SampledLoss(twin, _twin))
        + WithPoisonedTarget(target => SampledLoss(_twin, target));

    /// <summary>The smaller of the twins, V and the policy's actions, each with NaN in it.</summary>
    public int EvaluationHidesNaN() =>
        WithPoisonedTarget(twin => Evaluated(twin, _value, _policy).Q)
        + WithPoisoned(_value, Layout.Value, 0, value => Evaluated(_twin, value, _policy).V)
        + WithPoisoned(_policy, Layout.Policy, 0, policy => [.. Evaluated(_twin, _value, policy).Actions.Where((_, i) => i % _case.Shape.ActionSize == 0)]);

    public void Dispose()
    {
        foreach (var owned in _owned)
            owned.Dispose();
    }

    private static CriticUpdate Update(int step) => new(new AdamSettings(1e-3), step + 1, 0.05f);

    private static float[] Values(int count, Func<float> value)
    {
        var values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = value();
        return values;
    }

    // A hidden weight, then the bias of the first output, of one network of equal ones: how many of the results are numbers.
    private static int WithPoisoned(float[] weights, MlpLayout layout, int network, Func<float[], float[]> run) =>
        new[] { layout.Networks[network].Layers[1].Weight, layout.Networks[network].Layers[2].Bias }.Sum(slice =>
        {
            float[] poisoned = [.. weights];
            poisoned[slice.Offset] = float.NaN;
            return run(poisoned).Count(value => !float.IsNaN(value));
        });

    private int WithPoisonedTarget(Func<float[], float[]> run) => WithPoisoned(_twin, Layout.Twin, 0, run) + WithPoisoned(_twin, Layout.Twin, 1, run);

    private float[] ImplicitLoss(int which, float[] value, float[] twin, float[] target)
    {
        ClearLosses();
        _operations.ImplicitStep(new()
        {
            Batch = Batch(0),
            Backup = new(0.99f, 0.7f),
            Value = Trained(value),
            Twin = Trained(twin),
            Target = Upload(target),
            Update = Update(0),
            Losses = _losses,
        });
        return [_losses.ToArray()[which]];
    }

    private float[] PolicyLoss(float[] value, float[] target, float[] policy)
    {
        ClearLosses();
        _operations.PolicyStep(new()
        {
            Batch = Batch(0),
            Weighting = new(3, 100),
            Value = Upload(value),
            Target = Upload(target),
            Policy = Trained(policy),
            Adam = Update(0).Adam,
            Step = 1,
            Losses = _losses,
        });
        return [_losses.ToArray()[CriticLosses.Policy]];
    }

    private float[] SampledLoss(float[] twin, float[] target)
    {
        ClearLosses();
        _operations.SampledStep(new()
        {
            Batch = Batch(0),
            Backup = new(0.99f, 1, _nextActions, _case.Candidates),
            Twin = Trained(twin),
            Target = Upload(target),
            Update = Update(0),
            Losses = _losses,
        });
        return [_losses.ToArray()[CriticLosses.Q]];
    }

    private (float[] Q, float[] V, float[] Actions) Evaluated(float[] twin, float[] value, float[] policy)
    {
        int states = Math.Min(Rows, Count);
        using var q = _device.Allocate<float>((long)states * _case.Candidates);
        using var v = _device.Allocate<float>(states);
        using var actions = _device.Allocate<float>((long)states * _case.Shape.ActionSize);
        _operations.MinimumQ(new()
        {
            Twin = Upload(twin),
            States = _data.States,
            Actions = _nextActions,
            StateCount = states,
            CandidateCount = _case.Candidates,
            Q = q,
        });
        _operations.Value(new() { Parameters = Upload(value), States = _data.States, Rows = states, Output = v });
        _operations.Act(new() { Parameters = Upload(policy), States = _data.States, Rows = states, Output = actions });
        _device.Synchronize();
        return (q.ToArray(), v.ToArray(), actions.ToArray());
    }

    // They start as NaN elsewhere; here a loss that nobody wrote must not pass for one that is NaN.
    private void ClearLosses() => _losses.CopyFrom(new float[CriticLosses.Count]);

    private float Uniform() => (float)((2 * _random.NextDouble()) - 1);

    private TransitionBatch Batch(int step) => new(_data, Rows, new RandomDraw(2, RandomStage.Critic, (uint)step));

    private float[] Weights(MlpLayout layout) => VerificationWeights.Mlp(layout, Uniform);

    private TrainedArrays Trained(float[] parameters) =>
        new(Upload(parameters), Upload(Values(parameters.Length, () => float.NaN)), Upload(new float[parameters.Length]), Upload(new float[parameters.Length]));

    private DeviceArray<float> Upload(float[] values)
    {
        var array = _device.Upload<float>(values);
        _owned.Add(array);
        return array;
    }
}
