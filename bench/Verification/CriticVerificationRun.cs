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

    /// <summary>Implicit Q-learning with its policy, some steps of it.</summary>
    public (float[] Losses, float[] Gradient, float[] Parameters) Implicit(int steps)
    {
        var (value, twin, policy, target) = (Trained(_value), Trained(_twin), Trained(_policy), Upload(_twin));
        float[] gradient = [], losses = [];
        for (int step = 0; step < steps; step++)
        {
            _operations.ImplicitStep(Batch(step), new ImplicitBackup(0.99f, 0.7f), value, twin, target, Update(step), _losses);
            _operations.PolicyStep(Batch(step), new AdvantageWeighting(3, 100), value.Parameters, target, policy, Update(step).Adam, step + 1, _losses);
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
            _operations.SampledStep(Batch(step), new SampledBackup(0.99f, 1, _nextActions, _case.Candidates), twin, target, Update(step), _losses);
        return [.. twin.Parameters.ToArray(), .. target.ToArray()];
    }

    /// <summary>The smaller of the twins for K actions of each state, V, and the policy's actions.</summary>
    public float[] Evaluate()
    {
        int states = Math.Min(Rows, Count);
        using var q = _device.Allocate<float>((long)states * _case.Candidates);
        using var v = _device.Allocate<float>(states);
        using var actions = _device.Allocate<float>((long)states * _case.Shape.ActionSize);
        _operations.MinimumQ(Upload(_twin), _data.States, _nextActions, states, _case.Candidates, q);
        _operations.Value(Upload(_value), _data.States, states, v);
        _operations.Act(Upload(_policy), _data.States, states, actions);
        _device.Synchronize();
        return [.. q.ToArray(), .. v.ToArray(), .. actions.ToArray()];
    }

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
