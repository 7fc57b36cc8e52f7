namespace EDA.Kernels.Gpu;

/// <summary>
/// The passes through critics' networks as launches; equal networks, the twins, go as layers of one grid. 8 launches
/// an implicit step.
/// </summary>
/// <param name="kernels">The kernels.</param>
/// <param name="layout">The order of the parameters.</param>
/// <param name="draw">Where a step's random stream stands.</param>
internal sealed class CriticPasses(CriticKernels kernels, CriticLayout layout, DrawView draw)
{
    private const int Twins = 2;

    private int StateSize => layout.Shape.StateSize;

    private int ActionSize => layout.Shape.ActionSize;

    private int InputSize => layout.Shape.InputSize;

    /// <summary>A batch's rows, drawn unless they are given.</summary>
    public void Rows(CriticBuffers buffers, CriticRowsArguments rows)
    {
        rows.BatchStates = buffers[buffers.States];
        rows.Inputs = buffers[buffers.Inputs];
        rows.Returns = buffers[buffers.Returns];
        rows.Draw = draw;
        rows.StateSize = StateSize;
        rows.ActionSize = ActionSize;
        kernels.Rows.Launch(WarpGrid(rows.Rows), rows, new KernelWork(0, 8.0 * rows.Rows * ((3 * StateSize) + (2 * ActionSize) + 2)));
    }

    /// <summary>K actions beside each state.</summary>
    public void Join(CriticBuffers buffers, ArrayView<float> states, ArrayView<float> actions, int rows, int candidates) =>
        Join(buffers[buffers.Joined], states, actions, rows, candidates);

    /// <summary>The same, to any place.</summary>
    public void Join(ArrayView<float> inputs, ArrayView<float> states, ArrayView<float> actions, int rows, int candidates) => kernels.Join.Launch(
        ElementGrid(rows * InputSize),
        new JoinRowsArguments
        {
            States = states,
            Actions = actions,
            Inputs = inputs,
            Rows = rows,
            Candidates = candidates,
            StateSize = StateSize,
            ActionSize = ActionSize,
        },
        new KernelWork(0, 8.0 * rows * InputSize));

    /// <summary>Both hidden layers and the output of equal networks.</summary>
    public void Forward(CriticBuffers buffers, MlpLayout mlp, MlpBuffers at, GpuArray<float> parameters, Region input, int rows, bool hasTanh = false)
    {
        Hidden(buffers, mlp, at, parameters, input, rows);
        var head = Head(buffers, mlp, at, parameters, rows);
        head.HasTanh = hasTanh ? 1 : 0;
        kernels.Head.Launch(WarpGrid(rows, mlp.Networks.Count), head, HeadWork(mlp, rows));
    }

    /// <summary>Both hidden layers of equal networks.</summary>
    public void Hidden(CriticBuffers buffers, MlpLayout mlp, MlpBuffers at, GpuArray<float> parameters, Region input, int rows)
    {
        int width = mlp.Shape.HiddenWidths[0], networks = mlp.Networks.Count;
        var network = mlp.Networks[0];
        kernels.Layer.Launch(
            Layer(Shared(buffers, input), mlp.InputSize, Of(mlp, parameters, network.Layers[0].Weight), mlp.InputSize, 1, rows, width, mlp.InputSize, new ReluEpilogue
            {
                Hidden = buffers.Of(at.Hidden1),
                Bias = Of(mlp, parameters, network.Layers[0].Bias),
            }),
            networks,
            ProductWork(rows, width, mlp.InputSize, networks));
        kernels.Layer.Launch(
            Layer(buffers.Of(at.Hidden1), width, Of(mlp, parameters, network.Layers[1].Weight), width, 1, rows, width, width, new ReluEpilogue
            {
                Hidden = buffers.Of(at.Hidden2),
                Bias = Of(mlp, parameters, network.Layers[1].Bias),
            }),
            networks,
            ProductWork(rows, width, width, networks));
    }

