namespace EDA.Engine.Data;

/// <summary>The rows of a dataset as plain arrays.</summary>
/// <param name="States">[N×S].</param>
/// <param name="StateSize">S.</param>
/// <param name="Actions">[N×A].</param>
/// <param name="ActionSize">A.</param>
/// <param name="Rewards">[N].</param>
/// <param name="Terminals">[N].</param>
/// <param name="Timeouts">[N]; null where the file has none.</param>
internal sealed record TransitionArrays(
    float[] States,
    int StateSize,
    float[] Actions,
    int ActionSize,
    float[] Rewards,
    bool[] Terminals,
    bool[]? Timeouts);
