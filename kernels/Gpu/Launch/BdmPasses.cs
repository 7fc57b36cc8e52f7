namespace EDA.Kernels.Gpu;

/// <summary>A network's weights as the passes read them, and what was folded out of them.</summary>
/// <param name="Parameters">The flat parameters of the models.</param>
/// <param name="Folded">Nᵀ [(A+32+S)×H].</param>
/// <param name="FoldedBias">n₀ [H].</param>
/// <param name="OutputSum">Column sums of O, and the sum of o [H+1].</param>
/// <param name="Halves">The blocks' weights with 16 bits a number, where products take them so.</param>
internal readonly record struct PreparedWeights(ModelView Parameters, ModelView Folded, ModelView FoldedBias, ModelView OutputSum, ModelView Halves);

/// <summary>The part of a batch that one pass works on.</summary>
/// <param name="Rows">Its candidates.</param>
/// <param name="Conditions">Its conditions.</param>
/// <param name="Candidates">K, the candidates of a condition.</param>
/// <param name="FirstRow">The batch's candidate that the first one is.</param>
internal readonly record struct Slab(int Rows, int Conditions, int Candidates, long FirstRow)
{
    public long FirstCondition => FirstRow / Candidates;
}

/// <summary>Dropout in the forward pass.</summary>
/// <param name="From">A <see cref="MaskSource"/>.</param>
/// <param name="Given">The mask, where it is given.</param>
/// <param name="Rate">The probability that a feature is dropped.</param>
internal readonly record struct Dropout(int From, ModelView Given, float Rate);

/// <summary>
/// The passes through the network as launches, each reading like its line of method.md section 2 or 3. About 12 launches a
/// block and 50 a pretraining step.
/// </summary>
internal sealed class BdmPasses
{
    // What a sum over each group's rows adds to the bytes of an element.
    private const double SumBytes = 4.0 / WarpRow.RowsPerGroup;

    private readonly BdmKernels _kernels;
    private readonly BdmLayout _layout;
    private readonly VarianceSchedule _schedule;
    private readonly BlockProducts _products;
    private readonly int _models;

    public BdmPasses(BdmKernels kernels, BdmLayout layout, VarianceSchedule schedule, int models, DrawView draw) =>
        (_kernels, _layout, _schedule, _models, Draw, _products) = (kernels, layout, schedule, models, draw, BlockProducts.Of(kernels, layout, models));

    /// <summary>Where a step's random stream stands.</summary>
    public DrawView Draw { get; }

    private BdmShape Shape => _layout.Shape;

    private int Width => _layout.Shape.Width;

    private bool HasHalves => _kernels.Halves is not null;

    // What a factor of a product with 16 bits takes, or saves, of an element's bytes.
    private int HalfBytes => HasHalves ? 2 : 0;

    /// <summary>A part of every model's parameters.</summary>
    public static ModelView Slice(PreparedWeights weights, ParameterSlice slice) => Slice(weights.Parameters, slice.Offset, slice.Length);

    /// <summary>Some elements of every model's.</summary>
    public static ModelView Slice(ModelView all, long offset, long count) => all with
    {
        All = all.All.SubView(count == 0 ? 0 : offset, all.All.Length - all.Length + count), // a view cannot begin at its end
        Length = count,
        IsAligned = offset % 4 == 0 ? all.IsAligned : 0,
    };

    public DenseView Dense(PreparedWeights weights, ParameterSlice? weight, ParameterSlice? bias, int firstFeature) => new()
    {
        Weight = weight is null ? weights.FoldedBias : Slice(weights, weight),
        Bias = bias is null ? weights.FoldedBias : Slice(weights, bias),
        FirstFeature = firstFeature,
        Features = bias?.Length ?? 0,
        Size = weight?.Dimensions[1] ?? 0,
    };