    /// <summary>Both hidden layers of V, of s and s', the twins and the target twins: two launches, or six where tiles are many enough to be large.</summary>
    public void ImplicitHidden(CriticBuffers buffers, GpuArray<float> value, GpuArray<float> twin, GpuArray<float> target, int rows)
    {
        if (IsLarge(2 * (1 + Twins), rows))
        {
            Hidden(buffers, layout.Value, buffers.Value, value, buffers.States, 2 * rows);
            Hidden(buffers, layout.Twin, buffers.Target, target, buffers.Inputs, rows);
            Hidden(buffers, layout.Twin, buffers.Twin, twin, buffers.Inputs, rows);
            return;
        }

        int width = layout.Shape.Width;
        var (first, second) = (layout.Value.Networks[0].Layers[0], layout.Value.Networks[0].Layers[1]);
        var input = Shared(buffers, buffers.Inputs);
        Together(
            kernels.Layers,
            new CriticLayersArguments
            {
                Value = new()
                {
                    Input = Halves(buffers, buffers.States, rows),
                    Weight = Of(layout.Value, value, first.Weight),
                    Other = Of(layout.Value, value, first.Bias),
                    Output = Halves(buffers, buffers.Value.Hidden1[0], rows),
                    Depth = StateSize,
                    Networks = 2,
                },
                Twin = Layer(layout.Twin, twin, 0, input, buffers.Of(buffers.Twin.Hidden1)),
                Target = Layer(layout.Twin, target, 0, input, buffers.Of(buffers.Target.Hidden1)),
            },
            rows);
        Together(
            kernels.Layers,
            new CriticLayersArguments
            {
                Value = new()
                {
                    Input = Halves(buffers, buffers.Value.Hidden1[0], rows),
                    Weight = Of(layout.Value, value, second.Weight),
                    Other = Of(layout.Value, value, second.Bias),
                    Output = Halves(buffers, buffers.Value.Hidden2[0], rows),
                    Depth = width,
                    Networks = 2,
                },
                Twin = Layer(layout.Twin, twin, 1, buffers.Of(buffers.Twin.Hidden1), buffers.Of(buffers.Twin.Hidden2)),
                Target = Layer(layout.Twin, target, 1, buffers.Of(buffers.Target.Hidden1), buffers.Of(buffers.Target.Hidden2)),
            },
            rows);
    }

    /// <summary>From ∂L/∂output to the gradients of all parameters; the losses of the table are taken along.</summary>
    public void Backward(
        CriticBuffers buffers, MlpLayout mlp, MlpBuffers at, GpuArray<float> parameters, GradientTables tables, DeviceArray<float> gradient, ModelView losses, int rows, int batchRows, bool accumulates)
    {
        kernels.HeadBackward.Launch(WarpGrid(rows, mlp.Networks.Count), Head(buffers, mlp, at, parameters, rows), HeadWork(mlp, rows));
        HiddenBackward(buffers, mlp, at, parameters, rows);
        var array = (GpuArray<float>)gradient;
        Gradients(buffers, tables, GpuArguments.Part(array, 0, array.Length, 0, models: 1), losses, rows, batchRows, accumulates, GradientWork(mlp, rows));
    }

    /// <summary>Implicit Q-learning's losses, and the way back to the adjoints of the second hidden layers.</summary>
    public void ImplicitHead(CriticBuffers buffers, GpuArray<float> value, GpuArray<float> twin, GpuArray<float> target, int rows, int batchRows, float expectile)
    {
        int width = layout.Shape.Width;
        kernels.ImplicitHead.Launch(
            WarpGrid(rows),
            new ImplicitHeadArguments
            {
                Value = CriticHead(buffers, layout.Value, buffers.Value, value),
                Target = CriticHead(buffers, layout.Twin, buffers.Target, target),
                Twin = CriticHead(buffers, layout.Twin, buffers.Twin, twin),
                Returns = buffers[buffers.Returns],
                Losses = buffers[buffers.Losses],
                Rows = rows,
                BatchRows = batchRows,
                Width = width,
                Expectile = expectile,
            },
            new KernelWork(18.0 * rows * width, 36.0 * rows * width));
    }

