using EDA.Bench.Kernels;
using EDA.Engine.Alignment;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Kernels;

namespace EDA.Bench.Steps;

/// <summary>
/// Steps as users get them, the engine's own stages: batch, randomness, gradient, Adam and reports. Data and models are
/// made once; a step's own arrays when it is opened.
/// </summary>
internal sealed class StepSource : IDisposable
{
    private const int DatasetRows = 100_000;
    private const int DataStates = 20_000;

    private readonly IDevice _device;
    private readonly WorkloadSize _size;
    private readonly List<IDisposable> _owned = [];
    private readonly BottleneckDiffusionModel _policy;
    private readonly BehaviorDataset _data;
    private readonly AlignmentBatches _alignment;

    public StepSource(IDevice device, WorkloadSize size)
    {
        (_device, _size) = (device, size);
        var shape = size.Shape;
        var random = new Random(3);
        Behavior = Own(BottleneckDiffusionModel.Create(device, shape, 1));
        _policy = Own(Behavior.Copy());
        States = Values(random, DatasetRows * shape.StateSize);
        _data = Own(new BehaviorDataset(device, Values(random, DatasetRows * shape.ActionSize), shape.ActionSize, States, shape.StateSize));
        _alignment = Own(AlignmentBatches.OfArrays(
            device, Values(random, DataStates * size.Candidates * shape.ActionSize), Values(random, DataStates * size.Candidates), shape.ActionSize, size.Candidates,
            States[..(DataStates * shape.StateSize)], shape.StateSize));
    }

    /// <summary>The steps' names, those of every program that is compared.</summary>
    public static IReadOnlyList<string> Names { get; } = ["pretraining_step", "alignment_step", "iql_step", "score", "sampling"];

    /// <summary>The model that is pretrained and sampled.</summary>
    public BottleneckDiffusionModel Behavior { get; }

    /// <summary>The states of the dataset [N×S].</summary>
    public float[] States { get; }

    /// <summary>Opens a step by its name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <returns>The step, owned by the caller, who opens one at a time.</returns>
    /// <exception cref="ArgumentException">There is no such step.</exception>
    public OpenStep Open(string name)
    {
        switch (name)
        {
            case "pretraining_step":
                var pretraining = Pretraining(Endless);
                return new OpenStep(Nominal("pretraining"), Until(until => pretraining.Run(until: until)), pretraining);
            case "alignment_step":
                var alignment = Alignment(Endless);
                return new OpenStep(Nominal("alignment"), Until(until => alignment.Run(until: until)), alignment);
            case "score" or "sampling":
                var bdm = new BdmWorkload(_device, _size);
                var step = bdm.AllSteps.Single(each => each.Name == name);
                return new OpenStep(step.Work, Repeated(step.Run), bdm);
            case "iql_step":
                // A whole step of implicit Q-learning is one operation: batch, V, twins, Adam, target.
                var critic = new CriticWorkload(_device, new CriticShape(_size.Shape.StateSize, _size.Shape.ActionSize, _size.Shape.Width));
                return new OpenStep(critic.ImplicitWork, Repeated(critic.ImplicitStep), critic);
            default:
                throw new ArgumentException($"'{name}' is no step; allowed are {string.Join(", ", Names)}", nameof(name));
        }
    }

    /// <summary>A pretraining of so many steps.</summary>
    public BehaviorPretraining Pretraining(long steps) =>
        new(new PretrainingSettings { Batch = _size.PretrainingRows, Steps = steps, ReportEvery = 1000 }, Behavior, _data, 1);

    /// <summary>An alignment of so many steps.</summary>
    public PolicyAlignment Alignment(long steps) =>
        new(new AlignmentSettings { States = _size.AlignmentStates, Candidates = _size.Candidates, Steps = steps, ReportEvery = 1000 }, _policy, Behavior, _alignment, 1);

    public void Dispose()
    {
        foreach (var owned in _owned)
            owned.Dispose();
    }

    // More steps than anybody waits for.
    private static long Endless => long.MaxValue >> 40;

    // Method, section 3: 6 units a pretraining row, 4 an alignment candidate.
    private double Nominal(string stage) => _size.Shape.NominalUnit * (stage == "pretraining" ? 6.0 * _size.PretrainingRows : 4.0 * _size.AlignmentStates * _size.Candidates);

    private static Action<int> Until(Action<long> runUntil)
    {
        long done = 0;
        return count => runUntil(done += count);
    }

    private static Action<int> Repeated(Action run) => count =>
    {
        for (int i = 0; i < count; i++)
            run();
    };

    private static float[] Values(Random random, int count)
    {
        var values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = (float)((2 * random.NextDouble()) - 1);
        return values;
    }

    private T Own<T>(T value)
        where T : IDisposable
    {
        _owned.Add(value);
        return value;
    }
}

/// <summary>A step that can be run.</summary>
/// <param name="Work">Nominal work, in FLOP.</param>
/// <param name="Run">Runs it so many times; the device may still be at it when this returns.</param>
/// <param name="Owned">What goes with it.</param>
internal sealed record OpenStep(double Work, Action<int> Run, IDisposable Owned) : IDisposable
{
    public void Dispose() => Owned.Dispose();
}