    /// <summary>N, n₀ and the sums of O, out of the parameters.</summary>
    public void Fold(PreparedWeights weights)
    {
        var arguments = new FoldInputArguments
        {
            InputWeight = Slice(weights, _layout.InputWeight),
            InputBias = Slice(weights, _layout.InputBias),
            Action = ActionDense(weights),
            Embedding = EmbeddingDense(weights),
            State = StateDense(weights),
            OutputWeight = Slice(weights, _layout.OutputWeight),
            OutputBias = Slice(weights, _layout.OutputBias),
            Folded = weights.Folded,
            FoldedBias = weights.FoldedBias,
            OutputSum = weights.OutputSum,
            Width = Width,
        };
        int inputs = Shape.ActionSize + BdmShape.TimeFeatures + Shape.StateSize;
        double features = ((double)Shape.ActionFeatures * Shape.ActionSize) + (Shape.EmbeddingFeatures * BdmShape.TimeFeatures) + (Shape.StateFeatures * Shape.StateSize);
        _kernels.Fold.Launch(new GridSize(Groups(Width), inputs + 2, _models), arguments, Work(2 * Width * features, 4 * Width * (Width + inputs + 2.0)));
        _products.Prepare(weights);
    }

    /// <summary>The time embedding, α, σ and the condition's part of x₀; t drawn where it is not given.</summary>
    public void Condition(BdmBuffers buffers, PreparedWeights weights, in Slab slab, ModelView? times, ModelView states)
    {
        int conditions = slab.Conditions, size = BdmShape.TimeFeatures + Shape.StateSize;
        Embed(buffers, weights, conditions, slab.FirstCondition, times, states, Shape.StateSize);
        _kernels.Store.Launch(
            buffers[buffers.Condition], size, Slice(weights.Folded, (long)Shape.ActionSize * Width, (long)size * Width), 1, Width, conditions, Width, size,
            new StoreEpilogue { Output = buffers[buffers.Base], Bias = weights.FoldedBias, HasBias = 1 }, 1, _models);
    }

    /// <summary>The time embedding, α and σ alone, and the states beside them.</summary>
    public void Embed(BdmBuffers buffers, PreparedWeights weights, int conditions, long firstCondition, ModelView? times, ModelView states, int stateSize)
    {
        var arguments = new ConditionArguments
        {
            Times = times ?? buffers[buffers.Nothing],
            States = stateSize > 0 ? states : buffers[buffers.Nothing],
            Frequencies = Slice(weights, _layout.Frequencies),
            ConditionWeight = Slice(weights, _layout.ConditionWeight),
            ConditionBias = Slice(weights, _layout.ConditionBias),
            Condition = buffers[buffers.Condition],
            Waves = buffers[buffers.Waves],
            Slope = buffers[buffers.ConditionSlope],
            Coefficients = buffers[buffers.Coefficients],
            Draw = Draw,
            Rows = conditions,
            StateSize = stateSize,
            DrawsTimes = times is null ? 1 : 0,
            FirstRow = firstCondition,
            BetaMin = _schedule.BetaMin,
            BetaMax = _schedule.BetaMax,
            TimeMin = _schedule.TimeMin,
        };
        _kernels.Condition.Launch(Rows(conditions), arguments, Work(2048.0 * conditions, 4.0 * conditions * (98 + (2 * stateSize))));
    }

    /// <summary>The action's part of x₀ added to the condition's, the action diffused first where that is asked for.</summary>
    public void Enter(BdmBuffers buffers, PreparedWeights weights, in Slab slab, ModelView actions, ModelView noise, int diffusion, ModelView? shared = null)
    {
        var arguments = new EnterArguments
        {
            Actions = actions,
            Noise = noise,
            Diffused = buffers[buffers.Diffused],
            Coefficients = buffers[buffers.Coefficients],
            Base = buffers[buffers.Base],
            Shared = shared ?? buffers[buffers.Nothing],
            ActionInput = ActionInput(weights),
            Stream = buffers[buffers.Stream],
            Draw = Draw,
            Rows = slab.Rows,
            Candidates = slab.Candidates,
            ActionSize = Shape.ActionSize,
            Width = Width,
            HasShared = shared is null ? 0 : 1,
            Diffusion = diffusion,
            FirstRow = slab.FirstRow,
        };
        _kernels.Enter.Launch(Rows(slab.Rows), arguments, Work(2.0 * slab.Rows * Shape.ActionSize * Width, 4.0 * slab.Rows * (Width + (3 * Shape.ActionSize))));
    }

