using EDA.Kernels;

namespace EDA.Bench.Kernels;

/// <summary>
/// A deterministic policy as baselines train one, [S] → H → H → A with ReLU and tanh: both its gradients. Parameters and rows
/// are made once, so that running a step is the step alone.
/// </summary>
public sealed class MlpWorkload : IDisposable
{
    private readonly Random _random = new(0);
    private readonly IDevice _device;
    private readonly IMlpOperations _operations;
    private readonly List<IDisposable> _owned = [];
    private readonly MlpGradientCall _call;
    private readonly MlpForwardCall _forward;

    /// <summary>Makes the workload of a policy with random weights.</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="shape">The sizes that the policy shares with a critic.</param>
    /// <param name="rows">Rows of a step.</param>
    public MlpWorkload(IDevice device, CriticShape shape, int rows = CriticWorkload.PublishedRows)
    {
        _device = device;
        _operations = device.CreateMlp(new MlpShape(shape.StateSize, [shape.Width, shape.Width], shape.ActionSize, MlpActivation.Relu, MlpOutput.Tanh));
        _owned.Add(_operations);
        _call = new MlpGradientCall
        {
            Parameters = Fill(_operations.Layout.Length, 0.06f),
            Inputs = Fill(rows * shape.StateSize, 1),
            Rows = rows,
            OutputsGradient = Fill(rows * shape.ActionSize, 1f / rows),
            ParametersGradient = Fill(_operations.Layout.Length, 0),
            InputsGradient = Fill(rows * shape.StateSize, 0),
        };
        _forward = new MlpForwardCall { Parameters = _call.Parameters, Inputs = _call.Inputs, Rows = rows, Outputs = Fill(rows * shape.ActionSize, 0) };
    }

    /// <summary>A line of the table: forward, back to the input, and the parameters' gradient.</summary>
    public WorkloadStep Step => new("mlp", $"batch {_call.Rows}", 3.0 * _call.Rows * _operations.Shape.ForwardWork, Gradient);

    /// <summary>The policy's actions.</summary>
    public void Forward() => _operations.Forward(_forward);

    /// <summary>Both gradients.</summary>
    public void Gradient() => _operations.Gradient(_call);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var owned in _owned)
            owned.Dispose();
    }

    private DeviceArray<float> Fill(int count, float size)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = size * (float)((2 * _random.NextDouble()) - 1);
        var array = _device.Upload<float>(values);
        _owned.Add(array);
        return array;
    }
}
