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
    private float* _first;
    private float* _second;
    private float* _third;
    private float* _fourth;
    private int* _indices;
    private int _width;
    private int _upper;
    private float _rate;
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
    }

    public void FillIndices(DeviceArray<int> indices, int count, int upper, in RandomDraw draw, RandomPurpose purpose)
    {
        _indices = Pointer(indices, AtLeastOne(count));
        (_upper, _draw, _purpose) = (AtLeastOne(upper), draw, purpose);
        Start(Kind.Indices, count);
        KeepAlive(indices);
    }

    public void FillNormal(DeviceArray<float> values, long count, in RandomDraw draw, RandomPurpose purpose)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        _first = Pointer(values, count);
        (_draw, _purpose) = (draw, purpose);
        Start(Kind.Normal, count);
        KeepAlive(values);
    }

    public void Gather(DeviceArray<float> source, int width, DeviceArray<int> indices, int count, DeviceArray<float> destination)
    {
        _first = Pointer(source, AtLeastOne(width));
        _second = Pointer(destination, (long)AtLeastOne(count) * width);
        _indices = Pointer(indices, count);
        (_width, _upper) = (width, checked((int)(source.Length / width)));
        Start(Kind.Gather, count);
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
        Start(Kind.Adam, count);
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
        Start(Kind.Polyak, target.Length);
        KeepAlive(target, source);
    }

    public void Run(int item, int worker)
    {
        long first = (long)item * ElementsPerItem;
        int count = (int)Math.Min(ElementsPerItem, _count - first);
        switch (_kind)
        {
            case Kind.Indices: FillIndices(first, count); break;
            case Kind.Normal: CpuRandom.Normals(_draw, _purpose, (ulong)first, count, _first + first); break;
            case Kind.Gather: Gather(first, count); break;
            case Kind.Adam: ParameterUpdate<TV, TS>.Adam(_adam, _first + first, _second + first, _third + first, _fourth + first, count); break;
            case Kind.Polyak: ParameterUpdate<TV, TS>.Average(_rate, _first + first, _second + first, count); break;
        }
    }

    private void Start(Kind kind, long count)
    {
        (_kind, _count) = (kind, count);
        pool.Run(this, (int)((count + ElementsPerItem - 1) / ElementsPerItem));
    }

    private void FillIndices(long first, int count)
    {
        for (long i = first; i < first + count; i++)
            _indices[i] = Philox.Index(Philox.Word(_draw, _purpose, (ulong)i), _upper);
    }

    private void Gather(long first, int count)
    {
        for (long i = first; i < first + count; i++)
        {
            int index = _indices[i];
            if ((uint)index >= (uint)_upper)
                throw new ArgumentOutOfRangeException("indices", index, $"index {i} is outside the {_upper} rows of the source");
            new Span<float>(_first + ((long)index * _width), _width).CopyTo(new Span<float>(_second + (i * _width), _width));
        }
    }
}