    /// <summary>The blocks, with as many derivatives of SiLU kept as asked for.</summary>
    public void Forward(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int derivatives, in Dropout dropout)
    {
        for (int l = 0; l < Shape.Blocks; l++)
        {
            var norm = Norm(buffers, weights, slab, l, dropout);
            norm.Stream = buffers[buffers.Stream];
            norm.Output = buffers[buffers.Output[l]];
            _kernels.NormForward.Launch(Rows(slab.Rows), norm, NormWork(slab, 8, 12 - HalfBytes, dropout));
            _products.Expand(buffers, weights, slab, l, derivatives);
            _products.Contract(buffers, weights, slab, l);
        }
    }

    /// <summary>f of each row.</summary>
    public void Density(BdmBuffers buffers, PreparedWeights weights, in Slab slab, ModelView density)
    {
        var output = Output(buffers, weights, slab);
        output.Density = density;
        _kernels.Density.Launch(Rows(slab.Rows), output, NormWork(slab, 25, 4));
    }

    /// <summary>
    /// From the output to the adjoint of x₀. In training p_y, p_z and the stream's adjoints are kept by block; where the
    /// tangent pass will follow, the curvatures take in p.
    /// </summary>
    public void Backward(BdmBuffers buffers, PreparedWeights weights, in Slab slab, ModelView? rowWeight, in Dropout dropout, int lossCount = 1)
    {
        var output = Output(buffers, weights, slab);
        output.Adjoint = buffers[buffers.StreamAdjoint[^1]];
        output.RowWeight = rowWeight ?? buffers[buffers.Nothing];
        output.Factor = buffers[buffers.StreamFactor[^1]];
        output.HasRowWeight = rowWeight is null ? 0 : 1;
        output.Scale = AdjointScale(lossCount);
        output.Share = buffers[buffers.Share];
        output.KeepsShare = buffers.Purpose == BdmPurpose.Alignment ? 1 : 0;
        _kernels.Seed.Launch(Rows(slab.Rows), output, NormWork(slab, 25, 8 + (output.KeepsShare * SumBytes)));
        bool second = buffers.Purpose == BdmPurpose.Denoising;
        for (int l = Shape.Blocks - 1; l >= 0; l--)
        {
            _products.ContractBackward(buffers, weights, slab, l, second);
            _products.ExpandBackward(buffers, weights, slab, l);
            var norm = Norm(buffers, weights, slab, l, dropout with { From = Stored(dropout) });
            norm.StreamAdjoint = buffers[buffers.StreamAdjoint[l + 1]];
            norm.InputAdjoint = buffers[buffers.StreamAdjoint[l]];
            norm.InputFactor = buffers[buffers.StreamFactor[l]];
            norm.KeepsSums = buffers.Purpose == BdmPurpose.Alignment ? 1 : 0;
            _kernels.NormBackward.Launch(Rows(slab.Rows), norm, NormWork(slab, 10, 16 + HalfBytes + (norm.KeepsSums * 3 * SumBytes), dropout));
        }
    }

