namespace EDA.Kernels.Gpu;

/// <summary>
/// The fused operations of critics as launches: losses and gradients, slab after slab, recorded where the backend can
/// replay them; then Adam and the target's average, whose constants change from step to step.
/// </summary>
internal sealed class GpuCriticOperations : ICriticOperations
{
    private readonly GpuBackend _backend;
    private readonly IVectorOperations _vector;
    private readonly CriticKernels _kernels;
    private readonly CriticPasses _passes;
    private readonly GpuArguments _arguments;
    private readonly GpuArray<uint> _draw;
    private readonly GpuArray<int> _noIndices;
    private readonly Lazy<MlpKernels> _mlps;
    private ActionGradientPasses? _actionGradient;
    private CriticBuffers? _buffers;
    private Tables? _tables;
    private GpuArray<float>? _valueGradient;
    private GpuArray<float>? _twinGradient;
    private GpuArray<float>? _policyGradient;
    private int[] _checked = [];
    private bool _disposed;

    public GpuCriticOperations(GpuBackend backend, IVectorOperations vector, CriticKernels kernels, Lazy<MlpKernels> mlps, CriticShape shape)
    {
        (_backend, _vector, _kernels, _mlps, Layout) = (backend, vector, kernels, mlps, new CriticLayout(shape));
        _arguments = new GpuArguments(backend, 1);
        _draw = backend.Allocate<uint>(DrawView.Length);
        _noIndices = backend.Allocate<int>(1);
        _passes = new CriticPasses(kernels, Layout, new DrawView { Words = _draw.View });
    }

    public CriticShape Shape => Layout.Shape;

    public CriticLayout Layout { get; }

    public void ImplicitStep(
        in TransitionBatch batch,
        in ImplicitBackup backup,
        in TrainedArrays givenValue,
        in TrainedArrays givenTwin,
        DeviceArray<float> target,
        in CriticUpdate update,
        DeviceArray<float> losses)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var (value, twin) = (WithGradient(givenValue, ref _valueGradient, Layout.Value), WithGradient(givenTwin, ref _twinGradient, Layout.Twin));
        if (backup.Expectile is not (> 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(backup), backup.Expectile, "the expectile must be in (0, 1)");
        CheckUpdate(update);
        var (valueView, twinView) = (Check(value, Layout.Value), Check(twin, Layout.Twin));
        var targetView = _arguments.Array(target, Layout.Twin.Length).View;
        var rows = Check(batch);
        var lossView = Losses(losses, CriticLosses.Value + 1);
        var buffers = Buffers(Math.Min(batch.Rows, GpuSlab.Rows), Math.Min(batch.Rows, GpuSlab.Rows));
        var tables = _tables!;
        SetDraw(batch.Draw);
        for (bool launches = Begin(nameof(ImplicitStep), batch, 1, value, twin, null, target, losses, null, (backup.Discount, backup.Expectile, 0, null)); launches; launches = !_backend.End())
        {
            rows.Discount = backup.Discount;
            for (int first = 0; first < batch.Rows; first += GpuSlab.Rows)
            {
                int count = Math.Min(GpuSlab.Rows, batch.Rows - first);
                _passes.Rows(buffers, rows with { Rows = count, FirstRow = first });
                _passes.Forward(buffers, Layout.Value, buffers.Value, valueView, buffers.States, 2 * count);
                _passes.Forward(buffers, Layout.Twin, buffers.Target, targetView, buffers.Inputs, count);
                _passes.Forward(buffers, Layout.Twin, buffers.Twin, twinView, buffers.Inputs, count);
                _passes.Seed(buffers, _kernels.ImplicitSeed, new CriticSeedArguments { Rows = count, BatchRows = batch.Rows, Expectile = backup.Expectile }, 1);
                _passes.Backward(buffers, Layout.Value, buffers.Value, valueView, tables.Value, value.Gradient!, lossView, count, batch.Rows, first > 0);
                _passes.Backward(buffers, Layout.Twin, buffers.Twin, twinView, tables.ImplicitTwin, twin.Gradient!, lossView, count, batch.Rows, first > 0);
            }
        }

        Move(value, update.Adam, update.Step);
        Move(twin, update.Adam, update.Step);
        _vector.PolyakAverage(target, twin.Parameters, update.TargetRate);
    }

