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

    public void FillIndices(in FillIndicesCall call)
    {
        _indices = Pointer(call.Indices, (long)AtLeastOne(call.Count) * AtLeastOne(call.Models));
        (_upper, _draw, _purpose) = (AtLeastOne(call.Upper), call.Draw, call.Purpose);
        Start(Kind.Indices, call.Count, call.Models);
        KeepAlive(this, call);
    }

    public void FillNormal(in FillNormalCall call)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(call.Count);
        _first = Pointer(call.Values, checked(call.Count * AtLeastOne(call.Models)));
        (_draw, _purpose) = (call.Draw, call.Purpose);
        Start(Kind.Normal, call.Count, call.Models);
        KeepAlive(this, call);
    }

    public void Gather(in GatherCall call)
    {
        _first = Pointer(call.Source, (long)AtLeastOne(call.Width) * AtLeastOne(call.Models));
        _second = Pointer(call.Destination, checked((long)AtLeastOne(call.Count) * call.Width * call.Models));
        _indices = Pointer(call.Indices, (long)call.Count * call.Models);
        (_width, _upper) = (call.Width, checked((int)RowsPerModel(call.Source.Length, call.Width, call.Models)));
        Start(Kind.Gather, call.Count, call.Models);
        KeepAlive(this, call);
    }

    public void Adam(in AdamCall call)
    {
        var trained = call.Trained;
        ArgumentNullException.ThrowIfNull(trained.Parameters);
        ArgumentNullException.ThrowIfNull(trained.Gradient);
        long count = trained.Parameters.Length;
        _first = Pointer(trained.Parameters, count);
        _second = Pointer(trained.Gradient, count);
        _third = Pointer(trained.FirstMoment, count);
        _fourth = Pointer(trained.SecondMoment, count);
        _adam = new AdamConstants(call.Settings, call.Step);
        Start(Kind.Adam, count, 1);
        KeepAlive(this, call);
    }

    public void PolyakAverage(in PolyakAverageCall call)
    {
        ArgumentNullException.ThrowIfNull(call.Target);
        call.Check();
        _first = Pointer(call.Target, call.Target.Length);
        _second = Pointer(call.Source, call.Target.Length);
        _rate = call.Rate;
        Start(Kind.Polyak, call.Target.Length, 1);
        KeepAlive(this, call);
    }

    public void Clip(in ClipCall call)
    {
        call.Check();
        _first = Pointer(call.Source, call.Count);
        _second = Pointer(call.Destination, call.Count);
        _bound = call.Bound;
        Start(Kind.Clip, call.Count, 1);
        KeepAlive(this, call);
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
