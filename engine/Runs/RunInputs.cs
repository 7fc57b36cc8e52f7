using EDA.Engine.Alignment;
using EDA.Engine.Data;
using EDA.Engine.Environments;

namespace EDA.Engine.Runs;

/// <summary>What a run needs beside its settings, opened.</summary>
/// <param name="Dataset">The dataset; null for a bandit, which draws its own.</param>
/// <param name="Environment">The environment, with its model file where it needs one; null for a bandit.</param>
/// <param name="Labels">A user's annotations to align on, rather than the critic's labels; null for the latter.</param>
public sealed record RunInputs(OfflineDataset? Dataset = null, EnvironmentKind? Environment = null, UserLabels? Labels = null);