    /// <summary>The loss of each row, v, and ẋ₀ (Eq. 10).</summary>
    public void Direction(BdmBuffers buffers, PreparedWeights weights, in Slab slab, ModelView noise, int batchRows)
    {
        var gradient = ActionGradient(buffers, weights, slab);
        gradient.Noise = noise;
        gradient.Result = buffers[buffers.Direction];
        gradient.Tangent = buffers[buffers.Tangent];
        gradient.Losses = buffers[buffers.Losses];
        gradient.Scale = AdjointScale(batchRows) * 2f / batchRows;
        _kernels.Direction.Launch(Rows(slab.Rows), gradient, Work(4.0 * slab.Rows * Shape.ActionSize * Width, 8.0 * slab.Rows * (Width + Shape.ActionSize)));
    }

    /// <summary>ε̂ of each row.</summary>
    public void Score(BdmBuffers buffers, PreparedWeights weights, in Slab slab, ModelView noise)
    {
        var gradient = ActionGradient(buffers, weights, slab);
        gradient.Result = noise;
        _kernels.Score.Launch(Rows(slab.Rows), gradient, ActionWork(slab));
    }

    /// <summary>The solver's next point, from the adjoint of x₀.</summary>
    public void Advance(BdmBuffers buffers, PreparedWeights weights, in Slab slab, in SolverEvaluation evaluation, int number)
    {
        long size = (long)slab.Rows * Shape.ActionSize;
        ModelView Prediction(int which) => Slice(buffers[buffers.Predictions], which % 3 * size, size);
        _kernels.Advance.Launch(
            Rows(slab.Rows),
            new SolverArguments
            {
                Gradient = ActionGradient(buffers, weights, slab),
                Point = buffers[buffers.Point],
                Anchor = buffers[buffers.Anchor],
                Current = Prediction(number),
                Previous = Prediction(number + 2),
                BeforePrevious = Prediction(number + 1),
                Alpha = evaluation.Alpha,
                Sigma = evaluation.Sigma,
                AnchorWeight = evaluation.AnchorWeight,
                Weight0 = evaluation.Weight0,
                Weight1 = evaluation.Weight1,
                Weight2 = evaluation.Weight2,
                MovesAnchor = evaluation.MovesAnchor ? 1 : 0,
            },
            ActionWork(slab));
    }

    /// <summary>The solver's first point: given, or drawn by the states' numbers, where those are given or <paramref name="isNumbered"/> says that they count from 0.</summary>
    public void Start(BdmBuffers buffers, in Slab slab, ModelView? start, int stride, ArrayView<int> numbers, bool isNumbered)
    {
        int elements = slab.Rows * Shape.ActionSize;
        _kernels.Start.Launch(
            Elements(elements),
            new SolverStartArguments
            {
                Start = start ?? buffers[buffers.Nothing],
                Point = buffers[buffers.Point],
                Anchor = buffers[buffers.Anchor],
                Predictions = buffers[buffers.Predictions],
                Draw = Draw,
                Numbers = numbers,
                Elements = elements,
                ActionSize = Shape.ActionSize,
                Candidates = slab.Candidates,
                Stride = stride,
                Draws = start is null ? 1 : 0,
                IsNumbered = isNumbered ? 1 : 0,
            },
            Work(0, 24.0 * elements));
    }

    /// <summary>rows·Wᵀ + bias for some of N's rows: the part of x₀ that is worked out once for many.</summary>
    public void PartOfInput(BdmBuffers buffers, PreparedWeights weights, ModelView input, int rows, int inputStride, int firstInput, int inputs, ModelView output, bool addsBias) => _kernels.Store.Launch(
        // Without inputs there is nothing to look at: a view of nothing at an array's end is none.
        input, inputStride, inputs == 0 ? weights.Folded : Slice(weights.Folded, (long)firstInput * Width, (long)inputs * Width), 1, Width, rows, Width, inputs,
        new StoreEpilogue { Output = output, Bias = weights.FoldedBias, HasBias = addsBias ? 1 : 0 }, 1, _models);

