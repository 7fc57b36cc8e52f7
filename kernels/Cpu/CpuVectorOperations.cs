using System.Runtime.CompilerServices;
using static EDA.Kernels.Cpu.CpuArguments;

namespace EDA.Kernels.Cpu;

/// <summary>The operations on plain arrays on the CPU. Adam reads four arrays and writes three: 28 bytes a parameter.</summary>
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
    private float _stepSize;
    private float _secondScale;
    private AdamSettings _settings;
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
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        long count = parameters.Length;
        _first = Pointer(parameters, count);
        _second = Pointer(gradient, count);
        _third = Pointer(firstMoment, count);
        _fourth = Pointer(secondMoment, count);
        _settings = settings;
        _stepSize = (float)(settings.LearningRate / (1 - Math.Pow(settings.Beta1, step)));
        _secondScale = (float)(1 / Math.Sqrt(1 - Math.Pow(settings.Beta2, step)));
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
            case Kind.Adam: Adam(first, count); break;
            case Kind.Polyak: Polyak(first, count); break;
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Adam(long first, int count)
    {
        float* p = _first + first;
        float* g = _second + first;
        float* m = _third + first;
        float* v = _fourth + first;
        float keep1 = (float)_settings.Beta1, take1 = (float)(1 - _settings.Beta1), keep2 = (float)_settings.Beta2, take2 = (float)(1 - _settings.Beta2);
        float small = (float)_settings.Epsilon;
        TV beta1 = TS.Broadcast(keep1), rest1 = TS.Broadcast(take1), beta2 = TS.Broadcast(keep2), rest2 = TS.Broadcast(take2);
        TV size = TS.Broadcast(-_stepSize), scale = TS.Broadcast(_secondScale), epsilon = TS.Broadcast(small);
        int i = 0;
        for (; i <= count - TS.Count; i += TS.Count)
        {
            TV gradient = TS.Load(g + i);
            TV moment1 = TS.MultiplyAdd(TS.Load(m + i), beta1, TS.Multiply(gradient, rest1));
            TV moment2 = TS.MultiplyAdd(TS.Load(v + i), beta2, TS.Multiply(TS.Multiply(gradient, gradient), rest2));
            TS.Store(moment1, m + i);
            TS.Store(moment2, v + i);
            TV denominator = TS.MultiplyAdd(TS.SquareRoot(moment2), scale, epsilon);
            TS.Store(TS.MultiplyAdd(TS.Divide(moment1, denominator), size, TS.Load(p + i)), p + i);
        }

        for (; i < count; i++)
        {
            m[i] = (m[i] * keep1) + (g[i] * take1);
            v[i] = (v[i] * keep2) + (g[i] * g[i] * take2);
            p[i] -= _stepSize * (m[i] / ((MathF.Sqrt(v[i]) * _secondScale) + small));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Polyak(long first, int count)
    {
        float* target = _first + first;
        float* source = _second + first;
        TV rate = TS.Broadcast(_rate);
        int i = 0;
        for (; i <= count - TS.Count; i += TS.Count)
        {
            TV old = TS.Load(target + i);
            TS.Store(TS.MultiplyAdd(TS.Subtract(TS.Load(source + i), old), rate, old), target + i);
        }

        for (; i < count; i++)
            target[i] += _rate * (source[i] - target[i]);
    }
}
