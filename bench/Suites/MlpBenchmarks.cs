using BenchmarkDotNet.Attributes;
using EDA.Bench.Kernels;
using EDA.Kernels;

namespace EDA.Bench.Suites;

/// <summary>The operations on multi-layer perceptrons, a policy of H = 256.</summary>
public class MlpBenchmarks : SuiteDevice
{
    private MlpWorkload? _workload;

    /// <summary>The batch sizes.</summary>
    public IEnumerable<int> AllRows => SuiteSizes.Rows;

    /// <summary>The tasks' sizes.</summary>
    public IEnumerable<TaskSize> AllTasks => TaskSize.All;

    /// <summary>States of a batch.</summary>
    [ParamsSource(nameof(AllRows))]
    public int Rows { get; set; }

    /// <summary>S and A.</summary>
    [ParamsSource(nameof(AllTasks))]
    public TaskSize Task { get; set; } = TaskSize.All[0];

    private MlpWorkload Workload => _workload!;

    /// <summary>Makes the policy and states.</summary>
    [GlobalSetup]
    public void Setup() => _workload = new MlpWorkload(Open(), new CriticShape(Task.States, Task.Actions), Rows);

    /// <summary>The policy's actions.</summary>
    [Benchmark]
    public void Forward() => Finish(Workload.Forward);

    /// <summary>Its gradients at parameters and states.</summary>
    [Benchmark]
    public void Gradient() => Finish(Workload.Gradient);

    /// <inheritdoc/>
    protected override void Close() => _workload?.Dispose();
}
