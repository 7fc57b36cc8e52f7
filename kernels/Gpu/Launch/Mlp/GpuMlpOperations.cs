namespace EDA.Kernels.Gpu;

/// <summary>The operations of multi-layer perceptrons as launches, slab after slab, each call recorded where the backend can replay it.</summary>
internal sealed class GpuMlpOperations : IMlpOperations
{
    private readonly GpuBackend _backend;
    private readonly MlpPasses _passes;
    private readonly GpuArguments _arguments;
    private MlpWorkspace? _forward;
    private MlpWorkspace? _backward;
    private GradientTables? _tables;
    private bool _disposed;

    public GpuMlpOperations(GpuBackend backend, MlpKernels kernels, MlpShape shape, int models)
    {
        (_backend, Models, Layout) = (backend, GpuArguments.AtLeastOne(models), new MlpLayout(shape, IMlpOperations.NetworkName));
        _arguments = new GpuArguments(backend, models);
        _passes = new MlpPasses(kernels, Layout);
    }

    public MlpShape Shape => Layout.Shape;

    public MlpLayout Layout { get; }

    public int Models { get; }

    public void Forward(in MlpForwardCall call)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        int rows = GpuArguments.AtLeastOne(call.Rows);
        CheckParameters(call.Parameters);
        CheckRows(call.Inputs, rows, Shape.InputSize);
        CheckRows(call.Outputs, rows, Shape.OutputSize);
        Prepare(ref _forward, rows, backward: false);
        _backend.Run(this, call, static (me, in call) => me.Launch(call));
    }

    public void Gradient(in MlpGradientCall call)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        call.Check();
        int rows = GpuArguments.AtLeastOne(call.Rows);
        CheckParameters(call.Parameters);
        CheckRows(call.Inputs, rows, Shape.InputSize);
        CheckRows(call.OutputsGradient, rows, Shape.OutputSize);
        if (call.ParametersGradient is not null)
            CheckParameters(call.ParametersGradient);
        if (call.InputsGradient is not null)
            CheckRows(call.InputsGradient, rows, Shape.InputSize);
        if (call.Outputs is not null)
            CheckRows(call.Outputs, rows, Shape.OutputSize);
        Prepare(ref _backward, rows, backward: true);
        _backend.Run(this, call, static (me, in call) => me.Launch(call));
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _backend.Forget(this);
        _forward?.Dispose();
        _backward?.Dispose();
        _tables?.Dispose();
    }

    private void Launch(in MlpForwardCall call)
    {
        var workspace = _forward!;
        var (theta, inputs, outputs) = (Parameters(call.Parameters), Rows(call.Inputs, call.Rows, Shape.InputSize), Rows(call.Outputs, call.Rows, Shape.OutputSize));
        for (int first = 0; first < call.Rows; first += GpuSlab.Rows)
        {
            int count = Math.Min(GpuSlab.Rows, call.Rows - first);
            _passes.Forward(workspace, theta, inputs.Slab(first, count), outputs.Slab(first, count), count);
        }
    }

    private void Launch(in MlpGradientCall call)
    {
        var workspace = _backward!;
        var (theta, inputs, outputsGradient) = (Parameters(call.Parameters), Rows(call.Inputs, call.Rows, Shape.InputSize), Rows(call.OutputsGradient, call.Rows, Shape.OutputSize));
        for (int first = 0; first < call.Rows; first += GpuSlab.Rows)
        {
            int count = Math.Min(GpuSlab.Rows, call.Rows - first);
            var x = inputs.Slab(first, count);
            if (call.ParametersGradient is not null)
                _passes.Copy(x, workspace[workspace.Input], count * Shape.InputSize, Models);
            var y = call.Outputs is null ? workspace[workspace.Output] : Rows(call.Outputs, call.Rows, Shape.OutputSize).Slab(first, count);
            _passes.Forward(workspace, theta, x, y, count);
            _passes.Seed(workspace, outputsGradient.Slab(first, count), count, Models);
            ModelView? slope = call.InputsGradient is null ? null : Rows(call.InputsGradient, call.Rows, Shape.InputSize).Slab(first, count);
            _passes.Backward(workspace, theta, slope, count);
            if (call.ParametersGradient is not null)
                _passes.ParametersGradient(workspace, _tables!, Parameters(call.ParametersGradient), count, first > 0);
        }
    }

    private MlpParameters Parameters(DeviceArray<float> array) => new((GpuArray<float>)array, 0, Layout.ModelStride, Models);

    private MlpRows Rows(DeviceArray<float> array, int rows, int columns) => new((GpuArray<float>)array, rows, columns, Models);

    private void CheckParameters(DeviceArray<float> array) => _arguments.Array(array, ((Models - 1) * (long)Layout.ModelStride) + Layout.Length);

    private void CheckRows(DeviceArray<float> array, int rows, int columns) => _arguments.Array(array, checked((long)rows * columns * Models));

    private void Prepare(ref MlpWorkspace? workspace, int rows, bool backward)
    {
        rows = Math.Min(rows, GpuSlab.Rows);
        if (workspace is not null && workspace.Rows >= rows)
            return;
        _backend.Synchronize();
        _backend.Forget(this);
        workspace?.Dispose();
        workspace = null; // should there be no memory for another
        workspace = new MlpWorkspace(_backend, Shape, rows, Models, backward);
        if (!backward)
            return;
        _tables?.Dispose();
        _tables = _passes.Tables(_backend, workspace, Models);
    }
}
