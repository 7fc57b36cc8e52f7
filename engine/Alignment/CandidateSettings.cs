namespace EDA.Engine.Alignment;

/// <summary>How the behavior model's actions for each state are sampled (method: sections 5 and 6). Defaults are the published ones.</summary>
public sealed record CandidateSettings
{
    /// <summary>K, actions for each state, at least 1. Paper: 16.</summary>
    public int Candidates { get; init => field = Setting.Range(value, 1, 4096); } = 16;

    /// <summary>Evaluations of the network by DPM-Solver++ of order 2, at least 1. Published code: 15.</summary>
    public int Evaluations { get; init => field = Setting.Range(value, 1, 10_000); } = 15;
}
