using BenchmarkDotNet.Attributes;
using EDA.Bench.Kernels;
using EDA.Kernels;
using EDA.Kernels.Cpu;

namespace EDA.Bench.Suites;

/// <summary>The critics' steps under BenchmarkDotNet, at each vector width the machine has.</summary>
[MemoryDiagnoser]
public class CriticBenchmarks
{
    private CpuDevice? _device;
    private CriticWorkload? _workload;

    /// <summary>The widths to measure.</summary>
    public static IEnumerable<SimdLevel> Levels => BdmBenchmarks.Levels;

    /// <summary>The vector width.</summary>
    [ParamsSource(nameof(Levels))]
    public SimdLevel Simd { get; set; }

    /// <summary>Makes device and workload.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _device = new CpuDevice(CpuOptions.FromEnvironment() with { Simd = Simd });
        _workload = new CriticWorkload(_device, new CriticShape(17, 6));
    }

    /// <summary>Gives them back.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _workload?.Dispose();
        _device?.Dispose();
    }

    /// <summary>V, twins and target by implicit Q-learning, batch 256.</summary>
    [Benchmark]
    public void ImplicitStep() => _workload!.ImplicitStep();

    /// <summary>Twins and target by softmax Q-learning, batch 256, 16 next actions.</summary>
    [Benchmark]
    public void SoftmaxStep() => _workload!.SoftmaxStep();

    /// <summary>The policy by advantage-weighted regression, batch 256.</summary>
    [Benchmark]
    public void PolicyStep() => _workload!.PolicyStep();
}
