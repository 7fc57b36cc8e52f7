using BenchmarkDotNet.Attributes;
using EDA.Bench.Kernels;
using EDA.Kernels;

namespace EDA.Bench.Suites;

/// <summary>The operations of a workload over batch sizes and the sizes of the paper's tasks.</summary>
/// <typeparam name="T">The workload.</typeparam>
public abstract class OperationBenchmarks<T> : SuiteDevice
    where T : WorkloadArrays
{
    private T? _workload;

    /// <summary>The batch sizes, from the critics' batch to four times pretraining's.</summary>
    public IEnumerable<int> AllRows => [256, 512, 1024, 2048, 4096, 8192];

    /// <summary>Rows of a batch: points, transitions, or states times K.</summary>
    [ParamsSource(nameof(AllRows))]
    public int Rows { get; set; }

    /// <summary>What is measured.</summary>
    protected T Workload => _workload!;

    /// <summary>Makes weights and batches.</summary>
    [GlobalSetup]
    public void Setup() => _workload = Create(Open());

    /// <summary>Makes the workload.</summary>
    protected abstract T Create(IDevice device);

    /// <inheritdoc/>
    protected override void Close() => _workload?.Dispose();
}

/// <summary>Those that the task's sizes matter to, H = 256.</summary>
/// <typeparam name="T">The workload.</typeparam>
public abstract class TaskBenchmarks<T> : OperationBenchmarks<T>
    where T : WorkloadArrays
{
    private const int Candidates = 16;

    /// <summary>The tasks' sizes.</summary>
    public IEnumerable<TaskSize> AllTasks => TaskSize.All;

    /// <summary>S and A.</summary>
    [ParamsSource(nameof(AllTasks))]
    public TaskSize Task { get; set; } = TaskSize.All[0];

    /// <summary>How large the steps are.</summary>
    protected WorkloadSize Size => new(new BdmShape(Task.States, Task.Actions), Rows, Rows / Candidates, Candidates, Rows, Rows / Candidates, Rows);
}
