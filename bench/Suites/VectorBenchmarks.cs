using BenchmarkDotNet.Attributes;
using EDA.Bench.Kernels;
using EDA.Kernels;

namespace EDA.Bench.Suites;

/// <summary>What training does to whole arrays, beside a model of 17 state and 6 action variables.</summary>
public class VectorBenchmarks : OperationBenchmarks<VectorWorkload>
{
    private const int DatasetRows = 100_000;
    private const int Width = 17;

    /// <summary>A step of Adam on all weights.</summary>
    [Benchmark]
    public void Adam() => Finish(Workload.Adam);

    /// <summary>An average of all weights.</summary>
    [Benchmark]
    public void PolyakAverage() => Finish(Workload.PolyakAverage);

    /// <summary>The rows of a batch, drawn.</summary>
    [Benchmark]
    public void FillIndices() => Finish(Workload.FillIndices);

    /// <summary>A batch's noise.</summary>
    [Benchmark]
    public void FillNormal() => Finish(Workload.FillNormal);

    /// <summary>A batch's states, taken from the dataset.</summary>
    [Benchmark]
    public void Gather() => Finish(Workload.Gather);

    /// <inheritdoc/>
    protected override VectorWorkload Create(IDevice device) => new(device, new BdmShape(Width, 6).ParameterCount, Rows, Width, DatasetRows);
}