    /// <summary>The tangent along v: ẋ through the blocks; the curvatures take in ż.</summary>
    public void Tangent(BdmBuffers buffers, PreparedWeights weights, in Slab slab, in Dropout dropout)
    {
        for (int l = 0; l < Shape.Blocks; l++)
        {
            var norm = Norm(buffers, weights, slab, l, dropout with { From = Stored(dropout) });
            norm.Stream = buffers[buffers.Tangent];
            norm.Output = buffers[buffers.OutputTangent[l]];
            _kernels.NormTangent.Launch(Rows(slab.Rows), norm, NormWork(slab, 10, 16 - HalfBytes, dropout));
            _products.ExpandTangent(buffers, weights, slab, l);
            _products.ContractTangent(buffers, weights, slab, l);
        }
    }

    /// <summary>The adjoint of x under v·∇f, from the output to x₀.</summary>
    public void Adjoint(BdmBuffers buffers, PreparedWeights weights, in Slab slab, in Dropout dropout)
    {
        var output = Output(buffers, weights, slab);
        output.Tangent = buffers[buffers.Tangent];
        output.Adjoint = buffers[buffers.SecondStreamAdjoint[^1]];
        output.Factor = buffers[buffers.SecondStreamFactor[^1]];
        output.Share = buffers[buffers.Share];
        _kernels.SecondOrderSeed.Launch(Rows(slab.Rows), output, NormWork(slab, 30, 12 + HalfBytes + SumBytes));
        for (int l = Shape.Blocks - 1; l >= 0; l--)
        {
            _products.ContractAdjoint(buffers, weights, slab, l);
            _products.ExpandAdjoint(buffers, weights, slab, l);
            var norm = Norm(buffers, weights, slab, l, dropout with { From = Stored(dropout) });
            norm.StreamAdjoint = buffers[buffers.SecondStreamAdjoint[l + 1]];
            norm.InputAdjoint = buffers[buffers.SecondStreamAdjoint[l]];
            norm.InputFactor = buffers[buffers.SecondStreamFactor[l]];
            norm.KeepsSums = 1;
            _kernels.NormAdjoint.Launch(Rows(slab.Rows), norm, NormWork(slab, 18, 24 + HalfBytes + (3 * SumBytes), dropout));
        }
    }

    /// <summary>Every gradient of the slab: outer products and column sums, the loss among them.</summary>
    public void Gradients(BdmBuffers buffers, GradientTables tables, PreparedWeights weights, in Slab slab, ModelView gradient, ModelView loss, int lossCount, bool accumulates)
    {
        bool second = buffers.Purpose == BdmPurpose.Denoising;
        var adjoint = buffers[second ? buffers.SecondStreamAdjoint[0] : buffers.BaseAdjoint];
        if (!second)
        {
            _kernels.SumCandidates.Launch(
                new GridSize(slab.Conditions, 1, _models),
                new SumCandidatesArguments
                {
                    Adjoint = buffers[buffers.StreamAdjoint[0]],
                    BaseAdjoint = adjoint,
                    Rows = slab.Conditions,
                    Candidates = slab.Candidates,
                    Width = Width,
                },
                Work((double)slab.Rows * Width, 4.0 * Width * (slab.Rows + slab.Conditions)));
        }

        _kernels.ConditionAdjoint.Launch(
            Rows(slab.Conditions),
            new ConditionAdjointArguments
            {
                BaseAdjoint = adjoint,
                EmbeddingInput = Slice(weights.Folded, (long)Shape.ActionSize * Width, (long)BdmShape.TimeFeatures * Width),
                Slope = buffers[buffers.ConditionSlope],
                Adjoint = buffers[buffers.ConditionAdjoint],
                Rows = slab.Conditions,
                Width = Width,
            },
            Work(64.0 * Width * slab.Conditions, 4.0 * slab.Conditions * (Width + 64)));
        tables.LaunchProducts(new WeightGradientArguments
        {
            Workspace = buffers.All,
            Gradient = gradient,
            Rows = slab.Rows,
            Conditions = slab.Conditions,
            Accumulates = accumulates ? 1 : 0,
            Scale = 1 / AdjointScale(lossCount),
        });
        tables.Launch(_kernels.Sums, _kernels.SumsEnd, new ColumnSumArguments
        {
            Workspace = buffers.All,
            Gradient = gradient,
            Loss = loss,
            Rows = slab.Rows,
            Conditions = slab.Conditions,
            Accumulates = accumulates ? 1 : 0,
            LossCount = lossCount,
            Scale = 1 / AdjointScale(lossCount),
        });
    }

