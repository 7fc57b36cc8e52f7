using EDA.Kernels;

namespace EDA.Bench.Kernels;

/// <summary>
/// The steps whose speed is quoted, at the sizes of the published code on a 17-variable, 6-action task: arrays, weights
/// and batches are made once, so that running a step is the step alone.
/// </summary>
public sealed class BdmWorkload : IDisposable
{
    /// <summary>Rows of a pretraining step.</summary>
    public const int PretrainingRows = 2048;

    /// <summary>States of an alignment step.</summary>
    public const int AlignmentStates = 256;

    /// <summary>K.</summary>
    public const int Candidates = 16;

    /// <summary>Rows of a score.</summary>
    public const int ScoreRows = 4096;

    private readonly IBdmOperations _operations;
    private readonly List<IDisposable> _arrays = [];
    private readonly DeviceArray<float> _policy;
    private readonly DeviceArray<float> _behavior;
    private readonly DeviceArray<float> _actions;
    private readonly DeviceArray<float> _states;
    private readonly DeviceArray<float> _times;
    private readonly DeviceArray<float> _labels;
    private readonly DeviceArray<float> _gradient;
    private readonly DeviceArray<float> _noise;
    private readonly DeviceArray<float> _loss;
    private uint _step;

    /// <summary>Makes the workload of a network with random weights.</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="shape">The network.</param>
    public BdmWorkload(IDevice device, BdmShape shape)
    {
        Shape = shape;
        _operations = device.CreateBdm(shape, VarianceSchedule.Published);
        _arrays.Add(_operations);
        const int rows = AlignmentStates * Candidates;
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
        _noise = Fill(rows * shape.ActionSize, () => 0f);
        _loss = Fill(1, () => 0f);
    }

    /// <summary>The network.</summary>
    public BdmShape Shape { get; }

    /// <summary>Nominal work of <see cref="Pretraining"/>, in FLOP.</summary>
    public double PretrainingWork => 6.0 * Shape.NominalUnit * PretrainingRows;

    /// <summary>Nominal work of <see cref="Alignment"/>, in FLOP.</summary>
    public double AlignmentWork => 4.0 * Shape.NominalUnit * AlignmentStates * Candidates;

    /// <summary>Nominal work of <see cref="Score"/>, in FLOP.</summary>
    public double ScoreWork => 2.0 * Shape.NominalUnit * ScoreRows;

    /// <summary>Loss and gradient of 2048 rows, dropout 0.1.</summary>
    public void Pretraining() => _operations.DenoisingStep(
        _behavior, _actions, _states, PretrainingRows, new DenoisingDraws(new RandomDraw(0, RandomStage.Behavior, _step++), 0.1f), _gradient, _loss);

    /// <summary>Loss and gradient of 256 states with 16 candidates.</summary>
    public void Alignment() => _operations.AlignmentStep(
        _policy, _behavior, _actions, _states, _labels, AlignmentStates, Candidates, new AlignmentObjective(AlignmentLoss.Value, 1, 3), new GapDraws(new RandomDraw(0, RandomStage.Alignment, _step++)), _gradient, _loss);

    /// <summary>The score of 4096 points, each with a state and a time of its own.</summary>
    public void Score() => _operations.Score(_policy, _actions, _times, _states, ScoreRows, _noise);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var array in _arrays)
            array.Dispose();
    }
}
