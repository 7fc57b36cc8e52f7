namespace EDA.Kernels.Gpu;

/// <summary>The operations on plain arrays as launches.</summary>
internal sealed class GpuVectorOperations(GpuBackend backend) : IVectorOperations, IDisposable
{
    private readonly LoadedKernel<SetDrawArguments> _setDraw = backend.Load<SetDrawArguments>("set_draw", SetDraw.GroupSize, SetDraw.Run);
    private readonly LoadedKernel<FillArguments> _fillIndices = backend.Load<FillArguments>("fill_indices", VectorKernel.GroupSize, Gpu.FillIndices.Run);
    private readonly LoadedKernel<FillArguments> _fillNormal = backend.Load<FillArguments>("fill_normal", VectorKernel.GroupSize, Gpu.FillNormal.Run);
    private readonly LoadedKernel<GatherArguments> _gather = backend.Load<GatherArguments>("gather_rows", VectorKernel.GroupSize, GatherRows.Run);
    private readonly LoadedKernel<AdamArguments> _adam = backend.Load<AdamArguments>("adam", VectorKernel.GroupSize, AdamStep.Run);
    private readonly LoadedKernel<PolyakArguments> _polyak = backend.Load<PolyakArguments>("polyak", VectorKernel.GroupSize, PolyakStep.Run);
    private readonly LoadedKernel<ClipArguments> _clip = backend.Load<ClipArguments>("clip", VectorKernel.GroupSize, ClipElements.Run);
    private readonly GpuArguments _arguments = new(backend, 1);
    private readonly GpuArray<uint> _draw = backend.Allocate<uint>(DrawView.Length);
    private readonly GpuArray<float> _noValues = backend.Allocate<float>(1);
    private readonly GpuArray<int> _noIndices = backend.Allocate<int>(1);

    public void FillIndices(in FillIndicesCall call)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(call.Upper, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(call.Count);
        int all = checked(call.Count * GpuArguments.AtLeastOne(call.Models));
        var array = _arguments.Array(call.Indices, all);
        if (call.Count == 0)
            return;
        Set(call.Draw);
        _fillIndices.Launch(Elements(call.Count, call.Models), Fill(array.View, NoValues, call.Count, call.Upper, call.Purpose, 0), new KernelWork(0, 4.0 * all));
    }

    public void FillNormal(in FillNormalCall call)
    {
        long count = call.Count;
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var array = _arguments.Array(call.Values, checked(count * GpuArguments.AtLeastOne(call.Models)));
        Set(call.Draw);
        for (long first = 0; first < count; first += 1 << 30)
        {
            int part = (int)Math.Min(1 << 30, count - first);
            var to = GpuArguments.Part(array, first, part, count, call.Models);
            _fillNormal.Launch(Elements(part, call.Models), Fill(_noIndices.View, to, part, 1, call.Purpose, first), new KernelWork(0, 4.0 * part * call.Models));
        }
    }

    public void Gather(in GatherCall call)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(call.Width, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(call.Count);
        ArgumentNullException.ThrowIfNull(call.Source);
        int width = call.Width, models = call.Models;
        long rows = call.Source.Length / width / GpuArguments.AtLeastOne(models);
        if (call.Source.Length / width != rows * models)
            throw new ArgumentException($"a source of {call.Source.Length / width} rows is not as many for each of {models} models", nameof(call));
        var from = _arguments.Array(call.Source, rows * width * models);
        var which = _arguments.Array(call.Indices, checked(call.Count * models));
        int elements = checked(call.Count * width);
        var to = _arguments.Array(call.Destination, (long)elements * models);
        if (call.Count == 0)
            return;
        _gather.Launch(
            Elements(elements, models),
            new GatherArguments
            {
                Source = GpuArguments.Part(from, 0, rows * width, rows * width, models),
                Indices = which.View,
                Destination = GpuArguments.Part(to, 0, elements, elements, models),
                Width = width,
                Count = call.Count,
                SourceRows = checked((int)rows),
            },
            new KernelWork(0, ((8.0 * elements) + (4 * call.Count)) * models));
    }

