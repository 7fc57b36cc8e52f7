using EDA.Kernels;

namespace EDA.Bench.Kernels;

/// <summary>
/// Everything that is timed, by name: what a step is, how large, on which data. Every measurement takes its steps from here;
/// what a step works on is made when one is first asked for.
/// </summary>
/// <param name="device">Where it runs.</param>
/// <param name="size">How large it is.</param>
internal sealed class Workload(IDevice device, WorkloadSize size) : IDisposable
{
    private BdmWorkload? _bdm;
    private CriticWorkload? _critic;
    private MlpWorkload? _mlp;
    private StageWorkload? _stages;

    /// <summary>The steps that every program can be compared by.</summary>
    public static IReadOnlyList<string> Compared { get; } = ["pretraining_step", "alignment_step", "iql_step", "score", "sampling"];

    /// <summary>The fused operations; sampling, which is scores one after the other, and Adam on a GPU alone.</summary>
    /// <param name="all">Whether those two as well.</param>
    /// <returns>Their names.</returns>
    public static IReadOnlyList<string> Fused(bool all) => ["pretraining", "alignment", "gaps", "score", "density", .. all ? (string[])["sampling", "adam"] : [], "implicit q", "mlp"];

    /// <summary>The engine's own stages.</summary>
    public StageWorkload Stages => _stages ??= new StageWorkload(device, size);

    /// <summary>Some steps.</summary>
    /// <param name="names">Their names.</param>
    /// <returns>The steps, which live as long as the workload.</returns>
    public WorkloadStep[] Steps(IEnumerable<string> names) => [.. names.Select(Step)];

    /// <summary>A step.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The step, which lives as long as the workload.</returns>
    /// <exception cref="ArgumentException">There is no such step.</exception>
    public WorkloadStep Step(string name) => name switch
    {
        "pretraining_step" => Stages.PretrainingStep(name),
        "alignment_step" => Stages.AlignmentStep(name),
        "implicit q" or "iql" or "iql_step" => (_critic ??= new CriticWorkload(device, size.Critic, size.CriticRows)).Step with { Name = name },
        "mlp" => (_mlp ??= new MlpWorkload(device, size.Policy, size.CriticRows)).Step,
        _ => (_bdm ??= new BdmWorkload(device, size)).AllSteps.FirstOrDefault(step => step.Name == name) ?? throw new ArgumentException($"there is no step '{name}'", nameof(name)),
    };

    public void Dispose()
    {
        foreach (var owned in (IDisposable?[])[_bdm, _critic, _mlp, _stages])
            owned?.Dispose();
    }
}
