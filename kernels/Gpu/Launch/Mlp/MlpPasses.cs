namespace EDA.Kernels.Gpu;

/// <summary>Where the parameters of equal networks stand, or their gradients.</summary>
/// <param name="All">The array.</param>
/// <param name="First">The first network's first parameter.</param>
/// <param name="Stride">From one network's to the next's.</param>
/// <param name="Networks">How many they are.</param>
internal readonly record struct MlpParameters(GpuArray<float> All, long First, long Stride, int Networks)
{
    /// <summary>A tensor of each.</summary>
    public ModelView this[ParameterSlice slice] => GpuArguments.Part(All, First + slice.Offset, slice.Length, Stride, Networks);

    /// <summary>All of each.</summary>
    public ModelView Whole(MlpLayout layout) => GpuArguments.Part(All, First, layout.Length, Stride, Networks);
}

/// <summary>
/// The passes through multi-layer perceptrons as launches, equal networks as layers of one grid: a launch a layer forward,
/// one a layer back, and three for all gradients of parameters.
/// </summary>
/// <param name="kernels">The kernels.</param>
/// <param name="layout">The order of one network's parameters.</param>
internal sealed class MlpPasses(MlpKernels kernels, MlpLayout layout)
{
    private readonly int _hiddenKind = layout.Shape.Activation switch
    {
        MlpActivation.Relu => ActivationKind.Relu,
        MlpActivation.SiLU => ActivationKind.SiLU,
        MlpActivation.Mish => ActivationKind.Mish,
        MlpActivation.Tanh => ActivationKind.Tanh,
        _ => throw new ArgumentOutOfRangeException(nameof(layout), layout.Shape.Activation, "no such activation"),
    };

    private MlpShape Shape => layout.Shape;

    private bool HasTanh => Shape.Output == MlpOutput.Tanh;

    /// <summary>destination = source, so many elements of each network.</summary>
    public void Copy(ModelView source, ModelView destination, int count, int networks) => kernels.Copy.Launch(
        ElementGrid(count, networks), new CopyArguments { Source = source, Destination = destination, Count = count }, new KernelWork(0, 8.0 * count * networks));

    /// <summary>From x to y, and the slopes that a backward pass needs where the workspace is for one.</summary>
    /// <param name="workspace">Intermediate arrays.</param>
    /// <param name="theta">The parameters.</param>
    /// <param name="inputs">x [n×in].</param>
    /// <param name="outputs">y, overwritten [n×out].</param>
    /// <param name="rows">n.</param>
    public void Forward(MlpWorkspace workspace, MlpParameters theta, ModelView inputs, ModelView outputs, int rows)
    {
        int last = Shape.Layers - 1;
        for (int l = 0; l <= last; l++)
        {
            var slices = layout.Networks[0].Layers[l];
            var output = l < last ? workspace[workspace.Hidden[l]] : outputs;
            bool hasSlope = workspace.IsBackward && (l < last || HasTanh);
            int depth = Shape.LayerInput(l), columns = Shape.LayerOutput(l);
            kernels.Layer.Launch(
                new ProductArguments<LayerEpilogue>
                {
                    Left = l == 0 ? inputs : workspace[workspace.Hidden[l - 1]],
                    Right = theta[slices.Weight],
                    LeftRowStride = depth,
                    RightRowStride = depth,
                    RightDepthStride = 1,
                    Rows = rows,
                    Columns = columns,
                    Depth = depth,
                    Epilogue = new LayerEpilogue
                    {
                        Output = output,
                        Slope = hasSlope ? workspace[l < last ? workspace.Slope[l] : workspace.OutputSlope] : output,
                        Bias = theta[slices.Bias],
                        Activation = l < last ? _hiddenKind : HasTanh ? ActivationKind.Tanh : ActivationKind.Identity,
                        HasSlope = hasSlope ? 1 : 0,
                    },
                },
                theta.Networks,
                ProductWork(rows, columns, depth, theta.Networks));
        }
    }

    /// <summary>From ∂L/∂y to ∂L/∂z of the last layer.</summary>
    /// <param name="workspace">As the forward pass left it.</param>
    /// <param name="outputsGradient">∂L/∂y [n×out].</param>
    /// <param name="rows">n.</param>
    /// <param name="networks">How many networks there are.</param>
    public void Seed(MlpWorkspace workspace, ModelView outputsGradient, int rows, int networks)
    {
        int count = rows * Shape.OutputSize;
        kernels.Seed.Launch(
            ElementGrid(count, networks),
            new MlpSeedArguments
            {
                OutputsGradient = outputsGradient,
                Slope = workspace[workspace.OutputSlope],
                Adjoint = workspace[workspace.OutputAdjoint],
                Count = count,
                HasSlope = HasTanh ? 1 : 0,
            },
            new KernelWork(count * networks, (HasTanh ? 12.0 : 8.0) * count * networks));
    }

