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
    private RandomDraw? _onDevice;
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

    public void ImplicitStep(in ImplicitStepCall call)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        call.Check();
        Check(call.Value, Layout.Value);
        Check(call.Twin, Layout.Twin);
        _arguments.Array(call.Target, Layout.Twin.Length);
        Check(call.Batch);
        Losses(call.Losses, CriticLosses.Value + 1);
        PrepareBuffers(Math.Min(call.Batch.Rows, GpuSlab.Rows), Math.Min(call.Batch.Rows, GpuSlab.Rows));
        SetDraw(call.Batch.Draw);
        _backend.Run(this, call with { Batch = Undrawn(call.Batch), Update = default }, static (me, in call) => me.Launch(call));
        var draw = call.Batch.Draw with { Step = call.Batch.Draw.Step + 1 };
        _onDevice = null;
        _passes.Move(new MoveCriticArguments
        {
            Value = Moved(call.Value, _buffers!.ValueGradient, call.Update),
            Twin = Moved(call.Twin, _buffers.TwinGradient, call.Update),
            Target = new PolyakArguments { Target = View(call.Target), Source = View(call.Twin.Parameters), Rate = call.Update.TargetRate },
            Next = DrawArguments(draw),
        });
        _onDevice = draw;
    }

    public void SampledStep(in SampledStepCall given)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        given.Check();
        var call = given with { Twin = WithGradient(given.Twin, ref _twinGradient, Layout.Twin) };
        int candidates = GpuArguments.AtLeastOne(call.Backup.CandidateCount);
        Check(call.Twin, Layout.Twin);
        _arguments.Array(call.Target, Layout.Twin.Length);
        Check(call.Batch);
        _arguments.Array(call.Backup.NextActions, (long)call.Batch.Rows * candidates * Shape.ActionSize);
        Losses(call.Losses, CriticLosses.NextValue + 1);
        int slab = SlabRows(call.Batch.Rows, candidates);
        PrepareBuffers(slab, checked(slab * candidates));
        SetDraw(call.Batch.Draw);
        _backend.Run(this, call with { Batch = Undrawn(call.Batch), Update = default }, static (me, in call) => me.Launch(call));
        Move(call.Twin, call.Update.Adam, call.Update.Step);
        Follow(call.Target, call.Twin, call.Update);
    }

    public void PolicyStep(in PolicyStepCall given)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        given.Check();
        var call = given with { Policy = WithGradient(given.Policy, ref _policyGradient, Layout.Policy) };
        Check(call.Policy, Layout.Policy);
        _arguments.Array(call.Value, Layout.Value.Length);
        _arguments.Array(call.Target, Layout.Twin.Length);
        Check(call.Batch);
        Losses(call.Losses, CriticLosses.Policy + 1);
        PrepareBuffers(Math.Min(call.Batch.Rows, GpuSlab.Rows), Math.Min(call.Batch.Rows, GpuSlab.Rows));
        SetDraw(call.Batch.Draw);
        _backend.Run(this, call with { Batch = Undrawn(call.Batch), Adam = default, Step = 0 }, static (me, in call) => me.Launch(call));
        Move(call.Policy, call.Adam, call.Step);
    }

    public void MinimumQ(in MinimumQCall call)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        int stateCount = call.StateCount, candidateCount = call.CandidateCount;
        long rows = (long)GpuArguments.AtLeastOne(stateCount) * GpuArguments.AtLeastOne(candidateCount);
        var parameters = _arguments.Array(call.Twin, Layout.Twin.Length);
        var states = _arguments.Array(call.States, (long)stateCount * Shape.StateSize).View;
        var actions = _arguments.Array(call.Actions, rows * Shape.ActionSize).View;
        var result = _arguments.Array(call.Q, rows).View;
        int slab = SlabRows(stateCount, candidateCount);
        PrepareBuffers(1, checked(slab * candidateCount));
        var buffers = _buffers!;
        for (int first = 0; first < stateCount; first += slab)
        {
            int count = Math.Min(slab, stateCount - first), part = count * candidateCount;
            long start = (long)first * candidateCount;
            _passes.Join(
                buffers, states.SubView((long)first * Shape.StateSize, (long)count * Shape.StateSize),
                actions.SubView(start * Shape.ActionSize, (long)part * Shape.ActionSize), part, candidateCount);
            _passes.Forward(buffers, Layout.Twin, buffers.Target, parameters, buffers.Joined, part);
            _passes.Smaller(buffers, result.SubView(start, part), part);
        }
    }

    public void Value(in StateEvaluationCall call) => Evaluate(Layout.Value, call, false);

    public void Act(in StateEvaluationCall call) => Evaluate(Layout.Policy, call, true);

    public void ActionGradient(in ActionGradientCall call)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        call.Check();
        int rows = GpuArguments.AtLeastOne(call.Rows);
        _arguments.Array(call.Twin, Layout.Twin.Length);
        _arguments.Array(call.States, (long)rows * Shape.StateSize);
        _arguments.Array(call.Actions, (long)rows * Shape.ActionSize);
        _arguments.Array(call.Gradient, (long)rows * Shape.ActionSize);
        if (call.Q is not null)
            _arguments.Array(call.Q, rows);
        _actionGradient ??= new ActionGradientPasses(_backend, _passes, _mlps.Value, Layout);
        _actionGradient.Prepare(rows, this);
        _backend.Run(this, call, static (me, in call) => me._actionGradient!.Launch(call));
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
        _twinGradient?.Dispose();
        _policyGradient?.Dispose();
    }

    private void Launch(in ImplicitStepCall call)
    {
        var (buffers, tables, losses) = (_buffers!, _tables!, Losses(call.Losses, CriticLosses.Value + 1));
        var (value, twin, target) = (Array(call.Value.Parameters), Array(call.Twin.Parameters), Array(call.Target));
        var rows = RowsOf(call.Batch) with { Discount = call.Backup.Discount };
        for (int first = 0; first < call.Batch.Rows; first += GpuSlab.Rows)
        {
            int count = Math.Min(GpuSlab.Rows, call.Batch.Rows - first);
            _passes.Rows(buffers, rows with { Rows = count, FirstRow = first });
            _passes.ImplicitHidden(buffers, value, twin, target, count);
            _passes.ImplicitHead(buffers, value, twin, target, count, call.Batch.Rows, call.Backup.Expectile);
            _passes.ImplicitBackward(buffers, value, twin, tables.Implicit, losses, count, call.Batch.Rows, first > 0);
        }

        if (call.Value.Gradient is not null)
            _passes.Copy(buffers[buffers.ValueGradient], View(call.Value.Gradient), Layout.Value.Length);
        if (call.Twin.Gradient is not null)
            _passes.Copy(buffers[buffers.TwinGradient], View(call.Twin.Gradient), Layout.Twin.Length);
    }

    private void Launch(in SampledStepCall call)
    {
        int candidates = call.Backup.CandidateCount, slab = SlabRows(call.Batch.Rows, candidates);
        var (buffers, tables, losses) = (_buffers!, _tables!, Losses(call.Losses, CriticLosses.NextValue + 1));
        var (twin, target, actions) = (Array(call.Twin.Parameters), Array(call.Target), View(call.Backup.NextActions));
        var rows = RowsOf(call.Batch) with { Discount = call.Backup.Discount };
        long width = (long)candidates * Shape.ActionSize;
        for (int first = 0; first < call.Batch.Rows; first += slab)
        {
            int count = Math.Min(slab, call.Batch.Rows - first);
            _passes.Rows(buffers, rows with { Rows = count, FirstRow = first });
            var next = buffers[buffers.States].SubView((long)count * Shape.StateSize, (long)count * Shape.StateSize);
            _passes.Join(buffers, next, actions.SubView(first * width, count * width), count * candidates, candidates);
            _passes.Forward(buffers, Layout.Twin, buffers.Target, target, buffers.Joined, count * candidates);
            _passes.Forward(buffers, Layout.Twin, buffers.Twin, twin, buffers.Inputs, count);
            _passes.Seed(
                buffers, _kernels.SampledSeed,
                new CriticSeedArguments { Rows = count, BatchRows = call.Batch.Rows, InverseTemperature = call.Backup.InverseTemperature }, candidates);
            _passes.Backward(buffers, Layout.Twin, buffers.Twin, twin, tables.SampledTwin, call.Twin.Gradient!, losses, count, call.Batch.Rows, first > 0);
        }
    }

    private void Launch(in PolicyStepCall call)
    {
        var (buffers, tables, losses) = (_buffers!, _tables!, Losses(call.Losses, CriticLosses.Policy + 1));
        var (policy, value, target) = (Array(call.Policy.Parameters), Array(call.Value), Array(call.Target));
        var rows = RowsOf(call.Batch);
        for (int first = 0; first < call.Batch.Rows; first += GpuSlab.Rows)
        {
            int count = Math.Min(GpuSlab.Rows, call.Batch.Rows - first);
            _passes.Rows(buffers, rows with { Rows = count, FirstRow = first });
            _passes.Forward(buffers, Layout.Value, buffers.Value, value, buffers.States, count);
            _passes.Forward(buffers, Layout.Twin, buffers.Target, target, buffers.Inputs, count);
            _passes.Forward(buffers, Layout.Policy, buffers.Policy, policy, buffers.States, count);
            _passes.Seed(
                buffers, _kernels.AdvantageSeed,
                new CriticSeedArguments { Rows = count, BatchRows = call.Batch.Rows, Temperature = call.Weighting.Temperature, Cap = call.Weighting.Cap }, 1);
            _passes.Backward(buffers, Layout.Policy, buffers.Policy, policy, tables.Policy, call.Policy.Gradient!, losses, count, call.Batch.Rows, first > 0);
        }
    }

    private static GpuArray<float> Array(DeviceArray<float> array) => (GpuArray<float>)array;

    private static ArrayView<float> View(DeviceArray<float> array) => Array(array).View;

    private static TransitionBatch Undrawn(in TransitionBatch batch) => batch with { Draw = default };

    private static int SlabRows(int rows, int candidates) => Math.Min(rows, Math.Max(1, GpuSlab.Rows / candidates));

    private void Evaluate(MlpLayout mlp, in StateEvaluationCall call, bool hasTanh)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        int rows = GpuArguments.AtLeastOne(call.Rows);
        var parameters = _arguments.Array(call.Parameters, mlp.Length);
        var stateView = _arguments.Array(call.States, (long)rows * Shape.StateSize).View;
        var result = _arguments.Array(call.Output, (long)rows * mlp.OutputSize).View;
        int slab = Math.Min(rows, GpuSlab.Rows);
        PrepareBuffers(slab, 1);
        var buffers = _buffers!;
        var at = hasTanh ? buffers.Policy : buffers.Value;
        for (int first = 0; first < rows; first += slab)
        {
            int count = Math.Min(slab, rows - first);
            _passes.Copy(stateView.SubView((long)first * Shape.StateSize, (long)count * Shape.StateSize), buffers[buffers.States], count * Shape.StateSize);
            _passes.Forward(buffers, mlp, at, parameters, buffers.States, count, hasTanh);
            _passes.Copy(buffers[at.Output[0]], result.SubView((long)first * mlp.OutputSize, (long)count * mlp.OutputSize), count * mlp.OutputSize);
        }
    }

    private void Move(in TrainedArrays arrays, in AdamSettings adam, long step) =>
        _vector.Adam(new() { Trained = arrays, Settings = adam, Step = step });

    private void Follow(DeviceArray<float> target, in TrainedArrays twin, in CriticUpdate update) =>
        _vector.PolyakAverage(new() { Target = target, Source = twin.Parameters, Rate = update.TargetRate });

    // A gradient that the caller has no use for goes to an array of ours.
    private TrainedArrays WithGradient(in TrainedArrays arrays, ref GpuArray<float>? own, MlpLayout mlp) =>
        arrays.Gradient is null ? arrays with { Gradient = own ??= _backend.Allocate<float>(mlp.Length) } : arrays;

    private void Check(in TrainedArrays arrays, MlpLayout mlp)
    {
        foreach (var array in (ReadOnlySpan<DeviceArray<float>>)[arrays.Parameters, arrays.FirstMoment, arrays.SecondMoment])
            _arguments.Array(array, mlp.Length);
        if (arrays.Gradient is not null)
            _arguments.Array(arrays.Gradient, mlp.Length);
    }

    private ModelView Losses(DeviceArray<float> losses, int needed)
    {
        var view = _arguments.Array(losses, needed).View;
        return new ModelView { All = view, Stride = 0, Length = view.Length };
    }

    // Given rows are looked at here: a kernel could not refuse them.
    private void Check(in TransitionBatch batch)
    {
        int rows = GpuArguments.AtLeastOne(batch.Rows);
        var data = batch.Data;
        long count = GpuArguments.AtLeastOne(data.Count);
        _arguments.Array(data.States, count * Shape.StateSize);
        _arguments.Array(data.Actions, count * Shape.ActionSize);
        _arguments.Array(data.Rewards, count);
        _arguments.Array(data.Terminals, count);
        _arguments.Array(data.NextStates, count * Shape.StateSize);
        if (batch.Indices is not { } given)
            return;
        _arguments.Array(given, rows);
        if (_checked.Length < rows)
            _checked = new int[rows];
        var indices = _checked.AsSpan(0, rows);
        given.CopyTo(indices);
        foreach (int index in indices)
        {
            if (index < 0 || index >= data.Count)
                throw new ArgumentOutOfRangeException(nameof(batch), index, $"an index is outside the {data.Count} rows of the dataset");
        }
    }

    private CriticRowsArguments RowsOf(in TransitionBatch batch) => new()
    {
        States = View(batch.Data.States),
        Actions = View(batch.Data.Actions),
        Rewards = View(batch.Data.Rewards),
        Terminals = View(batch.Data.Terminals),
        NextStates = View(batch.Data.NextStates),
        Indices = batch.Indices is GpuArray<int> given ? given.View : _noIndices.View,
        Count = batch.Data.Count,
        Draws = batch.Indices is null ? 1 : 0,
    };

    // A step that follows on the one before finds its place in the stream set.
    private void SetDraw(in RandomDraw draw)
    {
        if (_onDevice != draw)
            _kernels.SetDraw.Launch(new GridSize(1), DrawArguments(draw), new KernelWork(0, 24));
        _onDevice = draw;
    }

    private SetDrawArguments DrawArguments(in RandomDraw draw) =>
        new() { Words = _draw.View, Seed = draw.Seed, Stage = (uint)draw.Stage, Step = draw.Step, FirstElement = draw.FirstElement };

    private AdamArguments Moved(in TrainedArrays arrays, Region gradient, in CriticUpdate update) => GpuVectorOperations.AdamConstants(update.Adam, update.Step) with
    {
        Parameters = View(arrays.Parameters),
        Gradient = _buffers![gradient],
        FirstMoment = View(arrays.FirstMoment),
        SecondMoment = View(arrays.SecondMoment),
    };

    // The workspace; a larger batch than any before makes a new one.
    private void PrepareBuffers(int rows, int evaluated)
    {
        if (_buffers is null || _buffers.Rows < rows || _buffers.Evaluated < evaluated)
        {
            _backend.Synchronize();
            _backend.Forget(this);
            (rows, evaluated) = (Math.Max(rows, _buffers?.Rows ?? 0), Math.Max(evaluated, _buffers?.Evaluated ?? 0));
            _buffers?.Dispose();
            _tables?.Dispose();
            _buffers = new CriticBuffers(_backend, Layout, rows, evaluated);
            _tables = new Tables(_backend, _kernels.WeightGradient, Layout, _buffers);
        }
    }

    /// <summary>What each kind of step sums up.</summary>
    private sealed class Tables(GpuBackend backend, LoadedGradient gradient, CriticLayout layout, CriticBuffers buffers) : IDisposable
    {
        public GradientTables Implicit { get; } = OfImplicit(backend, gradient, layout, buffers);

        public GradientTables SampledTwin { get; } = Make(backend, gradient, layout.Twin, buffers.Twin, buffers.Inputs, buffers, CriticLosses.Q, CriticLosses.NextValue + 1);

        public GradientTables Policy { get; } = Make(backend, gradient, layout.Policy, buffers.Policy, buffers.States, buffers, CriticLosses.Policy, CriticLosses.Policy + 1);

        public void Dispose()
        {
            Implicit.Dispose();
            SampledTwin.Dispose();
            Policy.Dispose();
        }

        // V and the twins in one table, into the workspace.
        private static GradientTables OfImplicit(GpuBackend backend, LoadedGradient gradient, CriticLayout layout, CriticBuffers buffers)
        {
            int width = layout.Shape.Width;
            var writer = GradientTableWriter.For(gradient, layout.Value.Networks.Count + layout.Twin.Networks.Count, width, width);
            Add(writer, layout.Value, buffers.Value, buffers.States, buffers.ValueGradient);
            Add(writer, layout.Twin, buffers.Twin, buffers.Inputs, buffers.TwinGradient);
            writer.AddSums(buffers.Losses, CriticLosses.Q, CriticLosses.Value + 1, 0, SumTarget.MeanLoss, SumRows.Candidate);
            return new GradientTables(backend, writer, buffers.Rows, 1);
        }

        private static GradientTables Make(GpuBackend backend, LoadedGradient gradient, MlpLayout mlp, MlpBuffers at, Region input, CriticBuffers buffers, int firstLoss, int endLoss)
        {
            var writer = GradientTableWriter.For(gradient, mlp.Networks.Count, mlp.Shape.HiddenWidths[0], mlp.Shape.HiddenWidths[0]);
            Add(writer, mlp, at, input, null);
            writer.AddSums(buffers.Losses, firstLoss, endLoss, 0, SumTarget.MeanLoss, SumRows.Candidate);
            return new GradientTables(backend, writer, buffers.Rows, 1);
        }

        // The gradients of some networks, to a part of the workspace or else to the flat gradient.
        private static void Add(GradientTableWriter writer, MlpLayout mlp, MlpBuffers at, Region input, Region? to)
        {
            int start = to?.Offset ?? 0, target = to is null ? SumTarget.Gradient : SumTarget.Workspace, width = mlp.Shape.HiddenWidths[0];
            bool isParameter = to is null;
            for (int i = 0; i < mlp.Networks.Count; i++)
            {
                var (first, second, third) = (mlp.Networks[i].Layers[0], mlp.Networks[i].Layers[1], mlp.Networks[i].Layers[2]);
                writer.AddTiles(at.Adjoint1[i], input, null, mlp.InputSize, start + first.Weight.Offset, mlp.InputSize, 1, isParameter, false);
                writer.AddTiles(at.Adjoint2[i], at.Hidden1[i], null, width, start + second.Weight.Offset, width, 1, isParameter, false);
                writer.AddTiles(at.Seed[i], at.Hidden2[i], null, width, start + third.Weight.Offset, width, 1, isParameter, false);
                writer.AddSums(at.Adjoint1[i], start + first.Bias.Offset, target, SumRows.Candidate);
                writer.AddSums(at.Adjoint2[i], start + second.Bias.Offset, target, SumRows.Candidate);
                writer.AddSums(at.Seed[i], start + third.Bias.Offset, target, SumRows.Candidate);
            }
        }
    }
}