    /// <summary>What is left once all slabs are in: the gradients behind N and O.</summary>
    public void Unfold(BdmBuffers buffers, PreparedWeights weights, ModelView gradient)
    {
        var arguments = new UnfoldGradientArguments
        {
            Gradient = gradient,
            InputWeight = Slice(weights, _layout.InputWeight),
            Action = ActionDense(weights),
            Embedding = EmbeddingDense(weights),
            State = StateDense(weights),
            FoldedGradient = buffers[buffers.FoldedGradient],
            FoldedBiasGradient = buffers[buffers.FoldedBiasGradient],
            OutputGradient = buffers[buffers.OutputGradient],
            Width = Width,
            FrequenciesAt = _layout.Frequencies.Offset,
            InputWeightAt = _layout.InputWeight.Offset,
            InputBiasAt = _layout.InputBias.Offset,
            ActionAt = _layout.ActionWeight.Offset,
            ActionBiasAt = _layout.ActionBias.Offset,
            EmbeddingAt = _layout.EmbeddingWeight.Offset,
            EmbeddingBiasAt = _layout.EmbeddingBias.Offset,
            StateAt = _layout.StateWeight?.Offset ?? 0,
            StateBiasAt = _layout.StateBias?.Offset ?? 0,
            OutputAt = _layout.OutputWeight.Offset,
            OutputBiasAt = _layout.OutputBias.Offset,
        };
        double features = ((double)Shape.ActionFeatures * Shape.ActionSize) + (Shape.EmbeddingFeatures * BdmShape.TimeFeatures) + (Shape.StateFeatures * Shape.StateSize);
        _kernels.Unfold.Launch(new GridSize(UnfoldGradient.Groups(Shape), 1, _models), arguments, Work(4 * Width * features, 8.0 * Width * Width));
    }

    /// <summary>Δ alone, or Δ with loss and gradient.</summary>
    public void Objective(in ObjectiveArguments arguments, bool gapsOnly)
    {
        double elements = (double)arguments.States * arguments.Candidates;
        if (gapsOnly)
            _kernels.Gaps.Launch(Elements((int)elements), arguments, Work(elements, 12 * elements));
        else
            _kernels.Objective.Launch(Rows(arguments.States), arguments, Work(300 * elements, 16 * elements));
    }

    /// <summary>destination = source.</summary>
    public void Copy(ModelView source, ModelView destination, int count) =>
        _kernels.Copy.Launch(Elements(count), new CopyArguments { Source = source, Destination = destination, Count = count }, Work(0, 8.0 * count));

    // Adjoints of a mean over many are small: with 16 bits a number they are taken as those of a sum, or nearly, by a power of two that nothing but the gradients' ends sees.
    private float AdjointScale(int count) => HasHalves ? MathF.Pow(2, MathF.Round(MathF.Log2(count))) : 1f;

    private static int Stored(in Dropout dropout) => dropout.From == MaskSource.None ? MaskSource.None : MaskSource.Stored;

    private static int Groups(int rows) => (rows + WarpRow.RowsPerGroup - 1) / WarpRow.RowsPerGroup;

    private GridSize Rows(int rows) => new(Groups(rows), 1, _models);

    private GridSize Elements(int count) => new((count + VectorKernel.GroupSize - 1) / VectorKernel.GroupSize, 1, _models);

    private KernelWork Work(double flop, double bytes) => new(flop * _models, bytes * _models);

