namespace EDA.Engine.Stages;

/// <summary>How a finished run is measured (method: sections 6 and 7). Defaults are the paper's.</summary>
public sealed record RolloutSettings
{
    /// <summary>Episodes of each policy, at least 1. Paper: 20.</summary>
    public int Episodes { get; init => field = Setting.Range(value, 1, 100_000); } = 20;

    /// <summary>Candidates of rejection sampling, at least 2. Published code: 4.</summary>
    public int Candidates { get; init => field = Setting.Range(value, 2, 4096); } = 4;

    /// <summary>Evaluations of the network per action, at least 1. Paper: 15.</summary>
    public int SolverEvaluations { get; init => field = Setting.Range(value, 1, 10_000); } = 15;
}
