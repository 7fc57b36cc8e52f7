namespace EDA.Kernels.Gpu;

/// <summary>The operations of multi-layer perceptrons as launches, slab after slab. They depend on nothing but the call.</summary>
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
        var theta = Parameters(call.Parameters);
        var inputs = Rows(call.Inputs, rows, Shape.InputSize);
        var outputs = Rows(call.Outputs, rows, Shape.OutputSize);
        var workspace = Workspace(ref _forward, rows, backward: false);
        for (int first = 0; first < rows; first += GpuSlab.Rows)
        {
            int count = Math.Min(GpuSlab.Rows, rows - first);
            _passes.Forward(workspace, theta, inputs.Slab(first, count), outputs.Slab(first, count), count);
        }
    }

    public void Gradient(in MlpGradientCall call)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (call.ParametersGradient is null && call.InputsGradient is null)
            throw new ArgumentException("neither the parameters' gradient nor the inputs' is asked for", nameof(call));
        int rows = GpuArguments.AtLeastOne(call.Rows);
        var theta = Parameters(call.Parameters);
        var inputs = Rows(call.Inputs, rows, Shape.InputSize);
        var outputsGradient = Rows(call.OutputsGradient, rows, Shape.OutputSize);
        MlpParameters? parametersGradient = call.ParametersGradient is null ? null : Parameters(call.ParametersGradient);
        MlpRows? inputsGradient = call.InputsGradient is null ? null : Rows(call.InputsGradient, rows, Shape.InputSize);
        MlpRows? outputs = call.Outputs is null ? null : Rows(call.Outputs, rows, Shape.OutputSize);
        var workspace = Workspace(ref _backward, rows, backward: true);
        for (int first = 0; first < rows; first += GpuSlab.Rows)
        {
            int count = Math.Min(GpuSlab.Rows, rows - first);
            var x = inputs.Slab(first, count);
            if (parametersGradient is not null)
                _passes.Copy(x, workspace[workspace.Input], count * Shape.InputSize, Models);
            _passes.Forward(workspace, theta, x, outputs?.Slab(first, count) ?? workspace[workspace.Output], count);
            _passes.Seed(workspace, outputsGradient.Slab(first, count), count, Models);
            _passes.Backward(workspace, theta, inputsGradient?.Slab(first, count), count);
            if (parametersGradient is { } gradient)
                _passes.ParametersGradient(workspace, _tables!, gradient, count, first > 0);
        }
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

    private MlpParameters Parameters(DeviceArray<float> array)
    {
        long stride = Layout.ModelStride;
        return new MlpParameters(_arguments.Array(array, ((Models - 1) * stride) + Layout.Length), 0, stride, Models);
    }

    private MlpRows Rows(DeviceArray<float> array, int rows, int columns) =>
        new(_arguments.Array(array, checked((long)rows * columns * Models)), rows, columns, Models);

    private MlpWorkspace Workspace(ref MlpWorkspace? workspace, int rows, bool backward)
    {
        rows = Math.Min(rows, GpuSlab.Rows);
        if (workspace is not null && workspace.Rows >= rows)
            return workspace;
        _backend.Synchronize();
        _backend.Forget(this);
        workspace?.Dispose();
        workspace = new MlpWorkspace(_backend, Shape, rows, Models, backward);
        if (backward)
        {
            _tables?.Dispose();
            _tables = _passes.Tables(_backend, workspace, Models);
        }

        return workspace;
    }
}
