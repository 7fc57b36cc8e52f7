using EDA.Engine.Data;

namespace EDA.Engine.Environments;

/// <summary>One number of an observation or an action.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Unit">Its unit; empty for a number without one.</param>
/// <param name="Least">The least value; −∞ for none.</param>
/// <param name="Most">The most; ∞ for none.</param>
public sealed record Variable(string Name, string Unit, double Least = double.NegativeInfinity, double Most = double.PositiveInfinity)
{
    /// <summary>An entry of an action: from −1 to 1; what is beyond counts as the limit.</summary>
    /// <param name="name">What it moves.</param>
    /// <param name="unit">What ±1 stands for.</param>
    /// <returns>The variable.</returns>
    public static Variable Action(string name, string unit) => new(name, unit, -1, 1);
}

/// <summary>What an environment is, as far as it can be said without starting it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Summary">What the task is, in a line.</param>
/// <param name="Observations">The numbers of an observation [S].</param>
/// <param name="Actions">The numbers of an action [A].</param>
/// <param name="Positions">The numbers of the full state's positions (qpos).</param>
/// <param name="Velocities">The numbers of the full state's velocities (qvel).</param>
/// <param name="StepLimit">The steps after which an episode is cut.</param>
/// <param name="StepSeconds">The simulated time of a step, s.</param>
/// <param name="Reference">The returns that its score is measured by.</param>
/// <param name="Domain">The family, which decides the constants of critics (method: section 4); point mazes are treated as AntMaze is.</param>
public sealed record EnvironmentDescription(
    string Name,
    string Summary,
    IReadOnlyList<Variable> Observations,
    IReadOnlyList<Variable> Actions,
    int Positions,
    int Velocities,
    int StepLimit,
    double StepSeconds,
    ReferenceReturns Reference,
    D4rlDomain Domain)
{
    /// <summary>S.</summary>
    public int ObservationSize => Observations.Count;

    /// <summary>A.</summary>
    public int ActionSize => Actions.Count;
}
