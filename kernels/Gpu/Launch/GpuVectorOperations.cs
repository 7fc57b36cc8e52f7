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

    public void FillIndices(DeviceArray<int> indices, int count, int upper, in RandomDraw draw, RandomPurpose purpose, int models)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(upper, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        int all = checked(count * GpuArguments.AtLeastOne(models));
        var array = _arguments.Array(indices, all);
        if (count == 0)
            return;
        Set(draw);
        _fillIndices.Launch(Elements(count, models), Fill(array.View, NoValues, count, upper, purpose, 0), new KernelWork(0, 4.0 * all));
    }

    public void FillNormal(DeviceArray<float> values, long count, in RandomDraw draw, RandomPurpose purpose, int models)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var array = _arguments.Array(values, checked(count * GpuArguments.AtLeastOne(models)));
        Set(draw);
        for (long first = 0; first < count; first += 1 << 30)
        {
            int part = (int)Math.Min(1 << 30, count - first);
            var to = GpuArguments.Part(array, first, part, count, models);
            _fillNormal.Launch(Elements(part, models), Fill(_noIndices.View, to, part, 1, purpose, first), new KernelWork(0, 4.0 * part * models));
        }
    }

    public void Gather(DeviceArray<float> source, int width, DeviceArray<int> indices, int count, DeviceArray<float> destination, int models)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentNullException.ThrowIfNull(source);
        long rows = source.Length / width / GpuArguments.AtLeastOne(models);
        if (source.Length / width != rows * models)
            throw new ArgumentException($"a source of {source.Length / width} rows is not as many for each of {models} models", nameof(source));
        var from = _arguments.Array(source, rows * width * models);
        var which = _arguments.Array(indices, checked(count * models));
        int elements = checked(count * width);
        var to = _arguments.Array(destination, (long)elements * models);
        if (count == 0)
            return;
        _gather.Launch(
            Elements(elements, models),
            new GatherArguments
            {
                Source = GpuArguments.Part(from, 0, rows * width, rows * width, models),
                Indices = which.View,
                Destination = GpuArguments.Part(to, 0, elements, elements, models),
                Width = width,
                Count = count,
                SourceRows = checked((int)rows),
            },
            new KernelWork(0, ((8.0 * elements) + (4 * count)) * models));
    }

    public void Adam(
        DeviceArray<float> parameters, DeviceArray<float> gradient, DeviceArray<float> firstMoment, DeviceArray<float> secondMoment, in AdamSettings settings, long step)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        int count = checked((int)parameters.Length);
        var arguments = new AdamArguments
        {
            Parameters = _arguments.Array(parameters, count).View,
            Gradient = _arguments.Array(gradient, count).View,
            FirstMoment = _arguments.Array(firstMoment, count).View,
            SecondMoment = _arguments.Array(secondMoment, count).View,
            StepSize = (float)(settings.LearningRate / (1 - Math.Pow(settings.Beta1, step))),
            SecondScale = (float)(1 / Math.Sqrt(1 - Math.Pow(settings.Beta2, step))),
            Beta1 = (float)settings.Beta1,
            Rest1 = (float)(1 - settings.Beta1),
            Beta2 = (float)settings.Beta2,
            Rest2 = (float)(1 - settings.Beta2),
            Epsilon = (float)settings.Epsilon,
        };
        if (count > 0)
            _adam.Launch(Elements(count, 1), arguments, new KernelWork(12.0 * count, 28.0 * count));
    }

    public void PolyakAverage(DeviceArray<float> target, DeviceArray<float> source, float rate)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (rate is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(rate), rate, "the rate must be in [0, 1]");
        int count = checked((int)target.Length);
        var arguments = new PolyakArguments { Target = _arguments.Array(target, count).View, Source = _arguments.Array(source, count).View, Rate = rate };
        if (count > 0)
            _polyak.Launch(Elements(count, 1), arguments, new KernelWork(3.0 * count, 12.0 * count));
    }

    public void Clip(DeviceArray<float> source, long count, float bound, DeviceArray<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (!(bound >= 0))
            throw new ArgumentOutOfRangeException(nameof(bound), bound, "the bound must be at least 0");
        int elements = checked((int)count);
        var (from, to) = (_arguments.Array(source, elements), _arguments.Array(destination, elements));
        if (elements == 0)
            return;
        var arguments = new ClipArguments { Source = from.View.SubView(0, elements), Destination = to.View.SubView(0, elements), Bound = bound };
        _clip.Launch(Elements(elements, 1), arguments, new KernelWork(0, 8.0 * elements));
    }

    public void Dispose()
    {
        _draw.Dispose();
        _noValues.Dispose();
        _noIndices.Dispose();
    }

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