    private KernelWork NormWork(in Slab slab, double flop, double bytes) => Work(flop * slab.Rows * Width, bytes * slab.Rows * Width);

    // A mask is read, or written.
    private KernelWork NormWork(in Slab slab, double flop, double bytes, in Dropout dropout) => NormWork(slab, flop, bytes + (dropout.From == MaskSource.None ? 0 : 4));

    private KernelWork ActionWork(in Slab slab) => Work(2.0 * slab.Rows * Shape.ActionSize * Width, 4.0 * slab.Rows * (Width + Shape.ActionSize));

    private ModelView ActionInput(PreparedWeights weights) => Slice(weights.Folded, 0, (long)Shape.ActionSize * Width);

    private DenseView ActionDense(PreparedWeights weights) => Dense(weights, _layout.ActionWeight, _layout.ActionBias, 0);

    private DenseView EmbeddingDense(PreparedWeights weights) => Dense(weights, _layout.EmbeddingWeight, _layout.EmbeddingBias, Shape.ActionFeatures);

    private DenseView StateDense(PreparedWeights weights) => Dense(weights, _layout.StateWeight, _layout.StateBias, Shape.ActionFeatures + Shape.EmbeddingFeatures);

    private OutputArguments Output(BdmBuffers buffers, PreparedWeights weights, in Slab slab)
    {
        var nothing = buffers[buffers.Nothing];
        return new OutputArguments
        {
            Stream = buffers[buffers.Stream],
            Tangent = nothing,
            OutputSum = weights.OutputSum,
            RowWeight = nothing,
            Density = nothing,
            Adjoint = nothing,
            Factor = nothing,
            HasHalves = HasHalves ? 1 : 0,
            Scale = 1,
            Share = nothing,
            Rows = slab.Rows,
            Width = Width,
        };
    }

    private ActionGradientArguments ActionGradient(BdmBuffers buffers, PreparedWeights weights, in Slab slab)
    {
        var nothing = buffers[buffers.Nothing];
        return new ActionGradientArguments
        {
            Adjoint = buffers[buffers.StreamAdjoint[0]],
            ActionInput = ActionInput(weights),
            Coefficients = buffers[buffers.Coefficients],
            Noise = nothing,
            Result = nothing,
            Tangent = nothing,
            Losses = nothing,
            Rows = slab.Rows,
            Candidates = slab.Candidates,
            ActionSize = Shape.ActionSize,
            Width = Width,
        };
    }

    private LayerNormArguments Norm(BdmBuffers buffers, PreparedWeights weights, in Slab slab, int l, in Dropout dropout)
    {
        var slices = _layout.Blocks[l];
        var nothing = buffers[buffers.Nothing];
        return new LayerNormArguments
        {
            Stream = nothing,
            Gamma = Slice(weights, slices.NormWeight),
            Beta = Slice(weights, slices.NormBias),
            Normalized = buffers[buffers.Normalized[l]],
            Output = nothing,
            NormalizedTangent = buffers[buffers.NormalizedTangent[l]],
            TangentAdjoint = buffers[buffers.TangentAdjoint[l]],
            OutputAdjoint = buffers[buffers.OutputAdjoint[l]],
            StreamAdjoint = nothing,
            InputAdjoint = nothing,
            InputFactor = nothing,
            HasHalves = HasHalves ? 1 : 0,
            RowValues = buffers[buffers.RowValues[l]],
            Sums = buffers[buffers.NormSums[l]],
            Mask = buffers[buffers.Mask[l]],
            GivenMask = dropout.Given,
            Draw = Draw,
            Rows = slab.Rows,
            Width = Width,
            MaskFrom = dropout.From,
            Block = l,
            Blocks = Shape.Blocks,
            DropThreshold = (uint)Math.Round(dropout.Rate * 4294967296.0),
            KeepScale = 1f / (1f - dropout.Rate),
            FirstRow = slab.FirstRow,
        };
    }
}
