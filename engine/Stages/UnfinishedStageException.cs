namespace EDA.Engine.Stages;

/// <summary>A stage was asked for before the one that it starts from is finished.</summary>
/// <param name="stage">The stage that is not finished.</param>
/// <param name="done">The steps it has done.</param>
/// <param name="total">The steps it has.</param>
public sealed class UnfinishedStageException(OfflineStage stage, long done, long total)
    : Exception($"stage {stage.ToString().ToLowerInvariant()} has {done} of {total} steps and must be finished first")
{
    /// <summary>The stage.</summary>
    public OfflineStage Stage => stage;
}