    public void SampledStep(
        in TransitionBatch batch,
        in SampledBackup backup,
        in TrainedArrays givenTwin,
        DeviceArray<float> target,
        in CriticUpdate update,
        DeviceArray<float> losses)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var twin = WithGradient(givenTwin, ref _twinGradient, Layout.Twin);
        if (!(backup.InverseTemperature >= 0))
            throw new ArgumentOutOfRangeException(nameof(backup), backup.InverseTemperature, "the inverse temperature must be at least 0");
        CheckUpdate(update);
        int candidates = GpuArguments.AtLeastOne(backup.CandidateCount);
        var twinView = Check(twin, Layout.Twin);
        var targetView = _arguments.Array(target, Layout.Twin.Length).View;
        var rows = Check(batch);
        var actions = _arguments.Array(backup.NextActions, (long)batch.Rows * candidates * Shape.ActionSize).View;
        var lossView = Losses(losses, CriticLosses.NextValue + 1);
        int slab = Math.Min(batch.Rows, Math.Max(1, GpuSlab.Rows / candidates));
        var buffers = Buffers(slab, checked(slab * candidates));
        var tables = _tables!;
        SetDraw(batch.Draw);
        for (bool launches = Begin(nameof(SampledStep), batch, candidates, null, twin, null, target, losses, backup.NextActions, (backup.Discount, backup.InverseTemperature, 0, null)); launches; launches = !_backend.End())
        {
            rows.Discount = backup.Discount;
            for (int first = 0; first < batch.Rows; first += slab)
            {
                int count = Math.Min(slab, batch.Rows - first);
                long width = (long)candidates * Shape.ActionSize;
                _passes.Rows(buffers, rows with { Rows = count, FirstRow = first });
                var next = buffers[buffers.States].SubView((long)count * Shape.StateSize, (long)count * Shape.StateSize);
                _passes.Join(buffers, next, actions.SubView(first * width, count * width), count * candidates, candidates);
                _passes.Forward(buffers, Layout.Twin, buffers.Target, targetView, buffers.Joined, count * candidates);
                _passes.Forward(buffers, Layout.Twin, buffers.Twin, twinView, buffers.Inputs, count);
                _passes.Seed(
                    buffers, _kernels.SampledSeed, new CriticSeedArguments { Rows = count, BatchRows = batch.Rows, InverseTemperature = backup.InverseTemperature }, candidates);
                _passes.Backward(buffers, Layout.Twin, buffers.Twin, twinView, tables.SampledTwin, twin.Gradient!, lossView, count, batch.Rows, first > 0);
            }
        }

