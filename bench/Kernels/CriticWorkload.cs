using EDA.Kernels;

namespace EDA.Bench.Kernels;

/// <summary>
/// The critic steps whose speed is quoted, at the published sizes on a 17-variable, 6-action task: networks, moments and
/// a dataset are made once, so that running a step is the step alone, batch and parameters' move included.
/// </summary>
public sealed class CriticWorkload : IDisposable
{
    /// <summary>Transitions of a step, as published.</summary>
    public const int PublishedRows = 256;

    /// <summary>K of a softmax backup.</summary>
    public const int Candidates = 16;

    private const int Count = 100_000;

    private readonly Random _random = new(0);
    private readonly IDevice _device;
    private readonly ICriticOperations _operations;
    private readonly List<IDisposable> _arrays = [];
    private readonly Transitions _data;
    private readonly TrainedArrays _twin;
    private readonly TrainedArrays _value;
    private readonly TrainedArrays _policy;
    private readonly DeviceArray<float> _target;
    private readonly DeviceArray<float> _nextActions;
    private readonly DeviceArray<float> _losses;
    private readonly DeviceArray<float> _states;
    private readonly DeviceArray<float> _values;
    private readonly DeviceArray<float> _actions;
    private readonly int _rows;
    private uint _step;

    /// <summary>Makes the workload of networks with random weights.</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="shape">The networks.</param>
    /// <param name="rows">Transitions of a step.</param>
    public CriticWorkload(IDevice device, CriticShape shape, int rows = PublishedRows)
    {
        (_device, _rows) = (device, rows);
        _operations = device.CreateCritic(shape);
        _arrays.Add(_operations);
        _data = new Transitions(
            Fill(Count * shape.StateSize, Uniform),
            Fill(Count * shape.ActionSize, Uniform),
            Fill(Count, Uniform),
            Fill(Count, () => _random.Next(100) == 0 ? 1 : 0),
            Fill(Count * shape.StateSize, Uniform),
            Count);
        _twin = Trained(_operations.Layout.Twin);
        _value = Trained(_operations.Layout.Value);
        _policy = Trained(_operations.Layout.Policy);
        _target = Fill(_operations.Layout.Twin.Length, () => 0.06f * Uniform());
        _nextActions = Fill(rows * Candidates * shape.ActionSize, Uniform);
        _losses = Fill(CriticLosses.Count, () => 0);
        _states = Fill(rows * shape.StateSize, Uniform);
        _values = Fill(rows * Candidates, () => 0);
        _actions = Fill(rows * shape.ActionSize, () => 0);
    }

    /// <summary>Nominal work of <see cref="ImplicitStep"/>, in FLOP.</summary>
    public double ImplicitWork => _operations.Shape.ImplicitStepWork(_rows);

    /// <summary>A line of the table.</summary>
    public WorkloadStep Step => new("implicit q", $"batch {_rows}", ImplicitWork, ImplicitStep);

    /// <summary>V, twins, target by implicit Q-learning.</summary>
    public void ImplicitStep() => _operations.ImplicitStep(new()
    {
        Batch = Batch(),
        Backup = new(0.99f, 0.7f),
        Value = _value,
        Twin = _twin,
        Target = _target,
        Update = Update,
        Losses = _losses,
    });

    /// <summary>Twins and target by softmax Q-learning.</summary>
    public void SoftmaxStep() => _operations.SampledStep(new()
    {
        Batch = Batch(),
        Backup = new(0.99f, 1, _nextActions, Candidates),
        Twin = _twin,
        Target = _target,
        Update = Update,
        Losses = _losses,
    });

    /// <summary>The policy by advantage-weighted regression.</summary>
    public void PolicyStep() => _operations.PolicyStep(new()
    {
        Batch = Batch(),
        Weighting = new(3, 100),
        Value = _value.Parameters,
        Target = _target,
        Policy = _policy,
        Adam = Update.Adam,
        Step = _step,
        Losses = _losses,
    });

    /// <summary>The lesser Q of K actions for each of some states: labels.</summary>
    public void MinimumQ() => _operations.MinimumQ(new()
    {
        Twin = _target,
        States = _states,
        Actions = _nextActions,
        StateCount = _rows,
        CandidateCount = Candidates,
        Q = _values,
    });

    /// <summary>V of states.</summary>
    public void Value() => _operations.Value(new() { Parameters = _value.Parameters, States = _states, Rows = _rows, Output = _values });

    /// <summary>The policy's actions for states.</summary>
    public void Act() => _operations.Act(new() { Parameters = _policy.Parameters, States = _states, Rows = _rows, Output = _actions });

    /// <summary>∂Q/∂a by the smaller of the twins.</summary>
    public void ActionGradient() => _operations.ActionGradient(new()
    {
        Twin = _target,
        States = _states,
        Actions = _nextActions,
        Rows = _rows,
        Gradient = _actions,
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var array in _arrays)
            array.Dispose();
    }

    private CriticUpdate Update => new(new AdamSettings(3e-4), _step, 0.005f);

    private TransitionBatch Batch() => new(_data, _rows, new RandomDraw(0, RandomStage.Critic, ++_step));

    private TrainedArrays Trained(MlpLayout layout) => new(
        Fill(layout.Length, () => 0.06f * Uniform()), null, Fill(layout.Length, () => 0), Fill(layout.Length, () => 0));

    private float Uniform() => (float)((2 * _random.NextDouble()) - 1);

    private DeviceArray<float> Fill(int count, Func<float> value)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = value();
        var array = _device.Upload<float>(values);
        _arrays.Add(array);
        return array;
    }
}
