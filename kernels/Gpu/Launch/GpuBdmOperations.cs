namespace EDA.Kernels.Gpu;

/// <summary>The fused operations as sequences of launches, slab after slab, each recorded where the backend can replay it.</summary>
internal sealed class GpuBdmOperations : IBdmOperations
{
    private readonly GpuBackend _backend;
    private readonly BdmKernels _kernels;
    private readonly BdmPasses _passes;
    private readonly GpuArguments _arguments;
    private readonly int _models;
    private readonly GpuArray<uint> _draw;
    private readonly GpuArray<float> _prepared;
    private readonly ModelView _none;
    private readonly GpuArray<int> _noNumbers;
    private readonly BdmBuffers?[] _buffers = new BdmBuffers?[Enum.GetValues<BdmPurpose>().Length];
    private readonly GradientTables?[] _tables = new GradientTables?[Enum.GetValues<BdmPurpose>().Length];
    private GpuArray<float>? _stateLosses;
    private GpuArray<float>? _times;
    private SolverTable? _timesOf;
    private bool _disposed;

    public GpuBdmOperations(GpuBackend backend, BdmKernels kernels, BdmShape shape, VarianceSchedule schedule, int models)
    {
        (_backend, _kernels, _models, Layout) = (backend, kernels, GpuArguments.AtLeastOne(models), new BdmLayout(shape));
        _arguments = new GpuArguments(backend, models);
        _draw = backend.Allocate<uint>(DrawView.Length);
        _passes = new BdmPasses(kernels, Layout, schedule, models, new DrawView { Words = _draw.View });
        _prepared = backend.Allocate<float>(2 * PreparedLength * models);
        _none = new ModelView { All = _prepared.View.SubView(0, 1), Stride = 0, Length = 1 };
        _noNumbers = backend.Allocate<int>(1);
    }

    public BdmShape Shape => Layout.Shape;

    public BdmLayout Layout { get; }

    public int Models => _models;

    private int Inputs => Shape.ActionSize + BdmShape.TimeFeatures + Shape.StateSize;

    // Nᵀ, n₀ and the sums of O, then the weights with 16 bits, which begin at a multiple of 256 bytes.
    private long FoldedLength => (((long)Inputs * Shape.Width) + (2 * Shape.Width) + 127) / 64 * 64;

    private long HalvesLength => _kernels.Halves is null ? 0 : HalfBlockProducts.Words(Shape);

    private long PreparedLength => FoldedLength + HalvesLength;

    public void Density(in EvaluationCall call) => Evaluate(BdmPurpose.Density, call, 1);

    public void Score(in EvaluationCall call) => Evaluate(BdmPurpose.Score, call, Shape.ActionSize);

    public void Gaps(in GapsCall call)
    {
        var batch = call.Batch;
        CheckNetworks(call.Policy, call.Behavior);
        Check(batch);
        _arguments.Of(call.Gaps, batch.Rows);
        AlignmentBuffers(batch);
        SetDraw(batch.Draws.Draw);
        _backend.Run(this, call with { Batch = batch.From(default) }, static (me, in call) => me.Launch(call));
    }

    public void Objective(in ObjectiveCall call)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        int rows = Rows(call.StateCount, call.CandidateCount);
        long losses = (long)call.StateCount * _models;
        if (_stateLosses is null || _stateLosses.Length < losses)
        {
            _stateLosses?.Dispose();
            _stateLosses = _backend.Allocate<float>(losses);
        }

