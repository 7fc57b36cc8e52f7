using BenchmarkDotNet.Attributes;
using EDA.Bench.Kernels;
using EDA.Kernels;

namespace EDA.Bench.Suites;

/// <summary>The fused operations on the critics' networks, H = 256.</summary>
public class CriticBenchmarks : SuiteDevice
{
    private CriticWorkload? _workload;

    /// <summary>The batch sizes.</summary>
    public IEnumerable<int> AllRows => SuiteSizes.Rows;

    /// <summary>The tasks' sizes.</summary>
    public IEnumerable<TaskSize> AllTasks => TaskSize.All;

    /// <summary>Transitions of a batch, or states.</summary>
    [ParamsSource(nameof(AllRows))]
    public int Rows { get; set; }

    /// <summary>S and A.</summary>
    [ParamsSource(nameof(AllTasks))]
    public TaskSize Task { get; set; } = TaskSize.All[0];

    private CriticWorkload Workload => _workload!;

    /// <summary>Makes networks and transitions.</summary>
    [GlobalSetup]
    public void Setup() => _workload = new CriticWorkload(Open(), new CriticShape(Task.States, Task.Actions), Rows);

    /// <summary>V, twins and target by implicit Q-learning.</summary>
    [Benchmark]
    public void ImplicitStep() => Finish(Workload.ImplicitStep);

    /// <summary>Twins and target by softmax Q-learning, 16 next actions.</summary>
    [Benchmark]
    public void SampledStep() => Finish(Workload.SoftmaxStep);

    /// <summary>The policy by advantage-weighted regression.</summary>
    [Benchmark]
    public void PolicyStep() => Finish(Workload.PolicyStep);

    /// <summary>Labels of 16 candidates for each state.</summary>
    [Benchmark]
    public void MinimumQ() => Finish(Workload.MinimumQ);

    /// <summary>V of states.</summary>
    [Benchmark]
    public void Value() => Finish(Workload.Value);

    /// <summary>The policy's actions.</summary>
    [Benchmark]
    public void Act() => Finish(Workload.Act);

    /// <summary>The slopes of Q along the action.</summary>
    [Benchmark]
    public void ActionGradient() => Finish(Workload.ActionGradient);

    /// <inheritdoc/>
    protected override void Close() => _workload?.Dispose();
}
