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
        int rows = AtLeastOne(call.Rows);
        var first = new MlpPointers
        {
            Parameters = Parameters(call.Parameters),
            Inputs = Each(call.Inputs, rows, Shape.InputSize),
            Rows = rows,
            Outputs = Each(call.Outputs, rows, Shape.OutputSize),
        };
        _inference ??= new MlpInference<TV, TS>(Layout, _pool);
        for (int m = 0; m < Models; m++)
            _inference.Evaluate(OfModel(first, m));
        KeepAlive(this, call);
    }

    public void Gradient(in MlpGradientCall call)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        call.Check();
        int rows = AtLeastOne(call.Rows);
        var first = new MlpPointers
        {
            Parameters = Parameters(call.Parameters),
            Inputs = Each(call.Inputs, rows, Shape.InputSize),
            Rows = rows,
            OutputsGradient = Each(call.OutputsGradient, rows, Shape.OutputSize),
            ParametersGradient = call.ParametersGradient is null ? null : Parameters(call.ParametersGradient),
            InputsGradient = call.InputsGradient is null ? null : Each(call.InputsGradient, rows, Shape.InputSize),
            Outputs = call.Outputs is null ? null : Each(call.Outputs, rows, Shape.OutputSize),
        };
        _gradient ??= new MlpGradient<TV, TS>(Layout, _pool);
        for (int m = 0; m < Models; m++)
            _gradient.Run(OfModel(first, m));
        KeepAlive(this, call);
    }

    public void Dispose()
    {
        _disposed = true;
        _inference?.Dispose();
        _gradient?.Dispose();
    }

    private float* Parameters(DeviceArray<float> array) => Pointer(array, ((Models - 1) * (long)Layout.ModelStride) + Layout.Length);

    // Every model's rows.
    private float* Each(DeviceArray<float> array, int rows, int columns) => Pointer(array, checked((long)rows * columns * Models));

    private MlpPointers OfModel(in MlpPointers first, int model)
    {
        long parameters = model * (long)Layout.ModelStride, inputs = model * first.Rows * Shape.InputSize, outputs = model * first.Rows * Shape.OutputSize;
        return new MlpPointers
        {
            Parameters = first.Parameters + parameters,
            Inputs = first.Inputs + inputs,
            Rows = first.Rows,
            OutputsGradient = first.OutputsGradient == null ? null : first.OutputsGradient + outputs,
            ParametersGradient = first.ParametersGradient == null ? null : first.ParametersGradient + parameters,
            InputsGradient = first.InputsGradient == null ? null : first.InputsGradient + inputs,
            Outputs = first.Outputs == null ? null : first.Outputs + outputs,
        };
    }
}
