namespace EDA.Engine.Environments;

/// <summary>Chooses the actions of many episodes at once. What an episode gets depends on that episode alone.</summary>
public interface IActor
{
    /// <summary>Chooses one action for each running episode.</summary>
    /// <param name="step">The step within the episodes, from 0; the same for all of them.</param>
    /// <param name="episodes">The running episodes' numbers [n], ascending.</param>
    /// <param name="observations">Their observations [n×S].</param>
    /// <param name="actions">Filled [n×A].</param>
    void Act(uint step, ReadOnlySpan<int> episodes, ReadOnlySpan<float> observations, Span<float> actions);
}
