using static EDA.Kernels.Cpu.CpuArguments;

namespace EDA.Kernels.Cpu;

/// <summary>The operations on plain arrays on the CPU.</summary>
internal sealed unsafe class CpuVectorOperations<TV, TS>(WorkerPool pool) : IVectorOperations, IParallelWork
    where TV : struct
    where TS : struct, ISimd<TV>
{
    private const int ElementsPerItem = 16384;

    private Kind _kind;
    private long _count;
    private int _itemsPerModel;
    private float* _first;
    private float* _second;
    private float* _third;
    private float* _fourth;
    private int* _indices;
    private int _width;
    private int _upper;
    private float _rate;
    private float _bound;
    private AdamConstants _adam;
    private RandomDraw _draw;
    private RandomPurpose _purpose;

    private enum Kind
    {
        Indices,
        Normal,
        Gather,
        Adam,
        Polyak,
        Clip,
    }

    public void FillIndices(DeviceArray<int> indices, int count, int upper, in RandomDraw draw, RandomPurpose purpose, int models)
    {
        _indices = Pointer(indices, (long)AtLeastOne(count) * AtLeastOne(models));
        (_upper, _draw, _purpose) = (AtLeastOne(upper), draw, purpose);
        Start(Kind.Indices, count, models);
        KeepAlive(indices);
    }

    public void FillNormal(DeviceArray<float> values, long count, in RandomDraw draw, RandomPurpose purpose, int models)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        _first = Pointer(values, checked(count * AtLeastOne(models)));
        (_draw, _purpose) = (draw, purpose);
        Start(Kind.Normal, count, models);
        KeepAlive(values);
    }

    public void Gather(DeviceArray<float> source, int width, DeviceArray<int> indices, int count, DeviceArray<float> destination, int models)
    {
        _first = Pointer(source, (long)AtLeastOne(width) * AtLeastOne(models));
        _second = Pointer(destination, checked((long)AtLeastOne(count) * width * models));
        _indices = Pointer(indices, (long)count * models);
        (_width, _upper) = (width, checked((int)RowsPerModel(source.Length, width, models)));
        Start(Kind.Gather, count, models);
        KeepAlive(source, indices, destination);
    }

    public void Adam(
        DeviceArray<float> parameters,
        DeviceArray<float> gradient,
        DeviceArray<float> firstMoment,
        DeviceArray<float> secondMoment,
        in AdamSettings settings,
        long step)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        long count = parameters.Length;
        _first = Pointer(parameters, count);
        _second = Pointer(gradient, count);
        _third = Pointer(firstMoment, count);
        _fourth = Pointer(secondMoment, count);
        _adam = new AdamConstants(settings, step);
        Start(Kind.Adam, count, 1);
        KeepAlive(parameters, gradient, firstMoment, secondMoment);
    }

    public void PolyakAverage(DeviceArray<float> target, DeviceArray<float> source, float rate)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (rate is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(rate), rate, "the rate must be in [0, 1]");
        _first = Pointer(target, target.Length);
        _second = Pointer(source, target.Length);
        _rate = rate;
        Start(Kind.Polyak, target.Length, 1);
        KeepAlive(target, source);
    }

    public void Clip(DeviceArray<float> source, long count, float bound, DeviceArray<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (!(bound >= 0))
            throw new ArgumentOutOfRangeException(nameof(bound), bound, "the bound must be at least 0");
        _first = Pointer(source, count);
        _second = Pointer(destination, count);
        _bound = bound;
        Start(Kind.Clip, count, 1);
        KeepAlive(source, destination);
    }

    public void Run(int item, int worker)
    {
        int model = item / _itemsPerModel;
        long first = (long)(item % _itemsPerModel) * ElementsPerItem;
        int count = (int)Math.Min(ElementsPerItem, _count - first);
        switch (_kind)
        {
            case Kind.Indices: FillIndices(model, first, count); break;
            case Kind.Normal: CpuRandom.Normals(_draw.OfModel(model), _purpose, (ulong)first, count, _first + (model * _count) + first); break;
            case Kind.Gather: Gather(model, first, count); break;
            case Kind.Adam: ParameterUpdate<TV, TS>.Adam(_adam, _first + first, _second + first, _third + first, _fourth + first, count); break;
            case Kind.Clip: Clip(_first + first, _second + first, count); break;
            case Kind.Polyak: ParameterUpdate<TV, TS>.Average(_rate, _first + first, _second + first, count); break;
        }
    }

    private static long RowsPerModel(long elements, int width, int models)
    {
        long rows = elements / width;
        return rows % models == 0 ? rows / models : throw new ArgumentException($"a source of {rows} rows is not as many for each of {models} models");
    }

    private void Start(Kind kind, long count, int models)
    {
        (_kind, _count, _itemsPerModel) = (kind, count, checked((int)((count + ElementsPerItem - 1) / ElementsPerItem)));
        pool.Run(this, checked(_itemsPerModel * models));
    }

    private void FillIndices(int model, long first, int count)
    {
        var draw = _draw.OfModel(model);
        int* indices = _indices + (model * _count);
        for (long i = first; i < first + count; i++)
            indices[i] = Philox.Index(Philox.Word(draw, _purpose, (ulong)i), _upper);
    }

    private void Gather(int model, long first, int count)
    {
        float* source = _first + ((long)model * _upper * _width);
        float* destination = _second + (model * _count * _width);
        int* indices = _indices + (model * _count);
        for (long i = first; i < first + count; i++)
        {
            int index = indices[i];
            if ((uint)index >= (uint)_upper)
                throw new ArgumentOutOfRangeException("indices", index, $"index {i} is outside the {_upper} rows of the source");
            new Span<float>(source + ((long)index * _width), _width).CopyTo(new Span<float>(destination + (i * _width), _width));
        }
    }

    private void Clip(float* source, float* destination, int count)
    {
        float bound = _bound;
        for (int i = 0; i < count; i++)
        {
            float value = source[i];
            destination[i] = value > bound ? bound : value < -bound ? -bound : value;
        }
    }
}
