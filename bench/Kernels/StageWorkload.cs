using EDA.Engine.Alignment;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Kernels;

namespace EDA.Bench.Kernels;

/// <summary>
/// Steps as users get them, the engine's own stages: batch, randomness, gradient, Adam and reports. Data and models are
/// made once.
/// </summary>
internal sealed class StageWorkload : IDisposable
{
    private const int DatasetRows = 100_000;
    private const int DataStates = 20_000;

    // More steps than a measurement takes.
    private const long Endless = long.MaxValue >> 40;

    private readonly WorkloadSize _size;
    private readonly List<IDisposable> _owned = [];
    private readonly BottleneckDiffusionModel _policy;
    private readonly BottleneckDiffusionModel _behavior;
    private readonly BehaviorDataset _data;
    private readonly AlignmentBatches _alignment;
    private readonly float[] _states;

    public StageWorkload(IDevice device, WorkloadSize size)
    {
        _size = size;
        var shape = size.Shape;
        var random = new Random(3);
        _behavior = Own(BottleneckDiffusionModel.Create(device, shape, 1));
        _policy = Own(_behavior.Copy());
        _states = RandomDataset.Values(random, DatasetRows * shape.StateSize);
        _data = Own(new BehaviorDataset(device, RandomDataset.Values(random, DatasetRows * shape.ActionSize), shape.ActionSize, _states, shape.StateSize));
        _alignment = Own(AlignmentBatches.OfArrays(
            device, RandomDataset.Values(random, DataStates * size.Candidates * shape.ActionSize), RandomDataset.Values(random, DataStates * size.Candidates), shape.ActionSize, size.Candidates,
            _states[..(DataStates * shape.StateSize)], shape.StateSize));
    }

    /// <summary>A pretraining of so many steps.</summary>
    public BehaviorPretraining Pretraining(long steps) =>
        new(new PretrainingSettings { Batch = _size.PretrainingRows, Steps = steps, ReportEvery = 1000 }, _behavior, _data, 1);

    /// <summary>An alignment of so many steps.</summary>
    public PolicyAlignment Alignment(long steps) =>
        new(new AlignmentSettings { States = _size.AlignmentStates, Candidates = _size.Candidates, Steps = steps, ReportEvery = 1000 }, _policy, _behavior, _alignment, 1);

    /// <summary>K actions for each of so many states, as the alignment dataset is made; what is drawn comes back to the host.</summary>
    public void Candidates(int states)
    {
        int size = _size.Shape.StateSize, part = Math.Min(states, _states.Length / size);
        for (int first = 0; first < states; first += part)
        {
            int count = Math.Min(part, states - first);
            _behavior.Sample(count, _size.Candidates, new RandomDraw(1, RandomStage.Evaluation, (uint)first), _states.AsSpan(0, count * size));
        }
    }

    /// <summary>A step of pretraining, of one that goes on for as long as it is asked to.</summary>
    /// <param name="name">The step's name.</param>
    public WorkloadStep PretrainingStep(string name)
    {
        var stage = Own(Pretraining(Endless));
        return Stepwise(_size.Pretraining(name, () => { }), until => stage.Run(until: until));
    }

    /// <summary>A step of alignment, of one that goes on for as long as it is asked to.</summary>
    /// <param name="name">The step's name.</param>
    public WorkloadStep AlignmentStep(string name)
    {
        var stage = Own(Alignment(Endless));
        return Stepwise(_size.Alignment(name, () => { }), until => stage.Run(until: until));
    }

    public void Dispose()
    {
        for (int i = _owned.Count - 1; i >= 0; i--)
            _owned[i].Dispose();
    }

    // The loss is copied and reported at the end of a block, not at each step.
    private static WorkloadStep Stepwise(WorkloadStep step, Action<long> runUntil)
    {
        long done = 0;
        return step with { Run = () => runUntil(++done), RunMany = count => runUntil(done += count) };
    }

    private T Own<T>(T value)
        where T : IDisposable
    {
        _owned.Add(value);
        return value;
    }
}
