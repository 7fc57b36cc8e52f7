using EDA.Engine.Diffusion;
using EDA.Kernels;

namespace EDA.Engine.Baselines.Qgpo;

/// <summary>A trained guidance, as a solver's loop looks at it.</summary>
public interface IGuidance : IDisposable
{
    /// <summary>−σ_t ∇_{a_t} g(a_t, s, t), which is added to the behavior's predicted noise.</summary>
    /// <param name="call">a_t, s and t on the device, and where it goes.</param>
    /// <param name="time">t, the same for all rows.</param>
    /// <param name="noise">Overwritten [n×A].</param>
    void PredictNoise(in EvaluationCall call, in SolverEvaluation time, Span<float> noise);
}

/// <summary>A perceptron's.</summary>
public sealed class MlpGuidance : IGuidance
{
    private readonly IDevice _device;
    private readonly GuidanceShapes _shapes;
    private readonly TimeFeatures _features;
    private readonly IMlpOperations _timeOperations, _mainOperations;
    private readonly DeviceArray<float> _time, _main, _timeInput, _timeOutput;
    private readonly float[] _embedding = new float[TimeFeatures.Count];
    private DeviceArray<float>? _inputs, _inputsGradient, _ones;
    private float[] _rows = [], _rowsGradient = [], _actions = [], _states = [];

    /// <summary>Takes a perceptron out of a file of weights.</summary>
    /// <param name="device">Where it computes.</param>
    /// <param name="shapes">Its sizes.</param>
    /// <param name="weights">The file.</param>
    public MlpGuidance(IDevice device, GuidanceShapes shapes, MethodWeights weights)
    {
        (_device, _shapes, _features) = (device, shapes, TimeFeatures.Load(weights));
        (_timeOperations, _mainOperations) = (device.CreateMlp(shapes.Time.Shape), device.CreateMlp(shapes.Main.Shape));
        _time = device.Upload<float>(weights.Network(shapes.Time));
        _main = device.Upload<float>(weights.Network(shapes.Main));
        _timeInput = device.Allocate<float>(TimeFeatures.Count);
        _timeOutput = device.Allocate<float>(TimeFeatures.Count);
    }

    /// <inheritdoc/>
    public void PredictNoise(in EvaluationCall call, in SolverEvaluation time, Span<float> noise)
    {
        (int rows, int size, int width) = (call.Rows, _shapes.ActionSize, _shapes.InputSize);
        Reserve(rows);
        _features.Of(time.Time, _embedding);
        _timeInput.CopyFrom(_embedding);
        _timeOperations.Forward(new() { Parameters = _time, Inputs = _timeInput, Rows = 1, Outputs = _timeOutput });
        _timeOutput.CopyTo(_embedding);
        call.Actions.CopyTo(_actions.AsSpan(0, rows * size));
        call.States!.CopyTo(_states.AsSpan(0, rows * _shapes.StateSize));
        for (int row = 0; row < rows; row++)
        {
            var input = _rows.AsSpan(row * width, width);
            _actions.AsSpan(row * size, size).CopyTo(input);
            _embedding.CopyTo(input[size..]);
            _states.AsSpan(row * _shapes.StateSize, _shapes.StateSize).CopyTo(input[(size + TimeFeatures.Count)..]);
        }

        _inputs!.CopyFrom(_rows.AsSpan(0, rows * width));
        _mainOperations.Gradient(new() { Parameters = _main, Inputs = _inputs, Rows = rows, OutputsGradient = _ones!, InputsGradient = _inputsGradient });
        _inputsGradient!.CopyTo(_rowsGradient.AsSpan(0, rows * width));
        for (int i = 0; i < rows * size; i++)
            noise[i] = -time.Sigma * _rowsGradient[(i / size * width) + (i % size)];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var array in (DeviceArray<float>?[])[_time, _main, _timeInput, _timeOutput, _inputs, _inputsGradient, _ones])
            array?.Dispose();
        _timeOperations.Dispose();
        _mainOperations.Dispose();
    }

    private void Reserve(int rows)
    {
        if (rows * _shapes.InputSize <= _rows.Length)
            return;
        _inputs?.Dispose();
        _inputsGradient?.Dispose();
        _ones?.Dispose();
        (_rows, _rowsGradient) = (new float[rows * _shapes.InputSize], new float[rows * _shapes.InputSize]);
        (_actions, _states) = (new float[rows * _shapes.ActionSize], new float[rows * _shapes.StateSize]);
        (_inputs, _inputsGradient) = (_device.Allocate<float>(_rows.Length), _device.Allocate<float>(_rows.Length));
        _ones = _device.Upload<float>([.. Enumerable.Repeat(1f, rows)]);
    }
}

/// <summary>A diffusion network's: its own predicted noise.</summary>
public sealed class BdmGuidance : IGuidance
{
    private readonly IDevice _device;
    private readonly IBdmOperations _operations;
    private readonly DeviceArray<float> _parameters;
    private DeviceArray<float>? _noise;

    /// <summary>Takes a network out of a file of weights.</summary>
    /// <param name="device">Where it computes.</param>
    /// <param name="shape">Its sizes.</param>
    /// <param name="weights">The file.</param>
    public BdmGuidance(IDevice device, BdmShape shape, MethodWeights weights)
    {
        (_device, _operations) = (device, device.CreateBdm(shape, VarianceSchedule.Published));
        _parameters = device.Upload<float>(weights.Take(BdmGuidanceLearning.Named(_operations.Layout), _operations.Layout.Length));
    }

    /// <inheritdoc/>
    public void PredictNoise(in EvaluationCall call, in SolverEvaluation time, Span<float> noise)
    {
        if (_noise is null || _noise.Length < noise.Length)
        {
            _noise?.Dispose();
            _noise = _device.Allocate<float>(noise.Length);
        }

        _operations.Score(call with { Parameters = _parameters, Output = _noise });
        _noise.CopyTo(noise);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _parameters.Dispose();
        _noise?.Dispose();
        _operations.Dispose();
    }
}
