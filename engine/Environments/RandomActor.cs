using EDA.Kernels;

namespace EDA.Engine.Environments;

/// <summary>Acts at random, uniformly in [−1, 1]: the 0 of normalised scores.</summary>
/// <param name="ActionSize">A.</param>
/// <param name="Seed">The seed.</param>
public sealed record RandomActor(int ActionSize, ulong Seed) : IActor
{
    /// <inheritdoc/>
    public void Act(uint step, ReadOnlySpan<int> episodes, ReadOnlySpan<float> observations, Span<float> actions)
    {
        var draw = new RandomDraw(Seed, RandomStage.Evaluation, step);
        for (int row = 0; row < episodes.Length; row++)
        {
            for (int i = 0; i < ActionSize; i++)
            {
                ulong element = ((ulong)episodes[row] * (ulong)ActionSize) + (ulong)i;
                actions[(row * ActionSize) + i] = (2 * Philox.Uniform(Philox.Word(draw, RandomPurpose.RandomAction, element))) - 1;
            }
        }
    }
}
