namespace EDA.Kernels.Gpu;

/// <summary>
/// ∂Q/∂a as launches, slab after slab: the twins that have a say as layers of one grid, forward and back to their input. Nine
/// launches a slab.
/// </summary>
/// <param name="backend">Whose memory.</param>
/// <param name="critic">The launches of critics.</param>
/// <param name="kernels">The kernels of multi-layer perceptrons.</param>
/// <param name="layout">The critic's.</param>
internal sealed class ActionGradientPasses(GpuBackend backend, CriticPasses critic, MlpKernels kernels, CriticLayout layout) : IDisposable
{
    private const int Twins = 2;

    private readonly MlpPasses _passes = new(kernels, new MlpLayout(layout.Twin.Shape, "q"));
    private MlpWorkspace? _workspace;

    private CriticShape Shape => layout.Shape;

    /// <summary>The workspace for a batch.</summary>
    /// <param name="rows">n.</param>
    /// <param name="owner">Whose recordings know the old one.</param>
    public void Prepare(int rows, object owner)
    {
        rows = Math.Min(rows, GpuSlab.Rows);
        if (_workspace is not null && _workspace.Rows >= rows)
            return;
        backend.Synchronize();
        backend.Forget(owner);
        _workspace?.Dispose();
        _workspace = null; // should there be no memory for another
        _workspace = new MlpWorkspace(backend, layout.Twin.Shape, rows, Twins, backward: true);
    }

    /// <summary>The launches of a call that was checked, on a workspace that was prepared.</summary>
    public void Launch(in ActionGradientCall call)
    {
        var workspace = _workspace!;
        int length = layout.Twin.Length / Twins, rows = call.Rows;
        var theta = new MlpParameters((GpuArray<float>)call.Twin, call.Choice == TwinChoice.Second ? length : 0, length, call.Choice == TwinChoice.Smaller ? Twins : 1);

        // [a; s] stands where the first network's input does; both read it, and back come a gradient each in their own places.
        var (own, output, seed) = (workspace[workspace.Input], workspace[workspace.Output], workspace[workspace.OutputAdjoint]);
        for (int first = 0; first < rows; first += GpuSlab.Rows)
        {
            int count = Math.Min(GpuSlab.Rows, rows - first);
            critic.Join(own.All, Slab(call.States, first, count, Shape.StateSize), Slab(call.Actions, first, count, Shape.ActionSize), count, 1);
            _passes.Forward(workspace, theta, own with { Stride = 0 }, output, count);
            var chosen = new ChosenTwinArguments
            {
                Outputs = output.All,
                Seeds = seed.All,
                Q = call.Q is null ? output.All : Slab(call.Q, first, count, 1),
                InputsGradient = own.All,
                Gradient = Slab(call.Gradient, first, count, Shape.ActionSize),
                Stride = own.Stride,
                Networks = theta.Networks,
                HasQ = call.Q is null ? 0 : 1,
                Rows = count,
                ActionSize = Shape.ActionSize,
                InputSize = Shape.InputSize,
            };
            critic.Choose(chosen);
            _passes.Backward(workspace, theta, own, count);
            critic.Take(chosen);
        }
    }

    public void Dispose() => _workspace?.Dispose();

    private static ArrayView<float> Slab(DeviceArray<float> array, int first, int count, int width) =>
        ((GpuArray<float>)array).View.SubView((long)first * width, (long)count * width);
}