    public void Adam(in AdamCall call)
    {
        var trained = call.Trained;
        ArgumentNullException.ThrowIfNull(trained.Parameters);
        ArgumentNullException.ThrowIfNull(trained.Gradient);
        ArgumentOutOfRangeException.ThrowIfLessThan(call.Step, 1);
        int count = checked((int)trained.Parameters.Length);
        var (parameters, gradient) = (_arguments.Array(trained.Parameters, count), _arguments.Array(trained.Gradient, count));
        var (first, second) = (_arguments.Array(trained.FirstMoment, count), _arguments.Array(trained.SecondMoment, count));
        var arguments = AdamConstants(call.Settings, call.Step) with
        {
            Parameters = parameters.View,
            Gradient = gradient.View,
            FirstMoment = first.View,
            SecondMoment = second.View,
            IsAligned = (parameters.Start | gradient.Start | first.Start | second.Start) % 4 == 0 ? 1 : 0,
        };
        if (count > 0)
            _adam.Launch(new GridSize((count + AdamStep.ElementsPerGroup - 1) / AdamStep.ElementsPerGroup), arguments, new KernelWork(12.0 * count, 28.0 * count));
    }

    public void PolyakAverage(in PolyakAverageCall call)
    {
        ArgumentNullException.ThrowIfNull(call.Target);
        call.Check();
        int count = checked((int)call.Target.Length);
        var arguments = new PolyakArguments { Target = _arguments.Array(call.Target, count).View, Source = _arguments.Array(call.Source, count).View, Rate = call.Rate };
        if (count > 0)
            _polyak.Launch(Elements(count, 1), arguments, new KernelWork(3.0 * count, 12.0 * count));
    }

    public void Clip(in ClipCall call)
    {
        call.Check();
        int elements = checked((int)call.Count);
        var (from, to) = (_arguments.Array(call.Source, elements), _arguments.Array(call.Destination, elements));
        if (elements == 0)
            return;
        var arguments = new ClipArguments { Source = from.View.SubView(0, elements), Destination = to.View.SubView(0, elements), Bound = call.Bound };
        _clip.Launch(Elements(elements, 1), arguments, new KernelWork(0, 8.0 * elements));
    }

    public void Dispose()
    {
        _draw.Dispose();
        _noValues.Dispose();
        _noIndices.Dispose();
    }

    /// <summary>What a step of Adam multiplies by; the arrays are still to be named.</summary>
    internal static AdamArguments AdamConstants(in AdamSettings settings, long step) => new()
    {
        StepSize = (float)(settings.LearningRate / (1 - Math.Pow(settings.Beta1, step))),
        SecondScale = (float)(1 / Math.Sqrt(1 - Math.Pow(settings.Beta2, step))),
        Beta1 = (float)settings.Beta1,
        Rest1 = (float)(1 - settings.Beta1),
        Beta2 = (float)settings.Beta2,
        Rest2 = (float)(1 - settings.Beta2),
        Epsilon = (float)settings.Epsilon,
    };

    private void Set(in RandomDraw draw) => _setDraw.Launch(
        new GridSize(1),
        new SetDrawArguments { Words = _draw.View, Seed = draw.Seed, Stage = (uint)draw.Stage, Step = draw.Step, FirstElement = draw.FirstElement },
        new KernelWork(0, 24));

    private ModelView NoValues => new() { All = _noValues.View, Stride = 0, Length = 1 };

    private FillArguments Fill(ArrayView<int> indices, ModelView values, int count, int upper, RandomPurpose purpose, long first) => new()
    {
        Indices = indices,
        Values = values,
        Draw = new DrawView { Words = _draw.View },
        Count = count,
        Upper = upper,
        Purpose = (uint)purpose,
        First = first,
    };

    private static GridSize Elements(int count, int models) => new((count + VectorKernel.GroupSize - 1) / VectorKernel.GroupSize, 1, models);
}