        Move(twin, update.Adam, update.Step);
        _vector.PolyakAverage(target, twin.Parameters, update.TargetRate);
    }

    public void PolicyStep(
        in TransitionBatch batch,
        in AdvantageWeighting weighting,
        DeviceArray<float> value,
        DeviceArray<float> target,
        in TrainedArrays givenPolicy,
        in AdamSettings adam,
        long step,
        DeviceArray<float> losses)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var policy = WithGradient(givenPolicy, ref _policyGradient, Layout.Policy);
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        var policyView = Check(policy, Layout.Policy);
        var valueView = _arguments.Array(value, Layout.Value.Length).View;
        var targetView = _arguments.Array(target, Layout.Twin.Length).View;
        var rows = Check(batch);
        var lossView = Losses(losses, CriticLosses.Policy + 1);
        var buffers = Buffers(Math.Min(batch.Rows, GpuSlab.Rows), Math.Min(batch.Rows, GpuSlab.Rows));
        var tables = _tables!;
        SetDraw(batch.Draw);
        for (bool launches = Begin(nameof(PolicyStep), batch, 1, null, policy, value, target, losses, null, (weighting.Temperature, weighting.Cap, 0, null)); launches; launches = !_backend.End())
        {
            for (int first = 0; first < batch.Rows; first += GpuSlab.Rows)
            {
                int count = Math.Min(GpuSlab.Rows, batch.Rows - first);
                _passes.Rows(buffers, rows with { Rows = count, FirstRow = first });
                _passes.Forward(buffers, Layout.Value, buffers.Value, valueView, buffers.States, count);
                _passes.Forward(buffers, Layout.Twin, buffers.Target, targetView, buffers.Inputs, count);
                _passes.Forward(buffers, Layout.Policy, buffers.Policy, policyView, buffers.States, count);
                _passes.Seed(
                    buffers, _kernels.AdvantageSeed,
                    new CriticSeedArguments { Rows = count, BatchRows = batch.Rows, Temperature = weighting.Temperature, Cap = weighting.Cap }, 1);
                _passes.Backward(buffers, Layout.Policy, buffers.Policy, policyView, tables.Policy, policy.Gradient!, lossView, count, batch.Rows, first > 0);
            }
        }

        Move(policy, adam, step);
    }

    public void MinimumQ(DeviceArray<float> twin, DeviceArray<float> states, DeviceArray<float> actions, int stateCount, int candidateCount, DeviceArray<float> q)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        long rows = (long)GpuArguments.AtLeastOne(stateCount) * GpuArguments.AtLeastOne(candidateCount);
        var parameters = _arguments.Array(twin, Layout.Twin.Length).View;
        var stateView = _arguments.Array(states, (long)stateCount * Shape.StateSize).View;
        var actionView = _arguments.Array(actions, rows * Shape.ActionSize).View;
        var result = _arguments.Array(q, rows).View;
        int slab = Math.Min(stateCount, Math.Max(1, GpuSlab.Rows / candidateCount));
        var buffers = Buffers(1, checked(slab * candidateCount));
        for (int first = 0; first < stateCount; first += slab)
        {
            int count = Math.Min(slab, stateCount - first), part = count * candidateCount;
            long start = (long)first * candidateCount;
            _passes.Join(
                buffers, stateView.SubView((long)first * Shape.StateSize, (long)count * Shape.StateSize),
                actionView.SubView(start * Shape.ActionSize, (long)part * Shape.ActionSize), part, candidateCount);
            _passes.Forward(buffers, Layout.Twin, buffers.Target, parameters, buffers.Joined, part);
            _passes.Smaller(buffers, result.SubView(start, part), part);
        }
    }

    public void Value(DeviceArray<float> value, DeviceArray<float> states, int rows, DeviceArray<float> v) =>
        Evaluate(Layout.Value, value, states, rows, v, false);

    public void Act(DeviceArray<float> policy, DeviceArray<float> states, int rows, DeviceArray<float> actions) =>
        Evaluate(Layout.Policy, policy, states, rows, actions, true);

    public void ActionGradient(in ActionGradientCall call)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!Enum.IsDefined(call.Choice))
            throw new ArgumentOutOfRangeException(nameof(call), call.Choice, $"the choice must be one of {string.Join(", ", Enum.GetNames<TwinChoice>())}");
        int rows = GpuArguments.AtLeastOne(call.Rows);
        var twin = _arguments.Array(call.Twin, Layout.Twin.Length);
        var states = _arguments.Array(call.States, (long)rows * Shape.StateSize);
        var actions = _arguments.Array(call.Actions, (long)rows * Shape.ActionSize);
        var gradient = _arguments.Array(call.Gradient, (long)rows * Shape.ActionSize);
        var q = call.Q is null ? null : _arguments.Array(call.Q, rows);
        _actionGradient ??= new ActionGradientPasses(_backend, _passes, _mlps.Value, Layout);
        _actionGradient.Prepare(rows, this);
        _actionGradient.Evaluate(twin, states, actions, rows, call.Choice, gradient, q);
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _backend.Forget(this);
        _buffers?.Dispose();
        _tables?.Dispose();
        _actionGradient?.Dispose();
        _draw.Dispose();
        _noIndices.Dispose();
        _valueGradient?.Dispose();
        _twinGradient?.Dispose();
        _policyGradient?.Dispose();
    }

    private static void CheckUpdate(in CriticUpdate update)
    {
        if (update.TargetRate is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(update), update.TargetRate, "the target rate must be in [0, 1]");
        ArgumentOutOfRangeException.ThrowIfLessThan(update.Step, 1);
    }

    private void Evaluate(MlpLayout mlp, DeviceArray<float> parameters, DeviceArray<float> states, int rows, DeviceArray<float> output, bool hasTanh)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        GpuArguments.AtLeastOne(rows);
        var view = _arguments.Array(parameters, mlp.Length).View;
        var stateView = _arguments.Array(states, (long)rows * Shape.StateSize).View;
        var result = _arguments.Array(output, (long)rows * mlp.OutputSize).View;
        int slab = Math.Min(rows, GpuSlab.Rows);
        var buffers = Buffers(slab, 1);
        var at = hasTanh ? buffers.Policy : buffers.Value;
        for (int first = 0; first < rows; first += slab)
        {
            int count = Math.Min(slab, rows - first);
            _passes.Copy(stateView.SubView((long)first * Shape.StateSize, (long)count * Shape.StateSize), buffers[buffers.States], count * Shape.StateSize);
            _passes.Forward(buffers, mlp, at, view, buffers.States, count, hasTanh);
            _passes.Copy(buffers[at.Output[0]], result.SubView((long)first * mlp.OutputSize, (long)count * mlp.OutputSize), count * mlp.OutputSize);
        }
    }

    private void Move(in TrainedArrays arrays, in AdamSettings adam, long step) =>
        _vector.Adam(arrays.Parameters, arrays.Gradient!, arrays.FirstMoment, arrays.SecondMoment, adam, step);

    // A gradient that the caller has no use for goes to an array of ours.
    private TrainedArrays WithGradient(in TrainedArrays arrays, ref GpuArray<float>? own, MlpLayout mlp) =>
        arrays.Gradient is null ? arrays with { Gradient = own ??= _backend.Allocate<float>(mlp.Length) } : arrays;

    private ArrayView<float> Check(in TrainedArrays arrays, MlpLayout mlp)
    {
        foreach (var array in (ReadOnlySpan<DeviceArray<float>>)[arrays.Gradient!, arrays.FirstMoment, arrays.SecondMoment])
            _arguments.Array(array, mlp.Length);
        return _arguments.Array(arrays.Parameters, mlp.Length).View;
    }

    private ModelView Losses(DeviceArray<float> losses, int needed)
    {
        var view = _arguments.Array(losses, needed).View;
        return new ModelView { All = view, Stride = 0, Length = view.Length };
    }

    // Given rows are looked at here: a kernel could not refuse them.
    private CriticRowsArguments Check(in TransitionBatch batch)
    {
        int rows = GpuArguments.AtLeastOne(batch.Rows);
        var data = batch.Data;
        long count = GpuArguments.AtLeastOne(data.Count);
        var arguments = new CriticRowsArguments
        {
            States = _arguments.Array(data.States, count * Shape.StateSize).View,
            Actions = _arguments.Array(data.Actions, count * Shape.ActionSize).View,
            Rewards = _arguments.Array(data.Rewards, count).View,
            Terminals = _arguments.Array(data.Terminals, count).View,
            NextStates = _arguments.Array(data.NextStates, count * Shape.StateSize).View,
            Indices = _noIndices.View,
            Count = data.Count,
            Draws = 1,
        };
        if (batch.Indices is not { } given)
            return arguments;
        arguments.Indices = _arguments.Array(given, rows).View;
        arguments.Draws = 0;
        if (_checked.Length < rows)
            _checked = new int[rows];
        var indices = _checked.AsSpan(0, rows);
        given.CopyTo(indices);
        foreach (int index in indices)
        {
            if (index < 0 || index >= data.Count)
                throw new ArgumentOutOfRangeException(nameof(batch), index, $"an index is outside the {data.Count} rows of the dataset");
        }

        return arguments;
    }

    private void SetDraw(in RandomDraw draw) => _kernels.SetDraw.Launch(
        new GridSize(1),
        new SetDrawArguments { Words = _draw.View, Seed = draw.Seed, Stage = (uint)draw.Stage, Step = draw.Step, FirstElement = draw.FirstElement },
        new KernelWork(0, 24));

    // Of a dataset's five arrays one stands for all: they come and go together.
    private bool Begin(
        string operation, in TransitionBatch batch, int candidates, TrainedArrays? first, in TrainedArrays second, DeviceArray<float>? value, DeviceArray<float> target,
        DeviceArray<float> losses, DeviceArray<float>? nextActions, (float, float, int, SolverTable?) constants) => _backend.Begin(new RecordingKey(
            this, operation, batch.Rows, candidates, GpuArguments.Identity(batch.Data.States), (batch.Indices as GpuArray<int>)?.Identity ?? 0,
            first is { } trained ? GpuArguments.Identity(trained.Parameters) : GpuArguments.Identity(value),
            first is { } gradients ? GpuArguments.Identity(gradients.Gradient) : 0, GpuArguments.Identity(second.Parameters), GpuArguments.Identity(second.Gradient),
            GpuArguments.Identity(target), GpuArguments.Identity(losses), GpuArguments.Identity(nextActions), constants));

    private CriticBuffers Buffers(int rows, int evaluated)
    {
        if (_buffers is null || _buffers.Rows < rows || _buffers.Evaluated < evaluated)
        {
            _backend.Synchronize();
            _backend.Forget(this);
            (rows, evaluated) = (Math.Max(rows, _buffers?.Rows ?? 0), Math.Max(evaluated, _buffers?.Evaluated ?? 0));
            _buffers?.Dispose();
            _tables?.Dispose();
            _buffers = new CriticBuffers(_backend, Shape, rows, evaluated);
            _tables = new Tables(_backend, _kernels.WeightGradient, Layout, _buffers);
        }

        return _buffers;
    }

    /// <summary>What each kind of step sums up.</summary>
    private sealed class Tables(GpuBackend backend, LoadedGradient gradient, CriticLayout layout, CriticBuffers buffers) : IDisposable
    {
        public GradientTables Value { get; } = Make(backend, gradient, layout.Value, buffers.Value, buffers.States, buffers, 0, 0);

        public GradientTables ImplicitTwin { get; } = Make(backend, gradient, layout.Twin, buffers.Twin, buffers.Inputs, buffers, CriticLosses.Q, CriticLosses.Value + 1);

        public GradientTables SampledTwin { get; } = Make(backend, gradient, layout.Twin, buffers.Twin, buffers.Inputs, buffers, CriticLosses.Q, CriticLosses.NextValue + 1);

        public GradientTables Policy { get; } = Make(backend, gradient, layout.Policy, buffers.Policy, buffers.States, buffers, CriticLosses.Policy, CriticLosses.Policy + 1);

        public void Dispose()
        {
            Value.Dispose();
            ImplicitTwin.Dispose();
            SampledTwin.Dispose();
            Policy.Dispose();
        }

        private static GradientTables Make(GpuBackend backend, LoadedGradient gradient, MlpLayout mlp, MlpBuffers at, Region input, CriticBuffers buffers, int firstLoss, int endLoss)
        {
            var writer = GradientTableWriter.For(gradient, mlp.Networks.Count, mlp.Shape.HiddenWidths[0], mlp.Shape.HiddenWidths[0]);
            for (int i = 0; i < mlp.Networks.Count; i++)
            {
                var network = mlp.Networks[i];
                writer.AddTiles(at.Adjoint1[i], input, null, mlp.InputSize, network.Layers[0].Weight.Offset, mlp.InputSize, 1, true, false);
                writer.AddTiles(at.Adjoint2[i], at.Hidden1[i], null, mlp.Shape.HiddenWidths[0], network.Layers[1].Weight.Offset, mlp.Shape.HiddenWidths[0], 1, true, false);
                writer.AddTiles(at.Seed[i], at.Hidden2[i], null, mlp.Shape.HiddenWidths[0], network.Layers[2].Weight.Offset, mlp.Shape.HiddenWidths[0], 1, true, false);
                writer.AddSums(at.Adjoint1[i], null, null, null, network.Layers[0].Bias.Offset, SumTarget.Gradient, false);
                writer.AddSums(at.Adjoint2[i], null, null, null, network.Layers[1].Bias.Offset, SumTarget.Gradient, false);
                writer.AddSums(at.Seed[i], null, null, null, network.Layers[2].Bias.Offset, SumTarget.Gradient, false);
            }

            writer.AddSums(buffers.Losses, null, null, null, firstLoss, endLoss, 0, SumTarget.MeanLoss, false);
            return new GradientTables(backend, writer, buffers.Rows, 1);
        }
    }
}