    /// <summary>From the adjoints of the second hidden layers to the gradients of V and the twins, which stay in the workspace; the losses are taken along.</summary>
    public void ImplicitBackward(
        CriticBuffers buffers, GpuArray<float> value, GpuArray<float> twin, GradientTables tables, ModelView losses, int rows, int batchRows, bool accumulates)
    {
        if (IsLarge(1 + Twins, rows))
        {
            HiddenBackward(buffers, layout.Value, buffers.Value, value, rows);
            HiddenBackward(buffers, layout.Twin, buffers.Twin, twin, rows);
        }
        else
        {
            Together(
                kernels.LayersBackward,
                new CriticLayersArguments { Value = LayerBackward(buffers, layout.Value, buffers.Value, value), Twin = LayerBackward(buffers, layout.Twin, buffers.Twin, twin) },
                rows);
        }

        var (first, second) = (GradientWork(layout.Value, rows), GradientWork(layout.Twin, rows));
        Gradients(buffers, tables, buffers.All, losses, rows, batchRows, accumulates, new KernelWork(first.Flop + second.Flop, first.Bytes + second.Bytes));
    }

    /// <summary>V, the twins and the target twins move, and so does the random stream.</summary>
    public void Move(in MoveCriticArguments arguments)
    {
        int values = arguments.Value.Parameters.IntLength, twins = arguments.Twin.Parameters.IntLength;
        kernels.Move.Launch(ElementGrid(values + twins), arguments, new KernelWork((12.0 * values) + (15.0 * twins), (28.0 * values) + (36.0 * twins)));
    }

    /// <summary>Losses and their slopes, of one kind or another.</summary>
    public void Seed(CriticBuffers buffers, LoadedKernel<CriticSeedArguments> kernel, CriticSeedArguments seed, int candidates)
    {
        seed.Returns = buffers[buffers.Returns];
        seed.Values = buffers[buffers.Value.Output[0]];
        seed.Targets = buffers.Of(buffers.Target.Output).All;
        seed.TargetStride = buffers.Target.Output[1].Offset - buffers.Target.Output[0].Offset;
        seed.Twins = buffers.Of(buffers.Twin.Output).All;
        seed.TwinSeed = buffers.Of(buffers.Twin.Seed).All;
        seed.TwinStride = buffers.Twin.Output[1].Offset - buffers.Twin.Output[0].Offset;
        seed.Outputs = buffers[buffers.Policy.Output[0]];
        seed.OutputSeed = buffers[buffers.Policy.Seed[0]];
        seed.Inputs = buffers[buffers.Inputs];
        seed.Losses = buffers[buffers.Losses];
        seed.Candidates = candidates;
        seed.ActionSize = ActionSize;
        seed.StateSize = StateSize;
        kernel.Launch(ElementGrid(seed.Rows), seed, new KernelWork(40.0 * seed.Rows * candidates, 4.0 * seed.Rows * (12 + (2 * candidates))));
    }

    /// <summary>min(Q₁, Q₂) of what the target twins' networks gave.</summary>
    public void Smaller(CriticBuffers buffers, ArrayView<float> smaller, int rows) => kernels.Smaller.Launch(
        ElementGrid(rows),
        new SmallerOfTwinsArguments
        {
            Twins = buffers.Of(buffers.Target.Output).All,
            Smaller = smaller,
            Rows = rows,
            Stride = buffers.Target.Output[1].Offset - buffers.Target.Output[0].Offset,
        },
        new KernelWork(rows, 12.0 * rows));

    /// <summary>Which twin counts, and Q.</summary>
    public void Choose(in ChosenTwinArguments chosen) => kernels.ChooseTwin.Launch(
        ElementGrid(chosen.Rows), chosen, new KernelWork(chosen.Rows, (4.0 + (8 * chosen.Networks)) * chosen.Rows));

    /// <summary>∂Q/∂a of the twin that counts.</summary>
    public void Take(in ChosenTwinArguments chosen) => kernels.ChosenActionGradient.Launch(
        ElementGrid(chosen.Rows * chosen.ActionSize), chosen, new KernelWork(0, 12.0 * chosen.Rows * chosen.ActionSize));

