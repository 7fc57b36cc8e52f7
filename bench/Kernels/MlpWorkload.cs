using EDA.Bench.Verification;
using EDA.Kernels;

namespace EDA.Bench.Kernels;

/// <summary>A multi-layer perceptron, as baselines train their policies: forward, and both gradients.</summary>
public sealed class MlpWorkload : WorkloadArrays
{
    private readonly MlpGradientCall _call;
    private readonly DeviceArray<float> _outputs;

    /// <summary>Makes the workload of a network with random weights.</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="shape">The network.</param>
    /// <param name="rows">Rows of a step.</param>
    public MlpWorkload(IDevice device, MlpShape shape, int rows)
        : base(device, 6)
    {
        Operations = Own(device.CreateMlp(shape));
        _outputs = Unwritten(rows * shape.OutputSize);
        _call = new MlpGradientCall
        {
            Parameters = Upload(VerificationWeights.Mlp(Operations.Layout, Uniform)),
            Inputs = Fill(rows * shape.InputSize, Uniform),
            Rows = rows,
            OutputsGradient = Fill(rows * shape.OutputSize, () => Uniform() / rows),
            ParametersGradient = Unwritten(Operations.Layout.Length),
            InputsGradient = Unwritten(rows * shape.InputSize),
        };
    }

    /// <summary>A line of the table: forward, back to the input, and the parameters' gradient.</summary>
    public WorkloadStep Step => new("mlp", $"batch {_call.Rows}", 3.0 * _call.Rows * Operations.Shape.ForwardWork, Gradient);

    private IMlpOperations Operations { get; }

    /// <summary>What the network gives.</summary>
    public void Forward() => Operations.Forward(new() { Parameters = _call.Parameters, Inputs = _call.Inputs, Rows = _call.Rows, Outputs = _outputs });

    /// <summary>Both gradients.</summary>
    public void Gradient() => Operations.Gradient(_call);

    /// <summary>What the network gives, as numbers.</summary>
    /// <returns>y [n×out].</returns>
    public float[] Outputs()
    {
        Forward();
        Device.Synchronize();
        return _outputs.ToArray();
    }

    /// <summary>Both gradients as numbers, of some slopes ∂L/∂y.</summary>
    /// <returns>∂L/∂θ and ∂L/∂x.</returns>
    public (float[] Parameters, float[] Inputs) Gradients()
    {
        Gradient();
        Device.Synchronize();
        return (_call.ParametersGradient!.ToArray(), _call.InputsGradient!.ToArray());
    }
}
