using static EDA.Kernels.Cpu.CpuArguments;

namespace EDA.Kernels.Cpu;

/// <summary>
/// The operations of multi-layer perceptrons on the CPU: checks the arguments, then hands them to the pass that does the
/// work, for one model after the other. A pass keeps nothing from one call to the next that a result depends on.
/// </summary>
internal sealed unsafe class CpuMlpOperations<TV, TS> : IMlpOperations
    where TV : struct
    where TS : struct, ISimd<TV>
{
    private readonly WorkerPool _pool;
    private MlpInference<TV, TS>? _inference;
    private MlpGradient<TV, TS>? _gradient;
    private bool _disposed;

    public CpuMlpOperations(MlpShape shape, int models, WorkerPool pool) =>
        (Layout, Models, _pool) = (new MlpLayout(shape, IMlpOperations.NetworkName), AtLeastOne(models), pool);

    public MlpShape Shape => Layout.Shape;

    public MlpLayout Layout { get; }

    public int Models { get; }

    public void Forward(in MlpForwardCall call)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        long rows = AtLeastOne(call.Rows);
        float* parameters = Parameters(call.Parameters), inputs = Part(call.Inputs, rows * Shape.InputSize), outputs = Part(call.Outputs, rows * Shape.OutputSize);
        _inference ??= new MlpInference<TV, TS>(Layout, _pool);
        for (int m = 0; m < Models; m++)
        {
            _inference.Evaluate(parameters, inputs, rows, outputs);
            parameters += Layout.ModelStride;
            inputs += rows * Shape.InputSize;
            outputs += rows * Shape.OutputSize;
        }

        KeepAlive(this, call.Parameters, call.Inputs, call.Outputs);
    }

    public void Gradient(in MlpGradientCall call)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (call.ParametersGradient is null && call.InputsGradient is null)
            throw new ArgumentException("neither the parameters' gradient nor the inputs' is asked for", nameof(call));
        long rows = AtLeastOne(call.Rows), inputs = rows * Shape.InputSize, outputs = rows * Shape.OutputSize;
        float* theta = Parameters(call.Parameters), x = Part(call.Inputs, inputs), slope = Part(call.OutputsGradient, outputs);
        float* thetaSlope = call.ParametersGradient is null ? null : Parameters(call.ParametersGradient);
        float* inputSlope = call.InputsGradient is null ? null : Part(call.InputsGradient, inputs);
        float* y = call.Outputs is null ? null : Part(call.Outputs, outputs);
        _gradient ??= new MlpGradient<TV, TS>(Layout, _pool);
        for (int m = 0; m < Models; m++)
        {
            _gradient.Run(new MlpGradientArrays(
                theta + (m * (long)Layout.ModelStride),
                x + (m * inputs),
                rows,
                slope + (m * outputs),
                thetaSlope == null ? null : thetaSlope + (m * (long)Layout.ModelStride),
                inputSlope == null ? null : inputSlope + (m * inputs),
                y == null ? null : y + (m * outputs)));
        }

        KeepAlive(this, call.Parameters, call.Inputs, call.OutputsGradient, call.ParametersGradient, call.InputsGradient, call.Outputs);
    }

    public void Dispose()
    {
        _disposed = true;
        _inference?.Dispose();
        _gradient?.Dispose();
    }

    private float* Parameters(DeviceArray<float> array) => Pointer(array, ((Models - 1) * (long)Layout.ModelStride) + Layout.Length);

    private float* Part(DeviceArray<float> array, long count) => Pointer(array, checked(count * Models));
}
