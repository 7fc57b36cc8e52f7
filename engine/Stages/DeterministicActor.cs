using EDA.Engine.Critics;
using EDA.Engine.Environments;

namespace EDA.Engine.Stages;

/// <summary>Acts as the deterministic policy of implicit Q-learning does.</summary>
/// <param name="policy">The policy, which must live as long.</param>
public sealed class DeterministicActor(DeterministicPolicy policy) : IActor
{
    /// <inheritdoc/>
    public void Act(uint step, ReadOnlySpan<int> episodes, ReadOnlySpan<float> observations, Span<float> actions) =>
        policy.Act(observations).CopyTo(actions);
}