    /// <summary>destination = source.</summary>
    public void Copy(ArrayView<float> source, ArrayView<float> destination, int count) => kernels.Copy.Launch(
        ElementGrid(count), new CopyArguments { Source = All(source), Destination = All(destination), Count = count }, new KernelWork(0, 8.0 * count));

    private static ModelView All(ArrayView<float> view) => new() { All = view, Stride = 0, Length = view.Length };

    // The same input for every network.
    private static ModelView Shared(CriticBuffers buffers, Region input) => new()
    {
        All = buffers[input],
        Stride = 0,
        Length = (long)input.Rows * input.Columns,
        IsAligned = 1,
    };

    // A slice of each of the equal networks, which follow one another.
    private static ModelView Of(MlpLayout mlp, GpuArray<float> parameters, ParameterSlice first) =>
        GpuArguments.Part(parameters, first.Offset, first.Length, mlp.Length / mlp.Networks.Count, mlp.Networks.Count);

    // s and s' as if V were two networks with the same parameters.
    private static ModelView Halves(CriticBuffers buffers, Region region, int rows)
    {
        long length = (long)rows * region.Columns;
        return new ModelView { All = buffers[region], Stride = length, Length = length, IsAligned = length % 4 == 0 ? 1 : 0 };
    }

    private static CriticLayer Layer(MlpLayout mlp, GpuArray<float> parameters, int layer, ModelView input, ModelView output)
    {
        var slices = mlp.Networks[0].Layers[layer];
        return new()
        {
            Input = input,
            Weight = Of(mlp, parameters, slices.Weight),
            Other = Of(mlp, parameters, slices.Bias),
            Output = output,
            Depth = layer == 0 ? mlp.InputSize : mlp.Shape.HiddenWidths[0],
            Networks = mlp.Networks.Count,
        };
    }

    private static CriticLayer LayerBackward(CriticBuffers buffers, MlpLayout mlp, MlpBuffers at, GpuArray<float> parameters) => new()
    {
        Input = buffers.Of(at.Adjoint2),
        Weight = Of(mlp, parameters, mlp.Networks[0].Layers[1].Weight),
        Other = buffers.Of(at.Hidden1),
        Output = buffers.Of(at.Adjoint1),
        Depth = mlp.Shape.HiddenWidths[0],
        Networks = mlp.Networks.Count,
    };

    // Whether so many networks' layers have tiles enough to be large: then a launch each is the better way.
    private bool IsLarge(int networks, int rows)
    {
        var large = new TileSize(ProductTile.Size, ProductTile.Size);
        return TileChoice.IsLarge(large, networks * large.Count(rows, layout.Shape.Width));
    }

    private void Together(LoadedKernel<CriticLayersArguments> kernel, CriticLayersArguments layers, int rows)
    {
        (layers.Rows, layers.Width) = (rows, layout.Shape.Width);
        double flop = 0, bytes = 0;
        foreach (var layer in (ReadOnlySpan<CriticLayer>)[layers.Value, layers.Twin, layers.Target])
        {
            var work = ProductWork(rows, layers.Width, layer.Depth, layer.Networks);
            (flop, bytes) = (flop + work.Flop, bytes + work.Bytes);
        }

        Fp32SmallProduct product = default;
        var tile = new TileSize(product.TileRows, product.TileColumns);
        int networks = layers.Value.Networks + layers.Twin.Networks + layers.Target.Networks;
        kernel.Launch(new GridSize(tile.Down(rows), tile.Across(layers.Width), networks), layers, new KernelWork(flop, bytes));
    }

    private void HiddenBackward(CriticBuffers buffers, MlpLayout mlp, MlpBuffers at, GpuArray<float> parameters, int rows)
    {
        int width = mlp.Shape.HiddenWidths[0], networks = mlp.Networks.Count;
        kernels.LayerBackward.Launch(
            Layer(buffers.Of(at.Adjoint2), width, Of(mlp, parameters, mlp.Networks[0].Layers[1].Weight), 1, width, rows, width, width, new ReluBackwardEpilogue
            {
                Output = buffers.Of(at.Adjoint1),
                Hidden = buffers.Of(at.Hidden1),
            }),
            networks,
            ProductWork(rows, width, width, networks));
    }

