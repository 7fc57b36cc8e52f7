using EDA.Engine.Diffusion;
using EDA.Kernels;

namespace EDA.Bench.Kernels;

/// <summary>How large the steps of a measurement are.</summary>
/// <param name="Shape">The network.</param>
/// <param name="PretrainingRows">Rows of a pretraining step.</param>
/// <param name="AlignmentStates">States of an alignment step.</param>
/// <param name="Candidates">K.</param>
/// <param name="ScoreRows">Rows of a score.</param>
/// <param name="SampleStates">States that a call of sampling draws K actions for.</param>
public sealed record WorkloadSize(BdmShape Shape, int PretrainingRows, int AlignmentStates, int Candidates, int ScoreRows, int SampleStates)
{
    /// <summary>The published code's sizes on a task of 17 state and 6 action variables.</summary>
    public static WorkloadSize Published { get; } = new(new BdmShape(17, 6), 2048, 256, 16, 4096, 4096);

    /// <summary>What the stand-in for a GPU gets through in seconds.</summary>
    public static WorkloadSize Small { get; } = new(new BdmShape(3, 2, 32, 1), 64, 4, 4, 64, 4);

    /// <summary>The network in words.</summary>
    public string Network => $"S = {Shape.StateSize}, A = {Shape.ActionSize}, H = {Shape.Width}, {(Shape.Blocks == 1 ? "1 block" : $"{Shape.Blocks} blocks")}";
}

/// <summary>A step of a workload.</summary>
/// <param name="Name">Its name.</param>
/// <param name="What">How large it is, in words.</param>
/// <param name="Work">Nominal work, in FLOP.</param>
/// <param name="Run">Runs it once.</param>
public sealed record WorkloadStep(string Name, string What, double Work, Action Run);

/// <summary>
/// The steps whose speed is quoted: arrays, weights and batches are made once, so that running a step is the step alone.
/// </summary>
public sealed class BdmWorkload : IDisposable
{
    private readonly IBdmOperations _operations;
    private readonly IVectorOperations _vector;
    private readonly WorkloadSize _size;
    private readonly List<IDisposable> _arrays = [];
    private readonly DeviceArray<float> _policy;
    private readonly DeviceArray<float> _behavior;
    private readonly DeviceArray<float> _actions;
    private readonly DeviceArray<float> _states;
    private readonly DeviceArray<float> _times;
    private readonly DeviceArray<float> _labels;
    private readonly DeviceArray<float> _gradient;
    private readonly DeviceArray<float> _firstMoment;
    private readonly DeviceArray<float> _secondMoment;
    private readonly DeviceArray<float> _noise;
    private readonly DeviceArray<float> _loss;
    private readonly DeviceArray<float> _samples;
    private readonly DeviceArray<float> _rows;
    private readonly DeviceArray<float> _slopes;
    private uint _step;

    /// <summary>Makes the workload of a network with random weights.</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="size">How large it is.</param>
    public BdmWorkload(IDevice device, WorkloadSize size)
    {
        _size = size;
        var shape = size.Shape;
        _operations = device.CreateBdm(shape, VarianceSchedule.Published);
        _vector = device.Vector;
        _arrays.Add(_operations);
        int rows = new[] { size.PretrainingRows, size.AlignmentStates * size.Candidates, size.ScoreRows, size.SampleStates }.Max();
        var random = new Random(0);
        DeviceArray<float> Fill(int count, Func<float> value)
        {
            float[] values = new float[count];
            for (int i = 0; i < count; i++)
                values[i] = value();
            var array = device.Upload<float>(values);
            _arrays.Add(array);
            return array;
        }

        float Uniform() => (float)((2 * random.NextDouble()) - 1);
        _policy = Fill(_operations.Layout.Length, () => 0.06f * Uniform());
        _behavior = Fill(_operations.Layout.Length, () => 0.06f * Uniform());
        _actions = Fill(rows * shape.ActionSize, Uniform);
        _states = Fill(rows * Math.Max(shape.StateSize, 1), Uniform);
        _times = Fill(rows, () => 0.001f + (0.999f * (float)random.NextDouble()));
        _labels = Fill(rows, Uniform);
        _gradient = Fill(_operations.Layout.Length, () => 0f);
        _firstMoment = Fill(_operations.Layout.Length, () => 0f);
        _secondMoment = Fill(_operations.Layout.Length, () => 0f);
        _noise = Fill(rows * shape.ActionSize, () => 0f);
        _loss = Fill(1, () => 0f);
        _samples = Fill(size.SampleStates * size.Candidates * shape.ActionSize, () => 0f);
        _rows = Fill(rows, () => 0f);
        _slopes = Fill(rows, () => 0f);
    }

