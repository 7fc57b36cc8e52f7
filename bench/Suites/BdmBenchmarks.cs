using BenchmarkDotNet.Attributes;
using EDA.Bench.Kernels;
using EDA.Kernels.Cpu;

namespace EDA.Bench.Suites;

/// <summary>The steps of the kernel table under BenchmarkDotNet, at each vector width the machine has.</summary>
[MemoryDiagnoser]
public class BdmBenchmarks
{
    private CpuDevice? _device;
    private BdmWorkload? _workload;

    /// <summary>The widths to measure.</summary>
    public static IEnumerable<SimdLevel> Levels => Enum.GetValues<SimdLevel>().Where(level => level <= CpuOptions.BestSimd);

    /// <summary>The vector width.</summary>
    [ParamsSource(nameof(Levels))]
    public SimdLevel Simd { get; set; }

    /// <summary>Makes device and workload.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _device = new CpuDevice(CpuOptions.FromEnvironment() with { Simd = Simd });
        _workload = new BdmWorkload(_device, WorkloadSize.Published);
    }

    /// <summary>Gives them back.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _workload?.Dispose();
        _device?.Dispose();
    }

    /// <summary>Pretraining, batch 2048.</summary>
    [Benchmark]
    public void Pretraining() => _workload!.Pretraining();

    /// <summary>Alignment, 256 states × 16 candidates.</summary>
    [Benchmark]
    public void Alignment() => _workload!.Alignment();

    /// <summary>Score of 4096 points.</summary>
    [Benchmark]
    public void Score() => _workload!.Score();
}
