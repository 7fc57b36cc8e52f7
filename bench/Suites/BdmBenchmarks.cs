using BenchmarkDotNet.Attributes;
using EDA.Bench.Kernels;
using EDA.Kernels;

namespace EDA.Bench.Suites;

/// <summary>The fused operations on the diffusion model, H = 256 with 3 blocks, K = 16.</summary>
public class BdmBenchmarks : SuiteDevice
{
    private const int Candidates = 16;

    private BdmWorkload? _workload;

    /// <summary>The batch sizes.</summary>
    public IEnumerable<int> AllRows => SuiteSizes.Rows;

    /// <summary>The tasks' sizes.</summary>
    public IEnumerable<TaskSize> AllTasks => TaskSize.All;

    /// <summary>Rows of a batch, or states times K.</summary>
    [ParamsSource(nameof(AllRows))]
    public int Rows { get; set; }

    /// <summary>S and A.</summary>
    [ParamsSource(nameof(AllTasks))]
    public TaskSize Task { get; set; } = TaskSize.All[0];

    private BdmWorkload Workload => _workload!;

    /// <summary>Makes weights and batches.</summary>
    [GlobalSetup]
    public void Setup() => _workload = new BdmWorkload(Open(), new WorkloadSize(new BdmShape(Task.States, Task.Actions), Rows, Rows / Candidates, Candidates, Rows, Rows / Candidates));

    /// <summary>f of the rows.</summary>
    [Benchmark]
    public void Density() => Finish(Workload.Density);

    /// <summary>ε̂ of the rows.</summary>
    [Benchmark]
    public void Score() => Finish(Workload.Score);

    /// <summary>Δ of states and their candidates.</summary>
    [Benchmark]
    public void Gaps() => Finish(Workload.Gaps);

    /// <summary>Loss and ∂L/∂Δ.</summary>
    [Benchmark]
    public void Objective() => Finish(Workload.Objective);

    /// <summary>Loss and gradient of pretraining, dropout 0.1.</summary>
    [Benchmark]
    public void DenoisingStep() => Finish(Workload.Pretraining);

    /// <summary>Loss and gradient of alignment.</summary>
    [Benchmark]
    public void AlignmentStep() => Finish(Workload.Alignment);

    /// <summary>K actions for each state, 15 evaluations.</summary>
    [Benchmark]
    public void Sample() => Finish(Workload.Sampling);

    /// <inheritdoc/>
    protected override void Close() => _workload?.Dispose();
}
