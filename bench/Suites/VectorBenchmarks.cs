using BenchmarkDotNet.Attributes;
using EDA.Kernels;

namespace EDA.Bench.Suites;

/// <summary>What training does to whole arrays: Adam and averages over a model's weights, batches and noise.</summary>
public class VectorBenchmarks : SuiteDevice
{
    private const int DatasetRows = 100_000;
    private const int Width = 17;

    private readonly List<IDisposable> _arrays = [];
    private DeviceArray<float>? _parameters;
    private DeviceArray<float>? _gradient;
    private DeviceArray<float>? _firstMoment;
    private DeviceArray<float>? _secondMoment;
    private DeviceArray<float>? _dataset;
    private DeviceArray<float>? _batch;
    private DeviceArray<int>? _indices;
    private uint _step;

    /// <summary>The batch sizes.</summary>
    public IEnumerable<int> AllRows => SuiteSizes.Rows;

    /// <summary>Rows of a batch.</summary>
    [ParamsSource(nameof(AllRows))]
    public int Rows { get; set; }

    /// <summary>Makes the arrays.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var device = Open();
        int weights = new BdmShape(Width, 6).ParameterCount;
        (_parameters, _gradient, _firstMoment, _secondMoment) = (Array<float>(weights), Array<float>(weights), Array<float>(weights), Array<float>(weights));
        (_dataset, _batch, _indices) = (Array<float>(DatasetRows * Width), Array<float>(Rows * Width), Array<int>(Rows));
        device.Vector.FillNormal(new()
        {
            Values = _gradient,
            Count = weights,
            Draw = new(0, RandomStage.Behavior, 0),
            Purpose = RandomPurpose.Noise,
        });
        device.Vector.FillNormal(new()
        {
            Values = _dataset,
            Count = DatasetRows * Width,
            Draw = new(0, RandomStage.Data, 0),
            Purpose = RandomPurpose.Noise,
        });
        FillIndices();
    }

    /// <summary>A step of Adam on all weights.</summary>
    [Benchmark]
    public void Adam() => Finish(() => Opened.Vector.Adam(new()
    {
        Trained = new(_parameters!, _gradient!, _firstMoment!, _secondMoment!),
        Settings = new(1e-4),
        Step = ++_step,
    }));

    /// <summary>An average of all weights.</summary>
    [Benchmark]
    public void PolyakAverage() => Finish(() => Opened.Vector.PolyakAverage(new() { Target = _parameters!, Source = _gradient!, Rate = 0.005f }));

    /// <summary>The rows of a batch, drawn.</summary>
    [Benchmark]
    public void FillIndices() => Finish(() => Opened.Vector.FillIndices(new()
    {
        Indices = _indices!,
        Count = Rows,
        Upper = DatasetRows,
        Draw = new(0, RandomStage.Behavior, ++_step),
        Purpose = RandomPurpose.BatchIndex,
    }));

    /// <summary>A batch's noise.</summary>
    [Benchmark]
    public void FillNormal() => Finish(() => Opened.Vector.FillNormal(new()
    {
        Values = _batch!,
        Count = Rows * Width,
        Draw = new(0, RandomStage.Behavior, ++_step),
        Purpose = RandomPurpose.Noise,
    }));

    /// <summary>A batch's states, taken from the dataset.</summary>
    [Benchmark]
    public void Gather() => Finish(() => Opened.Vector.Gather(new()
    {
        Source = _dataset!,
        Width = Width,
        Indices = _indices!,
        Count = Rows,
        Destination = _batch!,
    }));

    /// <inheritdoc/>
    protected override void Close()
    {
        foreach (var array in _arrays)
            array.Dispose();
        _arrays.Clear();
    }

    private DeviceArray<T> Array<T>(int length)
        where T : unmanaged
    {
        var array = Opened.Allocate<T>(length);
        _arrays.Add(array);
        return array;
    }
}