        var arguments = new ObjectiveArguments
        {
            Policy = _none,
            Behavior = _none,
            Gaps = _arguments.Of(call.Gaps, rows),
            Labels = _arguments.Of(call.Labels, rows),
            Gradient = _arguments.Of(call.GapsGradient, rows),
            Losses = _arguments.Of(_stateLosses, call.StateCount),
            States = call.StateCount,
            BatchStates = call.StateCount,
            Candidates = call.CandidateCount,
            GapsAreGiven = 1,
        };
        var mean = new MeanArguments { Values = arguments.Losses, Mean = _arguments.Of(call.Loss, 1), Count = call.StateCount };
        _passes.Objective(With(arguments, call.Objective), false);
        _kernels.Mean.Launch(new GridSize(1, 1, _models), mean, new KernelWork(call.StateCount, 4.0 * call.StateCount));
    }

    public void DenoisingStep(in DenoisingStepCall call)
    {
        call.CheckDropout();
        int rows = GpuArguments.AtLeastOne(call.Rows);
        long actions = (long)rows * Shape.ActionSize;
        CheckNetworks(call.Parameters);
        CheckStates(call.States, rows);
        _arguments.Of(call.Actions, actions);
        CheckOptional(call.Draws.Times, rows);
        CheckOptional(call.Draws.Noise, actions);
        CheckOptional(call.Draws.DropoutMask, rows * MaskRow);
        _arguments.Parameters(call.Gradient, Layout);
        _arguments.Of(call.Loss, 1);
        int capacity = Math.Min(rows, GpuSlab.Rows);
        PrepareTables(Buffers(BdmPurpose.Denoising, capacity, capacity));
        SetDraw(call.Draws.Draw);
        _backend.Run(this, call with { Draws = call.Draws with { Draw = default } }, static (me, in call) => me.Launch(call));
    }

    public void AlignmentStep(in AlignmentStepCall call)
    {
        var batch = call.Batch;
        CheckNetworks(call.Policy, call.Behavior);
        Check(batch);
        _arguments.Of(call.Labels, batch.Rows);
        _arguments.Parameters(call.Gradient, Layout);
        _arguments.Of(call.Loss, 1);
        PrepareTables(AlignmentBuffers(batch));
        SetDraw(batch.Draws.Draw);
        _backend.Run(this, call with { Batch = batch.From(default) }, static (me, in call) => me.Launch(call));
    }

    public void Sample(in SampleCall call)
    {
        ArgumentNullException.ThrowIfNull(call.Table);
        int actionSize = Shape.ActionSize, stateCount = call.StateCount, candidateCount = call.CandidateCount, evaluations = call.Table.Evaluations.Length;
        long rows = (long)GpuArguments.AtLeastOne(stateCount) * GpuArguments.AtLeastOne(candidateCount);
        CheckNetworks(call.Parameters);
        CheckStates(call.States, stateCount);
        CheckOptional(call.Start, rows * actionSize);
        int stride = call.CheckStride();
        var numbers = call.Numbers is null ? null : _arguments.Array(call.Numbers, stateCount);
        var result = _arguments.Of(call.Actions, rows * actionSize);
        int slabStates = Math.Min(stateCount, SlabStates(candidateCount));
        var buffers = Buffers(BdmPurpose.Score, slabStates * candidateCount, Math.Max(slabStates, evaluations));
        var times = Times(call.Table);
        var theta = Weights(call.Parameters, 0);
        _passes.Fold(theta);
        _passes.Embed(buffers, theta, evaluations, 0, times, _none, 0);
        _passes.PartOfInput(
            buffers, theta, buffers[buffers.Condition], evaluations, BdmShape.TimeFeatures, actionSize, BdmShape.TimeFeatures, buffers[buffers.TimeParts], false);
        for (int first = 0; first < stateCount; first += slabStates)
        {
            int count = Math.Min(slabStates, stateCount - first);

            // Slabs differ by what is copied in and out and by where they start: one recording serves all of a size.
            long firstElement = (long)first * candidateCount * actionSize;
            int elements = count * candidateCount * actionSize;
            ulong firstDrawn = numbers is null ? (ulong)first * (ulong)stride * (ulong)actionSize : 0;
            SetDraw(call.Draw with { FirstElement = call.Draw.FirstElement + firstDrawn });
            if (Shape.StateSize > 0)
                _passes.Copy(StatePart(call.States, stateCount, first, count), buffers[buffers.States], count * Shape.StateSize);
            var slab = new Slab(count * candidateCount, count, candidateCount, 0);
            ModelView? start = call.Start is null ? null : _arguments.Part(call.Start, rows * actionSize, firstElement, elements, _none);
            _passes.Start(buffers, slab, start, stride, numbers is null ? _noNumbers.View : numbers.View.SubView(first, count), numbers is not null);
            _backend.Run(this, new SolverCall(call.Parameters, count, candidateCount, call.Table), static (me, in call) => me.Launch(call));
            _passes.Copy(buffers[buffers.Point], BdmPasses.Slice(result, firstElement, elements), elements);
        }
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _backend.Forget(this);
        foreach (var buffers in _buffers)
            buffers?.Dispose();
        foreach (var tables in _tables)
            tables?.Dispose();
        _stateLosses?.Dispose();
        _times?.Dispose();
        _prepared.Dispose();
        _noNumbers.Dispose();
        _draw.Dispose();
    }

    private void Launch(in GapsCall call)
    {
        var batch = call.Batch;
        var (theta, phi) = Fold(call.Policy, call.Behavior);
        var buffers = Buffers(BdmPurpose.Alignment);
        var result = _arguments.Of(call.Gaps, batch.Rows);
        for (int first = 0; first < batch.StateCount; first += SlabStates(batch.CandidateCount))
        {
            var slab = AlignmentSlab(batch, first);
            BothDensities(buffers, theta, phi, batch, slab);
            var arguments = ObjectiveOf(buffers, slab, slab.Conditions);
            arguments.Gaps = BdmPasses.Slice(result, slab.FirstRow, slab.Rows);
            _passes.Objective(arguments, true);
        }
    }

    private void Launch(in AlignmentStepCall call)
    {
        var batch = call.Batch;
        var (theta, phi) = Fold(call.Policy, call.Behavior);
        var buffers = Buffers(BdmPurpose.Alignment);
        var (gradient, loss) = (_arguments.Parameters(call.Gradient, Layout), _arguments.Of(call.Loss, 1));
        for (int first = 0; first < batch.StateCount; first += SlabStates(batch.CandidateCount))
        {
            var slab = AlignmentSlab(batch, first);
            BothDensities(buffers, theta, phi, batch, slab);
            var arguments = ObjectiveOf(buffers, slab, batch.StateCount);
            arguments.Labels = _arguments.Part(call.Labels, batch.Rows, slab.FirstRow, slab.Rows, _none);
            _passes.Objective(With(arguments, call.Objective), false);
            _passes.Backward(buffers, theta, slab, buffers[buffers.RowWeight], default, batch.StateCount);
            _passes.Gradients(buffers, Tables(buffers), theta, slab, gradient, loss, batch.StateCount, first > 0);
        }

        _passes.Unfold(buffers, theta, gradient);
    }

    private void Launch(in DenoisingStepCall call)
    {
        int rows = call.Rows, actionSize = Shape.ActionSize;
        var draws = call.Draws;
        var theta = Weights(call.Parameters, 0);
        var buffers = Buffers(BdmPurpose.Denoising);
        var (gradient, loss) = (_arguments.Parameters(call.Gradient, Layout), _arguments.Of(call.Loss, 1));
        ModelView Actions(DeviceArray<float> array, in Slab slab) =>
            _arguments.Part(array, (long)rows * actionSize, slab.FirstRow * actionSize, (long)slab.Rows * actionSize, _none);
        _passes.Fold(theta);
        for (int first = 0; first < rows; first += GpuSlab.Rows)
        {
            int count = Math.Min(GpuSlab.Rows, rows - first);
            var slab = new Slab(count, count, 1, first);
            int from = draws.DropoutMask is not null ? MaskSource.Given : draws.DropoutRate > 0 ? MaskSource.Drawn : MaskSource.None;
            var dropout = new Dropout(from, _arguments.Part(draws.DropoutMask, rows * MaskRow, first * MaskRow, count * MaskRow, _none), draws.DropoutRate);
            var noise = draws.Noise is null ? buffers[buffers.Noise] : Actions(draws.Noise, slab);
            _passes.Condition(buffers, theta, slab, OptionalPart(draws.Times, rows, first, count), StatePart(call.States, rows, first, count));
            _passes.Enter(buffers, theta, slab, Actions(call.Actions, slab), noise, draws.Noise is null ? Diffusion.DrawnNoise : Diffusion.GivenNoise);
            _passes.Forward(buffers, theta, slab, 2, dropout);
            _passes.Backward(buffers, theta, slab, null, dropout);
            _passes.Direction(buffers, theta, slab, noise, rows);
            _passes.Tangent(buffers, theta, slab, dropout);
            _passes.Adjoint(buffers, theta, slab, dropout);
            _passes.Gradients(buffers, Tables(buffers), theta, slab, gradient, loss, rows, first > 0);
        }

        _passes.Unfold(buffers, theta, gradient);
    }

    private void Launch(in SolverCall call)
    {
        int stateSize = Shape.StateSize;
        var slab = new Slab(call.States * call.Candidates, call.States, call.Candidates, 0);
        var theta = Weights(call.Parameters, 0);
        var buffers = Buffers(BdmPurpose.Score);
        _passes.PartOfInput(
            buffers, theta, buffers[buffers.States], slab.Conditions, stateSize, Shape.ActionSize + BdmShape.TimeFeatures, stateSize, buffers[buffers.Base], true);
        for (int n = 0; n < call.Table.Evaluations.Length; n++)
        {
            var shared = BdmPasses.Slice(buffers[buffers.TimeParts], (long)n * Shape.Width, Shape.Width);
            _passes.Enter(buffers, theta, slab, buffers[buffers.Point], _none, Diffusion.Done, shared);
            _passes.Forward(buffers, theta, slab, 1, default);
            _passes.Backward(buffers, theta, slab, null, default);
            _passes.Advance(buffers, theta, slab, call.Table.Evaluations[n], n);
        }
    }

    private void Evaluate(BdmPurpose purpose, in EvaluationCall call, int columns)
    {
        int rows = GpuArguments.AtLeastOne(call.Rows), actionSize = Shape.ActionSize;
        CheckNetworks(call.Parameters);
        CheckStates(call.States, rows);
        _arguments.Of(call.Actions, (long)rows * actionSize);
        _arguments.Of(call.Times, rows);
        var result = _arguments.Of(call.Output, (long)rows * columns);
        int capacity = Math.Min(rows, GpuSlab.Rows);
        var buffers = Buffers(purpose, capacity, capacity);
        var theta = Weights(call.Parameters, 0);
        _passes.Fold(theta);
        for (int first = 0; first < rows; first += GpuSlab.Rows)
        {
            int count = Math.Min(GpuSlab.Rows, rows - first);
            var slab = new Slab(count, count, 1, first);
            _passes.Condition(buffers, theta, slab, _arguments.Part(call.Times, rows, first, count, _none), StatePart(call.States, rows, first, count));
            _passes.Enter(
                buffers, theta, slab, _arguments.Part(call.Actions, (long)rows * actionSize, (long)first * actionSize, (long)count * actionSize, _none), _none, Diffusion.Done);
            _passes.Forward(buffers, theta, slab, purpose == BdmPurpose.Score ? 1 : 0, new Dropout(MaskSource.None, _none, 0));
            var part = BdmPasses.Slice(result, (long)first * columns, (long)count * columns);
            if (purpose == BdmPurpose.Density)
            {
                _passes.Density(buffers, theta, slab, part);
                continue;
            }

            _passes.Backward(buffers, theta, slab, null, new Dropout(MaskSource.None, _none, 0));
            _passes.Score(buffers, theta, slab, part);
        }
    }

    // f_φ first, with t and ε drawn; then f_θ of the same diffused candidates, with what its backward pass needs.
    private void BothDensities(BdmBuffers buffers, PreparedWeights theta, PreparedWeights phi, in CandidateBatch batch, in Slab slab)
    {
        int actionSize = Shape.ActionSize;
        long first = slab.FirstRow * actionSize, count = (long)slab.Rows * actionSize;
        var times = OptionalPart(batch.Draws.Times, batch.StateCount, slab.FirstCondition, slab.Conditions);
        var states = StatePart(batch.States, batch.StateCount, slab.FirstCondition, slab.Conditions);
        var given = batch.Draws.Noise;
        var none = new Dropout(MaskSource.None, _none, 0);
        _passes.Condition(buffers, phi, slab, times, states);
        _passes.Enter(
            buffers, phi, slab, _arguments.Part(batch.Candidates, batch.Rows * actionSize, first, count, _none),
            given is null ? buffers[buffers.Noise] : _arguments.Part(given, batch.Rows * actionSize, first, count, _none),
            given is null ? Diffusion.DrawnNoise : Diffusion.GivenNoise);
        _passes.Forward(buffers, phi, slab, 0, none);
        _passes.Density(buffers, phi, slab, buffers[buffers.BehaviorDensity]);
        _passes.Condition(buffers, theta, slab, times, states);
        _passes.Enter(buffers, theta, slab, buffers[buffers.Diffused], _none, Diffusion.Done);
        _passes.Forward(buffers, theta, slab, 1, none);
        _passes.Density(buffers, theta, slab, buffers[buffers.Density]);
    }

    private ObjectiveArguments ObjectiveOf(BdmBuffers buffers, in Slab slab, int batchStates) => new()
    {
        Policy = buffers[buffers.Density],
        Behavior = buffers[buffers.BehaviorDensity],
        Gaps = buffers[buffers.Gaps],
        Labels = _none,
        Gradient = buffers[buffers.RowWeight],
        Losses = buffers[buffers.Losses],
        States = slab.Conditions,
        BatchStates = batchStates,
        Candidates = slab.Candidates,
    };

    private static ObjectiveArguments With(ObjectiveArguments arguments, in AlignmentObjective objective) => arguments with
    {
        Temperature = objective.Temperature,
        LabelScale = objective.LabelScale,
        IsValue = objective.Loss == AlignmentLoss.Value ? 1 : 0,
    };

    private void SetDraw(in RandomDraw draw) => _kernels.SetDraw.Launch(
        new GridSize(1),
        new SetDrawArguments { Words = _draw.View, Seed = draw.Seed, Stage = (uint)draw.Stage, Step = draw.Step, FirstElement = draw.FirstElement },
        new KernelWork(0, 24));

    private long MaskRow => (long)Shape.Blocks * Shape.Width;

    // Every operation on a network passes here before it touches a workspace.
    private void CheckNetworks(params ReadOnlySpan<DeviceArray<float>> parameters)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        foreach (var network in parameters)
            _arguments.Parameters(network, Layout);
    }

    // The parameters of a call, and the place of what is made of them; 0 is the only network's or the policy's, 1 the behavior's.
    private PreparedWeights Weights(DeviceArray<float> parameters, int place)
    {
        long start = place * PreparedLength, folded = (long)Inputs * Shape.Width, width = Shape.Width;
        ModelView Part(long first, long count) => _arguments.Part(_prepared, start + first, count, 2 * PreparedLength);
        return new PreparedWeights(
            _arguments.Parameters(parameters, Layout), Part(0, folded), Part(folded, width), Part(folded + width, width + 1), Part(HalvesLength == 0 ? 0 : FoldedLength, HalvesLength));
    }

    private (PreparedWeights Theta, PreparedWeights Phi) Fold(DeviceArray<float> policy, DeviceArray<float> behavior)
    {
        var (theta, phi) = (Weights(policy, 0), Weights(behavior, 1));
        _passes.Fold(theta);
        _passes.Fold(phi);
        return (theta, phi);
    }

    private static int Rows(int states, int candidates) => checked(GpuArguments.AtLeastOne(states) * GpuArguments.AtLeastOne(candidates));

    private static int SlabStates(int candidates) => Math.Max(1, GpuSlab.Rows / candidates);

    private static Slab AlignmentSlab(in CandidateBatch batch, int first)
    {
        int count = Math.Min(SlabStates(batch.CandidateCount), batch.StateCount - first);
        return new Slab(count * batch.CandidateCount, count, batch.CandidateCount, (long)first * batch.CandidateCount);
    }

    private void Check(in CandidateBatch batch)
    {
        int rows = Rows(batch.StateCount, batch.CandidateCount);
        CheckStates(batch.States, batch.StateCount);
        _arguments.Of(batch.Candidates, (long)rows * Shape.ActionSize);
        CheckOptional(batch.Draws.Times, batch.StateCount);
        CheckOptional(batch.Draws.Noise, (long)rows * Shape.ActionSize);
    }

    private void CheckOptional(DeviceArray<float>? array, long count)
    {
        if (array is not null)
            _arguments.Of(array, count);
    }

    private void CheckStates(DeviceArray<float>? array, int rows)
    {
        if (Shape.StateSize == 0)
            return;
        if (array is null)
            throw new ArgumentNullException(nameof(array), $"a network with {Shape.StateSize} state variables needs states");
        _arguments.Of(array, (long)rows * Shape.StateSize);
    }

    private ModelView StatePart(DeviceArray<float>? states, int rows, long first, int count) => Shape.StateSize == 0
        ? _none
        : _arguments.Part(states, (long)rows * Shape.StateSize, first * Shape.StateSize, (long)count * Shape.StateSize, _none);

    private ModelView? OptionalPart(DeviceArray<float>? array, int rows, long first, int count) =>
        array is null ? null : _arguments.Part(array, rows, first, count, _none);

    private BdmBuffers AlignmentBuffers(in CandidateBatch batch)
    {
        int states = Math.Min(batch.StateCount, SlabStates(batch.CandidateCount));
        return Buffers(BdmPurpose.Alignment, states * batch.CandidateCount, states);
    }

    // The workspace that the operation saw to before its launches.
    private BdmBuffers Buffers(BdmPurpose purpose) => _buffers[(int)purpose]!;

    // The workspace of a purpose; a larger batch than any before makes a new one.
    private BdmBuffers Buffers(BdmPurpose purpose, int rows, int conditions)
    {
        ref var buffers = ref _buffers[(int)purpose];
        if (buffers is null || buffers.Rows < rows || buffers.Conditions < conditions)
        {
            _backend.Synchronize();
            _backend.Forget(this);
            (rows, conditions) = (Math.Max(rows, buffers?.Rows ?? 0), Math.Max(conditions, buffers?.Conditions ?? 0));
            buffers?.Dispose();
            ref var tables = ref _tables[(int)purpose];
            tables?.Dispose();
            tables = null;
            buffers = new BdmBuffers(_backend, Shape, purpose, rows, conditions, _models, _kernels.Halves is not null);
        }

        return buffers;
    }

    private void PrepareTables(BdmBuffers buffers) => _tables[(int)buffers.Purpose] ??= GradientTables.Of(_backend, _kernels, Layout, buffers, _models);

    private GradientTables Tables(BdmBuffers buffers) => _tables[(int)buffers.Purpose]!;

    private ModelView Times(SolverTable table)
    {
        if (_timesOf != table)
        {
            _times?.Dispose();
            _times = _backend.Upload<float>([.. table.Evaluations.Select(evaluation => evaluation.Time)]);
            _timesOf = table;
        }

        return new ModelView { All = _times!.View, Stride = 0, Length = _times.Length };
    }

    // A slab's run through the solver; its starting points and states stand in the workspace already.
    private readonly record struct SolverCall(DeviceArray<float> Parameters, int States, int Candidates, SolverTable Table);
}

/// <summary>How many candidates are worked on at a time.</summary>
internal static class GpuSlab
{
    /// <summary>A training step of the published batch sizes is one slab. Set on paper, not yet measured on a GPU.</summary>
    public const int Rows = 4096;
}
