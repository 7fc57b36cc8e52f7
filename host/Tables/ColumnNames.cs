using EDA.Engine.Environments;
using EDA.Kernels;

namespace EDA.Host.Tables;

/// <summary>The names of CSV columns: an interface to other programs (docs/csv.md).</summary>
public static class ColumnNames
{
    /// <summary>The diffusion time.</summary>
    public const string Time = "t";

    /// <summary>The log-density.</summary>
    public const string Density = "f";

    /// <summary>The row of the states file that a sample belongs to, from 0.</summary>
    public const string State = "state";

    /// <summary>The number of a sample among those of its state, from 0.</summary>
    public const string Candidate = "k";

    /// <summary>A candidate's log-density gap.</summary>
    public const string Gap = "gap";

    /// <summary>a0, a1 and so on.</summary>
    /// <param name="shape">The network.</param>
    /// <returns>A names.</returns>
    public static IReadOnlyList<string> Actions(BdmShape shape) => Numbered("a", shape.ActionSize);

    /// <summary>s0, s1 and so on.</summary>
    /// <param name="shape">The network.</param>
    /// <returns>S names.</returns>
    public static IReadOnlyList<string> States(BdmShape shape) => Numbered("s", shape.StateSize);

    /// <summary>eps0, eps1 and so on.</summary>
    /// <param name="shape">The network.</param>
    /// <returns>A names.</returns>
    public static IReadOnlyList<string> Noise(BdmShape shape) => Numbered("eps", shape.ActionSize);

    /// <summary>The reward of a step.</summary>
    public const string Reward = "reward";

    /// <summary>Whether the task is over, 0 or 1.</summary>
    public const string Terminated = "terminated";

    /// <summary>Whether the step limit is reached, 0 or 1.</summary>
    public const string Truncated = "truncated";

    /// <summary>a0, a1 and so on.</summary>
    /// <param name="environment">The environment.</param>
    /// <returns>A names.</returns>
    public static IReadOnlyList<string> Actions(EnvironmentDescription environment) => Numbered("a", environment.ActionSize);

    /// <summary>s0, s1 and so on.</summary>
    /// <param name="environment">The environment.</param>
    /// <returns>S names.</returns>
    public static IReadOnlyList<string> Observations(EnvironmentDescription environment) => Numbered("s", environment.ObservationSize);

    /// <summary>qpos0, qpos1 and so on: the positions of a full state.</summary>
    /// <param name="environment">The environment.</param>
    /// <returns>The names.</returns>
    public static IReadOnlyList<string> Positions(EnvironmentDescription environment) => Numbered("qpos", environment.Positions);

    /// <summary>qvel0, qvel1 and so on: the velocities of a full state.</summary>
    /// <param name="environment">The environment.</param>
    /// <returns>The names.</returns>
    public static IReadOnlyList<string> Velocities(EnvironmentDescription environment) => Numbered("qvel", environment.Velocities);

    private static string[] Numbered(string prefix, int count) =>
        [.. Enumerable.Range(0, count).Select(i => prefix + i.ToString(CultureInfo.InvariantCulture))];
}