    /// <summary>From ∂L/∂z of the last layer to that of every other, and to ∂L/∂x where it is wanted.</summary>
    /// <param name="workspace">As the forward pass and the seed left it.</param>
    /// <param name="theta">The parameters.</param>
    /// <param name="inputsGradient">∂L/∂x, overwritten [n×in]; null for nowhere.</param>
    /// <param name="rows">n.</param>
    public void Backward(MlpWorkspace workspace, MlpParameters theta, ModelView? inputsGradient, int rows)
    {
        for (int l = Shape.Layers - 1; l > 0; l--)
        {
            // In the place of the slope, element by element.
            var slope = workspace[workspace.Slope[l - 1]];
            Back(kernels.LayerBackward, workspace, theta, l, rows, new SlopeEpilogue { Output = slope, Slope = slope, Curvature = slope, HasCurvature = 0 });
        }

        if (inputsGradient is { } wanted)
            Back(kernels.Store, workspace, theta, 0, rows, new StoreEpilogue { Output = wanted, Bias = wanted, HasBias = 0 });
    }

    /// <summary>From a slab's ∂L/∂z to the gradients of all parameters.</summary>
    /// <param name="workspace">As the backward pass left it, the input in its place.</param>
    /// <param name="tables">What is summed.</param>
    /// <param name="gradient">∂L/∂θ.</param>
    /// <param name="rows">n.</param>
    /// <param name="accumulates">Whether earlier slabs stand in the gradient.</param>
    public void ParametersGradient(MlpWorkspace workspace, GradientTables tables, MlpParameters gradient, int rows, bool accumulates)
    {
        int networks = gradient.Networks;
        var result = gradient.Whole(layout);
        tables.Kernel.Launch(
            new GridSize((int)tables.Tiles.Length, 1, networks),
            new WeightGradientArguments
            {
                Workspace = workspace.All,
                Gradient = result,
                Tiles = tables.Tiles.View,
                Rows = rows,
                Conditions = rows,
                Accumulates = accumulates ? 1 : 0,
                Scale = 1,
            },
            new KernelWork((double)networks * rows * Shape.ForwardWork, 4.0 * networks * layout.Length));
        tables.Launch(kernels.Sums, kernels.SumsEnd, new ColumnSumArguments
        {
            Workspace = workspace.All,
            Gradient = result,
            Loss = result, // no task sums losses
            Rows = rows,
            Conditions = rows,
            Accumulates = accumulates ? 1 : 0,
            Scale = 1,
            LossCount = 1,
        });
    }

    /// <summary>What <see cref="ParametersGradient"/> sums.</summary>
    public GradientTables Tables(GpuBackend backend, MlpWorkspace workspace, int networks)
    {
        int widest = Enumerable.Range(0, Shape.Layers).MaxBy(l => (long)Shape.LayerInput(l) * Shape.LayerOutput(l));
        var writer = GradientTableWriter.For(kernels.WeightGradient, networks, Shape.LayerOutput(widest), Shape.LayerInput(widest));
        for (int l = 0; l < Shape.Layers; l++)
        {
            var (slices, adjoint, inputs) = (layout.Networks[0].Layers[l], workspace.Adjoint(l), Shape.LayerInput(l));
            writer.AddTiles(adjoint, l == 0 ? workspace.Input : workspace.Hidden[l - 1], null, inputs, slices.Weight.Offset, inputs, 1, true, false);
            writer.AddSums(adjoint, slices.Bias.Offset, SumTarget.Gradient, SumRows.Candidate);
        }

        return new GradientTables(backend, writer, workspace.Rows, networks);
    }

    private static KernelWork ProductWork(int rows, int columns, int depth, int networks) =>
        new(2.0 * rows * columns * depth * networks, 4.0 * networks * (((double)rows * depth) + ((double)columns * depth) + ((double)rows * columns)));

    private static GridSize ElementGrid(int count, int networks) => new((count + VectorKernel.GroupSize - 1) / VectorKernel.GroupSize, 1, networks);

    // Times the transpose of a layer's weights.
    private void Back<TEpilogue>(LoadedProduct<TEpilogue> product, MlpWorkspace workspace, MlpParameters theta, int layer, int rows, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        int depth = Shape.LayerOutput(layer), columns = Shape.LayerInput(layer);
        product.Launch(
            new ProductArguments<TEpilogue>
            {
                Left = workspace[workspace.Adjoint(layer)],
                Right = theta[layout.Networks[0].Layers[layer].Weight],
                LeftRowStride = depth,
                RightRowStride = 1,
                RightDepthStride = columns,
                Rows = rows,
                Columns = columns,
                Depth = depth,
                Epilogue = epilogue,
            },
            theta.Networks,
            ProductWork(rows, columns, depth, theta.Networks));
    }
}
