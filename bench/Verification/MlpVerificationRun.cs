using EDA.Kernels;

namespace EDA.Bench.Verification;

/// <summary>A multi-layer perceptron on a device, with layers that fill no tile: what every device gets alike, and what each makes of it.</summary>
internal sealed class MlpVerificationRun : IDisposable
{
    /// <summary>Rows of networks with ReLU, where slopes of single rows are compared.</summary>
    public const int FewRows = 64;

    private readonly IDevice _device;
    private readonly IMlpOperations _operations;
    private readonly List<IDisposable> _owned = [];
    private readonly Random _random = new(6);
    private readonly MlpGradientCall _call;
    private readonly DeviceArray<float> _outputs;

    public MlpVerificationRun(IDevice device, VerificationCase problem, MlpActivation activation)
    {
        _device = device;
        var shape = new MlpShape(
            problem.Shape.StateSize + problem.Shape.ActionSize, [problem.Shape.Width, (problem.Shape.Width / 2) + 1], problem.Shape.ActionSize, activation, MlpOutput.Tanh);

        // One unit in a million has its sum so near 0 that rounding says whether ReLU passes it, and a row's slope jumps.
        int rows = activation == MlpActivation.Relu ? Math.Min(problem.Rows, FewRows) : problem.Rows;
        _operations = device.CreateMlp(shape);
        _owned.Add(_operations);
        _outputs = Upload(Values(rows * shape.OutputSize, () => float.NaN));
        _call = new MlpGradientCall
        {
            Parameters = Upload(VerificationWeights.Mlp(_operations.Layout, Uniform)),
            Inputs = Upload(Values(rows * shape.InputSize, Uniform)),
            Rows = rows,
            OutputsGradient = Upload(Values(rows * shape.OutputSize, () => Uniform() / rows)),
            ParametersGradient = Upload(Values(_operations.Layout.Length, () => float.NaN)),
            InputsGradient = Upload(Values(rows * shape.InputSize, () => float.NaN)),
        };
    }

    /// <summary>y.</summary>
    public float[] Outputs()
    {
        _operations.Forward(new() { Parameters = _call.Parameters, Inputs = _call.Inputs, Rows = _call.Rows, Outputs = _outputs });
        _device.Synchronize();
        return _outputs.ToArray();
    }

    /// <summary>∂L/∂θ and ∂L/∂x of some slopes ∂L/∂y.</summary>
    public (float[] Parameters, float[] Inputs) Gradients()
    {
        _operations.Gradient(_call);
        _device.Synchronize();
        return (_call.ParametersGradient!.ToArray(), _call.InputsGradient!.ToArray());
    }

    public void Dispose()
    {
        foreach (var owned in _owned)
            owned.Dispose();
    }

    private static float[] Values(int count, Func<float> value)
    {
        var values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = value();
        return values;
    }

    private float Uniform() => (float)((2 * _random.NextDouble()) - 1);

    private DeviceArray<float> Upload(float[] values)
    {
        var array = _device.Upload<float>(values);
        _owned.Add(array);
        return array;
    }
}