    private void Gradients(
        CriticBuffers buffers, GradientTables tables, ModelView gradient, ModelView losses, int rows, int batchRows, bool accumulates, KernelWork work)
    {
        tables.Kernel.Launch(
            new GridSize((int)tables.Tiles.Length),
            new WeightGradientArguments
            {
                Workspace = buffers.All,
                Gradient = gradient,
                Tiles = tables.Tiles.View,
                Rows = rows,
                Conditions = rows,
                Accumulates = accumulates ? 1 : 0,
                Scale = 1,
            },
            work);
        tables.Launch(kernels.Sums, kernels.SumsEnd, new ColumnSumArguments
        {
            Workspace = buffers.All,
            Gradient = gradient,
            Loss = losses,
            Rows = rows,
            Conditions = rows,
            Accumulates = accumulates ? 1 : 0,
            Scale = 1,
            LossCount = batchRows,
        });
    }

    private static CriticHead CriticHead(CriticBuffers buffers, MlpLayout mlp, MlpBuffers at, GpuArray<float> parameters) => new()
    {
        Hidden = buffers.Of(at.Hidden2),
        Weight = Of(mlp, parameters, mlp.Networks[0].Layers[2].Weight),
        Bias = Of(mlp, parameters, mlp.Networks[0].Layers[2].Bias),
        Seed = buffers.Of(at.Seed),
        Adjoint = buffers.Of(at.Adjoint2),
    };

    private static MlpHeadArguments Head(CriticBuffers buffers, MlpLayout mlp, MlpBuffers at, GpuArray<float> parameters, int rows) => new()
    {
        Hidden = buffers.Of(at.Hidden2),
        Weight = Of(mlp, parameters, mlp.Networks[0].Layers[2].Weight),
        Bias = Of(mlp, parameters, mlp.Networks[0].Layers[2].Bias),
        Output = buffers.Of(at.Output),
        Seed = buffers.Of(at.Seed),
        Adjoint = buffers.Of(at.Adjoint2),
        Rows = rows,
        Width = mlp.Shape.HiddenWidths[0],
        Outputs = mlp.OutputSize,
    };

    private static ProductArguments<TEpilogue> Layer<TEpilogue>(
        ModelView left, int leftStride, ModelView right, int rightRowStride, int rightDepthStride, int rows, int columns, int depth, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue => new()
        {
            Left = left,
            Right = right,
            LeftRowStride = leftStride,
            RightRowStride = rightRowStride,
            RightDepthStride = rightDepthStride,
            Rows = rows,
            Columns = columns,
            Depth = depth,
            Epilogue = epilogue,
        };

    private static KernelWork ProductWork(int rows, int columns, int depth, int networks) =>
        new(2.0 * rows * columns * depth * networks, 4.0 * networks * (((double)rows * depth) + ((double)columns * depth) + ((double)rows * columns)));

    private static KernelWork GradientWork(MlpLayout mlp, int rows) =>
        ProductWork(rows, mlp.Shape.HiddenWidths[0], mlp.Shape.HiddenWidths[0] + mlp.InputSize + mlp.OutputSize, mlp.Networks.Count);

    private static KernelWork HeadWork(MlpLayout mlp, int rows) =>
        new(2.0 * rows * mlp.Shape.HiddenWidths[0] * mlp.OutputSize * mlp.Networks.Count, 4.0 * rows * mlp.Shape.HiddenWidths[0] * mlp.Networks.Count);

    private static GridSize WarpGrid(int rows, int networks = 1) => new((rows + WarpRow.RowsPerGroup - 1) / WarpRow.RowsPerGroup, 1, networks);

    private static GridSize ElementGrid(int count) => new((count + VectorKernel.GroupSize - 1) / VectorKernel.GroupSize);
}