    /// <summary>Every fused operation of the network but sampling, which is scores one after the other.</summary>
    public IReadOnlyList<WorkloadStep> Steps =>
    [
        new("pretraining", $"batch {_size.PretrainingRows}", 6.0 * Unit * _size.PretrainingRows, Pretraining),
        new("alignment", $"{_size.AlignmentStates} states × {_size.Candidates}", 4.0 * Unit * _size.AlignmentStates * _size.Candidates, Alignment),
        new("gaps", $"{_size.AlignmentStates} states × {_size.Candidates}", 2.0 * Unit * _size.AlignmentStates * _size.Candidates, Gaps),
        new("score", $"{_size.ScoreRows} points", 2.0 * Unit * _size.ScoreRows, Score),
        new("density", $"{_size.ScoreRows} points", Unit * (double)_size.ScoreRows, Density),
    ];

    /// <summary>Those, and what a GPU's table shows besides.</summary>
    public IReadOnlyList<WorkloadStep> AllSteps =>
    [
        .. Steps,
        new("sampling", $"{_size.SampleStates} states × {_size.Candidates}", 2.0 * Unit * DpmSolver.Published.Evaluations.Length * _size.SampleStates * _size.Candidates, Sampling),
        new("adam", $"{_operations.Layout.Length} weights", 12.0 * _operations.Layout.Length, Adam),
    ];

    private static AlignmentObjective ValueObjective => new(AlignmentLoss.Value, 1, 3);

    private long Unit => _size.Shape.NominalUnit;

    /// <summary>Loss and gradient of a pretraining batch, dropout 0.1.</summary>
    public void Pretraining() => _operations.DenoisingStep(new()
    {
        Parameters = _behavior,
        Actions = _actions,
        States = _states,
        Rows = _size.PretrainingRows,
        Draws = new(new RandomDraw(0, RandomStage.Behavior, _step++), 0.1f),
        Gradient = _gradient,
        Loss = _loss,
    });

    /// <summary>Loss and gradient of states with their candidates.</summary>
    public void Alignment() => _operations.AlignmentStep(new()
    {
        Policy = _policy,
        Behavior = _behavior,
        Batch = new()
        {
            Candidates = _actions,
            States = _states,
            StateCount = _size.AlignmentStates,
            CandidateCount = _size.Candidates,
            Draws = new(new RandomDraw(0, RandomStage.Alignment, _step++)),
        },
        Labels = _labels,
        Objective = ValueObjective,
        Gradient = _gradient,
        Loss = _loss,
    });

    /// <summary>Δ of states with their candidates.</summary>
    public void Gaps() => _operations.Gaps(new()
    {
        Policy = _policy,
        Behavior = _behavior,
        Batch = new()
        {
            Candidates = _actions,
            States = _states,
            StateCount = _size.AlignmentStates,
            CandidateCount = _size.Candidates,
            Draws = new(new RandomDraw(0, RandomStage.Alignment, _step++)),
        },
        Gaps = _rows,
    });

    /// <summary>Loss and gradient of Δ alone.</summary>
    public void Objective() => _operations.Objective(new()
    {
        Objective = ValueObjective,
        Gaps = _times,
        Labels = _labels,
        StateCount = _size.AlignmentStates,
        CandidateCount = _size.Candidates,
        GapsGradient = _slopes,
        Loss = _loss,
    });

    /// <summary>f of points, each with a state and a time of its own.</summary>
    public void Density() => _operations.Density(new()
    {
        Parameters = _policy,
        Actions = _actions,
        Times = _times,
        States = _states,
        Rows = _size.ScoreRows,
        Output = _rows,
    });

    /// <summary>The score of points, each with a state and a time of its own.</summary>
    public void Score() => _operations.Score(new()
    {
        Parameters = _policy,
        Actions = _actions,
        Times = _times,
        States = _states,
        Rows = _size.ScoreRows,
        Output = _noise,
    });

    /// <summary>K actions for each of some states: the published solver's 15 evaluations.</summary>
    public void Sampling() => _operations.Sample(new()
    {
        Parameters = _behavior,
        States = _states,
        StateCount = _size.SampleStates,
        CandidateCount = _size.Candidates,
        Table = DpmSolver.Published,
        Draw = new(0, RandomStage.Evaluation, _step++),
        Actions = _samples,
    });

    /// <summary>A step of Adam at a learning rate of 0, so that weights stay what they are.</summary>
    public void Adam() => _vector.Adam(new() { Trained = new(_policy, _gradient, _firstMoment, _secondMoment), Settings = new(0), Step = 1 });

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var array in _arrays)
            array.Dispose();
    }
}
