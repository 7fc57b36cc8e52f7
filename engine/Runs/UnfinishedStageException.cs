namespace EDA.Engine.Runs;

/// <summary>A stage was asked for before the one that it starts from is finished.</summary>
/// <param name="stage">The name of the stage that is not finished.</param>
/// <param name="progress">Where it stands.</param>
public sealed class UnfinishedStageException(string stage, StageProgress progress)
    : Exception($"stage {stage} has {progress.Done} of {progress.Total} steps and must be finished first")
{
    /// <summary>The stage's name.</summary>
    public string Stage => stage;
}
