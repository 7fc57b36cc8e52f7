using EDA.Engine.Alignment;
using EDA.Engine.Training;

namespace EDA.Engine.Critics;

/// <summary>
/// Online Q-learning's schedule (method: section 4): one critic step and one alignment step alternate on the same
/// policy, which the critic samples its next actions from and whose candidates it labels as it is at that step.
/// </summary>
public sealed class OnlineTraining
{
    private readonly CriticTraining _critic;
    private readonly PolicyAlignment _alignment;
    private readonly long _steps;

    /// <summary>Prepares the two stages' alternation.</summary>
    /// <param name="critic">The critic's training, by online Q-learning from the policy; stays the caller's.</param>
    /// <param name="alignment">The policy's alignment, on batches that the critic labels as they are drawn; stays the caller's.</param>
    /// <exception cref="InvalidSettingException">The two are not as long as each other.</exception>
    public OnlineTraining(CriticTraining critic, PolicyAlignment alignment)
    {
        if (critic.Steps != alignment.Steps)
            throw new InvalidSettingException("critic.steps", critic.Steps, $"the alignment's {alignment.Steps} where the two alternate");
        (_critic, _alignment, _steps) = (critic, alignment, critic.Steps);
    }

    /// <summary>The steps done.</summary>
    public long Step => _alignment.Step;

    /// <summary>Trains until all steps are done, or fewer. Both stages report under their own names.</summary>
    /// <param name="observer">Follows the progress; null for none.</param>
    /// <param name="until">Where to stop, in steps from the very first; null for all.</param>
    /// <param name="cancellation">Ends the run after the pair of steps under way.</param>
    /// <returns>What came out of the critic and of the alignment; cancellation is not an error.</returns>
    /// <exception cref="TrainingDivergedException">A loss is no longer a number.</exception>
    /// <exception cref="InvalidOperationException">The two stages do not stand at the same step.</exception>
    public (StageResult Critic, StageResult Alignment) Run(ITrainingObserver? observer = null, long? until = null, CancellationToken cancellation = default)
    {
        var seed = new SeedTraining(observer);
        Run(seed, until, cancellation);
        return seed.Divergence is null ? (seed.Stages[0], seed.Stages[1]) : throw seed.Divergence;
    }

    /// <summary>The same, reported to the observer.</summary>
    /// <param name="seed">Where the training stands; what came out of the critic, then of the alignment, is told to it.</param>
    /// <param name="until">Where to stop, in steps from the very first; null for all.</param>
    /// <param name="cancellation">Ends the run after the pair of steps under way.</param>
    /// <exception cref="InvalidOperationException">The two stages do not stand at the same step.</exception>
    public void Run(SeedTraining seed, long? until = null, CancellationToken cancellation = default)
    {
        if (_critic.Step != _alignment.Step)
            throw new InvalidOperationException($"the critic stands at step {_critic.Step} and the alignment at step {_alignment.Step}");
        long stop = Math.Min(until ?? _steps, _steps);
        _critic.Begin([seed]);
        _alignment.Begin([seed]);
        while (Step < stop && !cancellation.IsCancellationRequested && seed.Divergence is null)
        {
            _critic.Advance();
            _alignment.Advance();
        }

        _critic.End();
        _alignment.End();
    }
}
