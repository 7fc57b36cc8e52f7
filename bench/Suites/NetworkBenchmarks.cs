using BenchmarkDotNet.Attributes;
using EDA.Bench.Kernels;
using EDA.Kernels;

namespace EDA.Bench.Suites;

/// <summary>The fused operations on the diffusion model, H = 256 with 3 blocks, K = 16.</summary>
public class BdmBenchmarks : TaskBenchmarks<BdmWorkload>
{
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
    protected override BdmWorkload Create(IDevice device) => new(device, Size);
}

/// <summary>The fused operations on the critics' networks, H = 256.</summary>
public class CriticBenchmarks : TaskBenchmarks<CriticWorkload>
{
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
    public void Value() => Finish(Workload.ValueOfStates);

    /// <summary>The policy's actions.</summary>
    [Benchmark]
    public void Act() => Finish(Workload.Act);

    /// <summary>The slopes of Q along the action.</summary>
    [Benchmark]
    public void ActionGradient() => Finish(Workload.ActionGradient);

    /// <inheritdoc/>
    protected override CriticWorkload Create(IDevice device) => new(device, Size.Critic, Rows);
}

/// <summary>The operations on multi-layer perceptrons, a policy of H = 256.</summary>
public class MlpBenchmarks : TaskBenchmarks<MlpWorkload>
{
    /// <summary>The policy's actions.</summary>
    [Benchmark]
    public void Forward() => Finish(Workload.Forward);

    /// <summary>Its gradients at parameters and states.</summary>
    [Benchmark]
    public void Gradient() => Finish(Workload.Gradient);

    /// <inheritdoc/>
    protected override MlpWorkload Create(IDevice device) => new(device, Size.Policy, Rows);
}
