using EDA.Kernels;

namespace EDA.Engine.Environments;

/// <summary>What a step came to.</summary>
/// <param name="Reward">The reward.</param>
/// <param name="Terminated">Whether the task is over: fallen, or done.</param>
/// <param name="Truncated">Whether the step limit is reached.</param>
public readonly record struct StepOutcome(double Reward, bool Terminated, bool Truncated)
{
    /// <summary>Whether the episode is over for either reason.</summary>
    public bool Ended => Terminated || Truncated;
}

/// <summary>
/// A task in which a policy acts, one episode at a time. An instance is used by one thread at a time; different
/// instances are independent.
/// </summary>
public interface IEnvironment : IDisposable
{
    /// <summary>What it is.</summary>
    EnvironmentDescription Description { get; }

    /// <summary>Starts an episode.</summary>
    /// <param name="episode">The random stream of the episode: whatever the episode draws, it draws from here.</param>
    /// <param name="observation">The first observation [S].</param>
    void Reset(in RandomDraw episode, Span<double> observation);

    /// <summary>Starts an episode from a given full state.</summary>
    /// <param name="episode">The random stream of the episode, for what the state does not tell.</param>
    /// <param name="positions">qpos.</param>
    /// <param name="velocities">qvel.</param>
    /// <param name="observation">The first observation [S].</param>
    /// <exception cref="ArgumentException">There are more or fewer numbers than the state has.</exception>
    void Restore(in RandomDraw episode, ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, Span<double> observation);

    /// <summary>The full state.</summary>
    /// <param name="positions">qpos, filled.</param>
    /// <param name="velocities">qvel, filled.</param>
    void ReadState(Span<double> positions, Span<double> velocities);

    /// <summary>Acts. An episode that has ended may be stepped on; its physics does not stop.</summary>
    /// <param name="action">The action [A], finite; entries beyond ±1 count as ±1.</param>
    /// <param name="observation">The observation after the step [S].</param>
    /// <returns>Reward and whether the episode has ended.</returns>
    StepOutcome Step(ReadOnlySpan<double> action, Span<double> observation);
}

/// <summary>An environment with a place to go to, which is not part of the observation.</summary>
public interface IGoalEnvironment : IEnvironment
{
    /// <summary>The goal of the episode (x, y), m.</summary>
    (double X, double Y) Goal { get; set; }
}
