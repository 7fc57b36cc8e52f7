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
    private int _itemsPerModel;
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
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        long count = parameters.Length;
        _first = Pointer(parameters, count);
        _second = Pointer(gradient, count);
        _third = Pointer(firstMoment, count);
        _fourth = Pointer(secondMoment, count);
        _settings = settings;
        _stepSize = (float)(settings.LearningRate / (1 - Math.Pow(settings.Beta1, step)));
        _secondScale = (float)(1 / Math.Sqrt(1 - Math.Pow(settings.Beta2, step)));
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
            case Kind.Adam: Adam(first, count); break;
            case Kind.Polyak: Polyak(first, count); break;
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Adam(long first, int count)
    {
        float* p = _first + first;
        float* g = _second + first;
        float* m = _third + first;
        float* v = _fourth + first;
        var step = new AdamVectors(_settings, _stepSize, _secondScale);
        int i = 0;
        for (; i <= count - TS.Count; i += TS.Count)
            step.Take(p + i, g + i, m + i, v + i);
        if (i == count)
            return;

        // The rest goes through a full vector too: an element's rounding must not depend on where it stands.
        float* rest = stackalloc float[4 * TS.Count];
        new Span<float>(rest, 4 * TS.Count).Clear();
        float* restP = rest, restG = rest + TS.Count, restM = rest + (2 * TS.Count), restV = rest + (3 * TS.Count);
        for (int j = i; j < count; j++)
            (restP[j - i], restG[j - i], restM[j - i], restV[j - i]) = (p[j], g[j], m[j], v[j]);
        step.Take(restP, restG, restM, restV);
        for (int j = i; j < count; j++)
            (p[j], m[j], v[j]) = (restP[j - i], restM[j - i], restV[j - i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Polyak(long first, int count)
    {
        float* target = _first + first;
        float* source = _second + first;
        TV rate = TS.Broadcast(_rate);
        int i = 0;
        for (; i <= count - TS.Count; i += TS.Count)
            TS.Store(Average(TS.Load(target + i), TS.Load(source + i), rate), target + i);
        if (i == count)
            return;
        float* rest = stackalloc float[2 * TS.Count];
        new Span<float>(rest, 2 * TS.Count).Clear();
        for (int j = i; j < count; j++)
            (rest[j - i], rest[TS.Count + j - i]) = (target[j], source[j]);
        TS.Store(Average(TS.Load(rest), TS.Load(rest + TS.Count), rate), rest);
        for (int j = i; j < count; j++)
            target[j] = rest[j - i];
    }

    private static TV Average(TV target, TV source, TV rate) => TS.MultiplyAdd(TS.Subtract(source, target), rate, target);

    /// <summary>The constants of one step, in every lane.</summary>
    private readonly struct AdamVectors(in AdamSettings settings, float stepSize, float secondScale)
    {
        private readonly TV _beta1 = TS.Broadcast((float)settings.Beta1);
        private readonly TV _rest1 = TS.Broadcast((float)(1 - settings.Beta1));
        private readonly TV _beta2 = TS.Broadcast((float)settings.Beta2);
        private readonly TV _rest2 = TS.Broadcast((float)(1 - settings.Beta2));
        private readonly TV _epsilon = TS.Broadcast((float)settings.Epsilon);
        private readonly TV _size = TS.Broadcast(-stepSize);
        private readonly TV _scale = TS.Broadcast(secondScale);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Take(float* p, float* g, float* m, float* v)
        {
            TV gradient = TS.Load(g);
            TV first = TS.MultiplyAdd(TS.Load(m), _beta1, TS.Multiply(gradient, _rest1));
            TV second = TS.MultiplyAdd(TS.Load(v), _beta2, TS.Multiply(TS.Multiply(gradient, gradient), _rest2));
            TS.Store(first, m);
            TS.Store(second, v);
            TV denominator = TS.MultiplyAdd(TS.SquareRoot(second), _scale, _epsilon);
            TS.Store(TS.MultiplyAdd(TS.Divide(first, denominator), _size, TS.Load(p)), p);
        }
    }
}
