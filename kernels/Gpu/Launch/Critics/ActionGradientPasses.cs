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
        _workspace = new MlpWorkspace(backend, layout.Twin.Shape, rows, Twins, backward: true);
    }

    /// <summary>Differentiates a prepared batch.</summary>
    public void Evaluate(GpuArray<float> twin, GpuArray<float> states, GpuArray<float> actions, int rows, TwinChoice choice, GpuArray<float> gradient, GpuArray<float>? q)
    {
        var workspace = _workspace!;
        int length = layout.Twin.Length / Twins;
        var theta = new MlpParameters(twin, choice == TwinChoice.Second ? length : 0, length, choice == TwinChoice.Smaller ? Twins : 1);

        // [a; s] stands where the first network's input does; both read it, and back come a gradient each in their own places.
        var (own, output, seed) = (workspace[workspace.Input], workspace[workspace.Output], workspace[workspace.OutputAdjoint]);
        for (int first = 0; first < rows; first += GpuSlab.Rows)
        {
            int count = Math.Min(GpuSlab.Rows, rows - first);
            critic.Join(own.All, Slab(states, first, count, Shape.StateSize), Slab(actions, first, count, Shape.ActionSize), count, 1);
            _passes.Forward(workspace, theta, own with { Stride = 0 }, output, count);
            var chosen = new ChosenTwinArguments
            {
                Outputs = output.All,
                Seeds = seed.All,
                Q = q is null ? output.All : Slab(q, first, count, 1),
                InputsGradient = own.All,
                Gradient = Slab(gradient, first, count, Shape.ActionSize),
                Stride = own.Stride,
                Networks = theta.Networks,
                HasQ = q is null ? 0 : 1,
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

    private static ArrayView<float> Slab(GpuArray<float> array, int first, int count, int width) => array.View.SubView((long)first * width, (long)count * width);
}
