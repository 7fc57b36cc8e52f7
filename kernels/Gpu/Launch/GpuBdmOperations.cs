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
    private readonly BdmBuffers?[] _buffers = new BdmBuffers?[Enum.GetValues<BdmPurpose>().Length];
    private readonly GradientTables?[] _tables = new GradientTables?[Enum.GetValues<BdmPurpose>().Length];
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
    }

    public BdmShape Shape => Layout.Shape;

    public BdmLayout Layout { get; }

    public int Models => _models;

    private int Inputs => Shape.ActionSize + BdmShape.TimeFeatures + Shape.StateSize;

    private long PreparedLength => ((long)Inputs * Shape.Width) + (2 * Shape.Width) + 64;

    public void Density(DeviceArray<float> parameters, DeviceArray<float> actions, DeviceArray<float> times, DeviceArray<float>? states, int rows, DeviceArray<float> density) =>
        Evaluate(BdmPurpose.Density, parameters, actions, times, states, rows, density, 1);

    public void Score(DeviceArray<float> parameters, DeviceArray<float> actions, DeviceArray<float> times, DeviceArray<float>? states, int rows, DeviceArray<float> noise) =>
        Evaluate(BdmPurpose.Score, parameters, actions, times, states, rows, noise, Shape.ActionSize);

    public void Gaps(
        DeviceArray<float> policy,
        DeviceArray<float> behavior,
        DeviceArray<float> candidates,
        DeviceArray<float>? states,
        int stateCount,
        int candidateCount,
        in GapDraws draws,
        DeviceArray<float> gaps)
    {
        int rows = Rows(stateCount, candidateCount);
        var (theta, phi) = (Prepare(policy, 0), Prepare(behavior, 1));
        var batch = new AlignmentBatch(candidates, CheckStates(states, stateCount), null, stateCount, candidateCount, default, draws);
        var result = _arguments.Of(gaps, rows);
        CheckAlignment(batch);
        int slabStates = SlabStates(candidateCount);
        var buffers = Buffers(BdmPurpose.Alignment, Math.Min(stateCount, slabStates) * candidateCount, Math.Min(stateCount, slabStates));
        SetDraw(draws.Draw);
        var key = new RecordingKey(
            this, nameof(Gaps), stateCount, candidateCount, GpuArguments.Identity(policy), GpuArguments.Identity(behavior), GpuArguments.Identity(candidates),
            GpuArguments.Identity(states), GpuArguments.Identity(draws.Times), GpuArguments.Identity(draws.Noise), GpuArguments.Identity(gaps));
        for (bool launches = _backend.Begin(key); launches; launches = !_backend.End())
        {
            _passes.Fold(theta);
            _passes.Fold(phi);
            for (int first = 0; first < stateCount; first += slabStates)
            {
                var slab = AlignmentSlab(batch, first, slabStates);
                BothDensities(buffers, theta, phi, batch, slab);
                var arguments = ObjectiveOf(buffers, batch, slab, slab.Conditions);
                arguments.Gaps = BdmPasses.Slice(result, slab.FirstRow, slab.Rows);
                _passes.Objective(arguments, true);
            }
        }
    }

    public void Objective(
        in AlignmentObjective objective,
        DeviceArray<float> gaps,
        DeviceArray<float> labels,
        int stateCount,
        int candidateCount,
        DeviceArray<float> gapsGradient,
        DeviceArray<float> loss)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        int rows = Rows(stateCount, candidateCount);
        using var losses = _backend.Allocate<float>((long)stateCount * _models);
        var arguments = new ObjectiveArguments
        {
            Policy = _none,
            Behavior = _none,
            Gaps = _arguments.Of(gaps, rows),
            Labels = _arguments.Of(labels, rows),
            Gradient = _arguments.Of(gapsGradient, rows),
            Losses = _arguments.Of(losses, stateCount),
            States = stateCount,
            BatchStates = stateCount,
            Candidates = candidateCount,
            GapsAreGiven = 1,
        };
        _passes.Objective(With(arguments, objective), false);
        _kernels.Mean.Launch(
            new GridSize(1, 1, _models), new MeanArguments { Values = arguments.Losses, Mean = _arguments.Of(loss, 1), Count = stateCount }, new KernelWork(stateCount, 4.0 * stateCount));
        _backend.Synchronize();
    }

    public void DenoisingStep(
        DeviceArray<float> parameters,
        DeviceArray<float> actions,
        DeviceArray<float>? states,
        int rows,
        in DenoisingDraws draws,
        DeviceArray<float> gradient,
        DeviceArray<float> loss)
    {
        if (draws.DropoutRate is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(draws), draws.DropoutRate, "the dropout rate must be in [0, 1)");
        int actionSize = Shape.ActionSize;
        GpuArguments.AtLeastOne(rows);
        var theta = Prepare(parameters, 0);
        var stateArray = CheckStates(states, rows);
        _arguments.Of(actions, (long)rows * actionSize);
        long maskRow = (long)Shape.Blocks * Shape.Width;
        CheckOptional(draws.Times, rows);
        CheckOptional(draws.Noise, (long)rows * actionSize);
        CheckOptional(draws.DropoutMask, rows * maskRow);
        var (gradientView, lossView) = (_arguments.Parameters(gradient, Layout), _arguments.Of(loss, 1));
        int capacity = Math.Min(rows, GpuSlab.Rows);
        var buffers = Buffers(BdmPurpose.Denoising, capacity, capacity);
        var tables = Tables(buffers);
        SetDraw(draws.Draw);
        var key = new RecordingKey(
            this, nameof(DenoisingStep), rows, 1, GpuArguments.Identity(parameters), GpuArguments.Identity(actions), GpuArguments.Identity(states),
            GpuArguments.Identity(draws.Times), GpuArguments.Identity(draws.Noise), GpuArguments.Identity(draws.DropoutMask), GpuArguments.Identity(gradient),
            GpuArguments.Identity(loss), Constants: (draws.DropoutRate, 0, 0, null));
        for (bool launches = _backend.Begin(key); launches; launches = !_backend.End())
        {
            _passes.Fold(theta);
            for (int first = 0; first < rows; first += GpuSlab.Rows)
            {
                int count = Math.Min(GpuSlab.Rows, rows - first);
                var slab = new Slab(count, count, 1, first);
                int from = draws.DropoutMask is not null ? MaskSource.Given : draws.DropoutRate > 0 ? MaskSource.Drawn : MaskSource.None;
                var dropout = new Dropout(from, _arguments.Part(draws.DropoutMask, rows * maskRow, first * maskRow, count * maskRow, _none), draws.DropoutRate);
                var noise = draws.Noise is null ? buffers[buffers.Noise] : _arguments.Part(draws.Noise, (long)rows * actionSize, (long)first * actionSize, (long)count * actionSize, _none);
                _passes.Condition(buffers, theta, slab, OptionalPart(draws.Times, rows, first, count), StatePart(stateArray, rows, first, count));
                _passes.Enter(
                    buffers, theta, slab, _arguments.Part(actions, (long)rows * actionSize, (long)first * actionSize, (long)count * actionSize, _none), noise,
                    draws.Noise is null ? Diffusion.DrawnNoise : Diffusion.GivenNoise);
                _passes.Forward(buffers, theta, slab, 2, dropout);
                _passes.Backward(buffers, theta, slab, null, dropout);
                _passes.Direction(buffers, theta, slab, noise, rows);
                _passes.Tangent(buffers, theta, slab, dropout);
                _passes.Adjoint(buffers, theta, slab, dropout);
                _passes.Gradients(buffers, tables, theta, slab, gradientView, lossView, rows, first > 0);
            }

            _passes.Unfold(buffers, theta, gradientView);
        }
    }

    public void AlignmentStep(
        DeviceArray<float> policy,
        DeviceArray<float> behavior,
        DeviceArray<float> candidates,
        DeviceArray<float>? states,
        DeviceArray<float> labels,
        int stateCount,
        int candidateCount,
        in AlignmentObjective objective,
        in GapDraws draws,
        DeviceArray<float> gradient,
        DeviceArray<float> loss)
    {
        Rows(stateCount, candidateCount);
        var (theta, phi) = (Prepare(policy, 0), Prepare(behavior, 1));
        var batch = new AlignmentBatch(candidates, CheckStates(states, stateCount), labels, stateCount, candidateCount, objective, draws);
        CheckAlignment(batch);
        var (gradientView, lossView) = (_arguments.Parameters(gradient, Layout), _arguments.Of(loss, 1));
        int slabStates = SlabStates(candidateCount);
        var buffers = Buffers(BdmPurpose.Alignment, Math.Min(stateCount, slabStates) * candidateCount, Math.Min(stateCount, slabStates));
        var tables = Tables(buffers);
        SetDraw(draws.Draw);
        var key = new RecordingKey(
            this, nameof(AlignmentStep), stateCount, candidateCount, GpuArguments.Identity(policy), GpuArguments.Identity(behavior), GpuArguments.Identity(candidates),
            GpuArguments.Identity(states), GpuArguments.Identity(labels), GpuArguments.Identity(draws.Times), GpuArguments.Identity(draws.Noise),
            GpuArguments.Identity(gradient), GpuArguments.Identity(loss), (objective.Temperature, objective.LabelScale, (int)objective.Loss, null));
        for (bool launches = _backend.Begin(key); launches; launches = !_backend.End())
        {
            _passes.Fold(theta);
            _passes.Fold(phi);
            for (int first = 0; first < stateCount; first += slabStates)
            {
                var slab = AlignmentSlab(batch, first, slabStates);
                BothDensities(buffers, theta, phi, batch, slab);
                _passes.Objective(ObjectiveOf(buffers, batch, slab, stateCount), false);
                _passes.Backward(buffers, theta, slab, buffers[buffers.RowWeight], default);
                _passes.Gradients(buffers, tables, theta, slab, gradientView, lossView, stateCount, first > 0);
            }

            _passes.Unfold(buffers, theta, gradientView);
        }
    }

    public void Sample(
        DeviceArray<float> parameters,
        DeviceArray<float>? states,
        int stateCount,
        int candidateCount,
        SolverTable table,
        in RandomDraw draw,
        DeviceArray<float>? start,
        DeviceArray<float> actions)
    {
        ArgumentNullException.ThrowIfNull(table);
        int actionSize = Shape.ActionSize, evaluations = table.Evaluations.Length;
        long rows = (long)GpuArguments.AtLeastOne(stateCount) * GpuArguments.AtLeastOne(candidateCount);
        var theta = Prepare(parameters, 0);
        var stateArray = CheckStates(states, stateCount);
        CheckOptional(start, rows * actionSize);
        var result = _arguments.Of(actions, rows * actionSize);
        int slabStates = Math.Min(stateCount, SlabStates(candidateCount));
        var buffers = Buffers(BdmPurpose.Score, slabStates * candidateCount, Math.Max(slabStates, evaluations));
        var times = Times(table);
        _passes.Fold(theta);
        _passes.Embed(buffers, theta, evaluations, 0, times, _none, 0);
        _passes.PartOfInput(
            buffers, theta, buffers[buffers.Condition], evaluations, BdmShape.TimeFeatures, actionSize, BdmShape.TimeFeatures, buffers[buffers.TimeParts], false);
        for (int first = 0; first < stateCount; first += slabStates)
        {
            int count = Math.Min(slabStates, stateCount - first);

            // Slabs differ by what is copied in and out and by the first element drawn: one recording serves all of a size.
            var slab = new Slab(count * candidateCount, count, candidateCount, 0);
            long firstElement = (long)first * candidateCount * actionSize;
            int elements = slab.Rows * actionSize;
            SetDraw(draw with { FirstElement = draw.FirstElement + (ulong)firstElement });
            if (stateArray is not null)
                _passes.Copy(StatePart(stateArray, stateCount, first, count), buffers[buffers.States], count * Shape.StateSize);
            if (start is not null)
                _passes.Copy(_arguments.Part(start, rows * actionSize, firstElement, elements, _none), buffers[buffers.Point], elements);
            Solve(buffers, theta, slab, table, start is not null, GpuArguments.Identity(parameters));
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
        _times?.Dispose();
        _prepared.Dispose();
        _draw.Dispose();
    }

    private void Solve(BdmBuffers buffers, PreparedWeights theta, in Slab slab, SolverTable table, bool startIsGiven, long parameters)
    {
        var key = new RecordingKey(this, nameof(Sample), slab.Conditions, slab.Candidates, parameters, startIsGiven ? 1 : 0, Constants: (0, 0, 0, table));
        for (bool launches = _backend.Begin(key); launches; launches = !_backend.End())
        {
            int stateSize = Shape.StateSize;
            _passes.Start(buffers, slab, startIsGiven ? buffers[buffers.Point] : null);
            _passes.PartOfInput(
                buffers, theta, buffers[buffers.States], slab.Conditions, stateSize, Shape.ActionSize + BdmShape.TimeFeatures, stateSize, buffers[buffers.Base], true);
            for (int n = 0; n < table.Evaluations.Length; n++)
            {
                var shared = BdmPasses.Slice(buffers[buffers.TimeParts], (long)n * Shape.Width, Shape.Width);
                _passes.Enter(buffers, theta, slab, buffers[buffers.Point], _none, Diffusion.Done, shared);
                _passes.Forward(buffers, theta, slab, 1, default);
                _passes.Backward(buffers, theta, slab, null, default);
                _passes.Advance(buffers, theta, slab, table.Evaluations[n], n);
            }
        }
    }

    private void Evaluate(
        BdmPurpose purpose, DeviceArray<float> parameters, DeviceArray<float> actions, DeviceArray<float> times, DeviceArray<float>? states, int rows, DeviceArray<float> output, int columns)
    {
        var theta = Prepare(parameters, 0);
        var stateArray = CheckStates(states, GpuArguments.AtLeastOne(rows));
        int actionSize = Shape.ActionSize;
        _arguments.Of(actions, (long)rows * actionSize);
        _arguments.Of(times, rows);
        var result = _arguments.Of(output, (long)rows * columns);
        int capacity = Math.Min(rows, GpuSlab.Rows);
        var buffers = Buffers(purpose, capacity, capacity);
        _passes.Fold(theta);
        for (int first = 0; first < rows; first += GpuSlab.Rows)
        {
            int count = Math.Min(GpuSlab.Rows, rows - first);
            var slab = new Slab(count, count, 1, first);
            _passes.Condition(buffers, theta, slab, _arguments.Part(times, rows, first, count, _none), StatePart(stateArray, rows, first, count));
            _passes.Enter(
                buffers, theta, slab, _arguments.Part(actions, (long)rows * actionSize, (long)first * actionSize, (long)count * actionSize, _none), _none, Diffusion.Done);
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
    private void BothDensities(BdmBuffers buffers, PreparedWeights theta, PreparedWeights phi, in AlignmentBatch batch, in Slab slab)
    {
        int actionSize = Shape.ActionSize;
        long rows = (long)batch.States * batch.Candidates, first = slab.FirstRow * actionSize, count = (long)slab.Rows * actionSize;
        var times = OptionalPart(batch.Draws.Times, batch.States, slab.FirstCondition, slab.Conditions);
        var states = StatePart(batch.StateArray, batch.States, slab.FirstCondition, slab.Conditions);
        var given = batch.Draws.Noise;
        var none = new Dropout(MaskSource.None, _none, 0);
        _passes.Condition(buffers, phi, slab, times, states);
        _passes.Enter(
            buffers, phi, slab, _arguments.Part(batch.Actions, rows * actionSize, first, count, _none),
            given is null ? buffers[buffers.Noise] : _arguments.Part(given, rows * actionSize, first, count, _none),
            given is null ? Diffusion.DrawnNoise : Diffusion.GivenNoise);
        _passes.Forward(buffers, phi, slab, 0, none);
        _passes.Density(buffers, phi, slab, buffers[buffers.BehaviorDensity]);
        _passes.Condition(buffers, theta, slab, times, states);
        _passes.Enter(buffers, theta, slab, buffers[buffers.Diffused], _none, Diffusion.Done);
        _passes.Forward(buffers, theta, slab, 1, none);
        _passes.Density(buffers, theta, slab, buffers[buffers.Density]);
    }

    private ObjectiveArguments ObjectiveOf(BdmBuffers buffers, in AlignmentBatch batch, in Slab slab, int batchStates) => With(
        new ObjectiveArguments
        {
            Policy = buffers[buffers.Density],
            Behavior = buffers[buffers.BehaviorDensity],
            Gaps = buffers[buffers.Gaps],
            Labels = _arguments.Part(batch.Labels, (long)batch.States * batch.Candidates, slab.FirstRow, slab.Rows, _none),
            Gradient = buffers[buffers.RowWeight],
            Losses = buffers[buffers.Losses],
            States = slab.Conditions,
            BatchStates = batchStates,
            Candidates = slab.Candidates,
        },
        batch.Objective);

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

    private PreparedWeights Prepare(DeviceArray<float> parameters, int which)
    {
        // Every operation on a network passes here before it touches a workspace.
        ObjectDisposedException.ThrowIf(_disposed, this);
        long start = which * PreparedLength, folded = (long)Inputs * Shape.Width, width = Shape.Width;
        ModelView Part(long first, long count) => _arguments.Part(_prepared, start + first, count, 2 * PreparedLength);
        return new PreparedWeights(_arguments.Parameters(parameters, Layout), Part(0, folded), Part(folded, width), Part(folded + width, width + 1));
    }

    private static int Rows(int states, int candidates) => checked(GpuArguments.AtLeastOne(states) * GpuArguments.AtLeastOne(candidates));

    private static int SlabStates(int candidates) => Math.Max(1, GpuSlab.Rows / candidates);

    private static Slab AlignmentSlab(in AlignmentBatch batch, int first, int states)
    {
        int count = Math.Min(states, batch.States - first);
        return new Slab(count * batch.Candidates, count, batch.Candidates, (long)first * batch.Candidates);
    }

    private void CheckAlignment(in AlignmentBatch batch)
    {
        long rows = (long)batch.States * batch.Candidates;
        _arguments.Of(batch.Actions, rows * Shape.ActionSize);
        CheckOptional(batch.Labels, rows);
        CheckOptional(batch.Draws.Times, batch.States);
        CheckOptional(batch.Draws.Noise, rows * Shape.ActionSize);
    }

    private void CheckOptional(DeviceArray<float>? array, long count)
    {
        if (array is not null)
            _arguments.Of(array, count);
    }

    private DeviceArray<float>? CheckStates(DeviceArray<float>? array, int rows)
    {
        if (Shape.StateSize == 0)
            return null;
        if (array is null)
            throw new ArgumentNullException(nameof(array), $"a network with {Shape.StateSize} state variables needs states");
        _arguments.Of(array, (long)rows * Shape.StateSize);
        return array;
    }

    private ModelView StatePart(DeviceArray<float>? states, int rows, long first, int count) =>
        _arguments.Part(states, (long)rows * Shape.StateSize, first * Shape.StateSize, (long)count * Shape.StateSize, _none);

    private ModelView? OptionalPart(DeviceArray<float>? array, int rows, long first, int count) =>
        array is null ? null : _arguments.Part(array, rows, first, count, _none);

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
            buffers = new BdmBuffers(_backend, Shape, purpose, rows, conditions, _models);
        }

        return buffers;
    }

    private GradientTables Tables(BdmBuffers buffers) => _tables[(int)buffers.Purpose] ??= GradientTables.Of(_backend, _kernels.WeightGradient, Layout, buffers, _models);

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

    private readonly record struct AlignmentBatch(
        DeviceArray<float> Actions,
        DeviceArray<float>? StateArray,
        DeviceArray<float>? Labels,
        int States,
        int Candidates,
        AlignmentObjective Objective,
        GapDraws Draws);
}

/// <summary>How many candidates are worked on at a time.</summary>
internal static class GpuSlab
{
    /// <summary>A training step of the published batch sizes is one slab. Set on paper, not yet measured on a GPU.</summary>
    public const int Rows = 4096;
}
