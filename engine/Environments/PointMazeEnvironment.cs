using EDA.Engine.Data;
using EDA.Engine.Environments.Mazes;
using EDA.Engine.Environments.Scenes;
using EDA.Kernels;

namespace EDA.Engine.Environments;

/// <summary>Push a point mass through a maze to its goal; like D4RL's maze2d, and without any library.</summary>
/// <param name="Maze">The maze; its cells are squares with sides of 1 m, centred at (column, row).</param>
/// <param name="StepLimit">The steps after which an episode is cut.</param>
public sealed record PointMazeTask(MazeLayout Maze, int StepLimit)
{
    /// <summary>The U; the limit of D4RL's maze2d-umaze-v0.</summary>
    public static PointMazeTask UMaze { get; } = new(MazeLayout.UMaze, 150);

    /// <summary>The medium maze; the limit of D4RL's maze2d-medium-v0.</summary>
    public static PointMazeTask Medium { get; } = new(MazeLayout.Medium, 250);

    /// <summary>Its description.</summary>
    public EnvironmentDescription Description => field ??= new EnvironmentDescription(
        "pointmaze-" + Maze.Name,
        "push a point mass to the goal of a maze",
        [
            new("x", "m", 0.5, Maze.Columns - 1.5),
            new("y", "m", 0.5, Maze.Rows - 1.5),
            new("x velocity", "m/s", -PointMass.MostSpeed, PointMass.MostSpeed),
            new("y velocity", "m/s", -PointMass.MostSpeed, PointMass.MostSpeed),
        ],
        [Variable.Action("x force", "4 N"), Variable.Action("y force", "4 N")],
        2,
        2,
        StepLimit,
        PointMass.StepSeconds,
        new(0, 1),
        D4rlDomain.AntMaze);
}

/// <summary>Steps a <see cref="PointMazeTask"/>: reward 1 within 0.5 m of the goal, where the episode ends.</summary>
public sealed class PointMazeEnvironment : IGoalEnvironment, IPicturedEnvironment
{
    /// <summary>How near the goal is near enough, m.</summary>
    public const double GoalRadius = 0.5;

    private const double ResetNoise = 0.1;

    private readonly PointMazeTask _task;
    private readonly PointMass _mass;
    private int _steps;

    /// <summary>Makes an instance.</summary>
    /// <param name="task">The task.</param>
    public PointMazeEnvironment(PointMazeTask task)
    {
        _task = task;
        _mass = new PointMass(task.Maze);
        Goal = (task.Maze.Goal.Column, task.Maze.Goal.Row);
    }

    /// <inheritdoc/>
    public EnvironmentDescription Description => _task.Description;

    /// <summary>The goal (x, y), m: the middle of the maze's goal cell unless set; it stays over resets.</summary>
    public (double X, double Y) Goal { get; set; }

    /// <inheritdoc/>
    public Scene Scene => new(ScenePlane.Above, 1, [new(0, 0, PointMass.Radius, 0)])
    {
        Walls = [.. _task.Maze.Walls.Select(cell => new SceneWall(cell.Column, cell.Row, 0.5, 0.5))],
        GoalRadius = GoalRadius,
    };

    /// <inheritdoc/>
    public void Reset(in RandomDraw episode, Span<double> observation) => ResetIn(_task.Maze.Start, episode, observation);

    /// <summary>Starts an episode in another cell than the maze's start.</summary>
    /// <param name="cell">A free cell.</param>
    /// <param name="episode">The random stream of the episode.</param>
    /// <param name="observation">The first observation [S].</param>
    public void ResetIn(MazeCell cell, in RandomDraw episode, Span<double> observation)
    {
        Span<double> positions = [cell.Column, cell.Row];
        Span<double> velocities = stackalloc double[2];
        for (int i = 0; i < 2; i++)
        {
            positions[i] += EpisodeRandom.Uniform(episode, RandomPurpose.ResetPosition, i, -ResetNoise, ResetNoise);
            velocities[i] = ResetNoise * EpisodeRandom.Normal(episode, RandomPurpose.ResetVelocity, i);
        }

        Restore(episode, positions, velocities, observation);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidSettingException">The position is inside a wall, or the velocity above 5 m/s.</exception>
    public void Restore(in RandomDraw episode, ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, Span<double> observation)
    {
        _mass.Place(positions, velocities);
        _steps = 0;
        Observe(observation);
    }

    /// <inheritdoc/>
    public void ReadState(Span<double> positions, Span<double> velocities)
    {
        (positions[0], positions[1]) = (_mass.X, _mass.Y);
        (velocities[0], velocities[1]) = (_mass.VelocityX, _mass.VelocityY);
    }

    /// <inheritdoc/>
    public StepOutcome Step(ReadOnlySpan<double> action, Span<double> observation)
    {
        _mass.Push(Math.Clamp(action[0], -1, 1), Math.Clamp(action[1], -1, 1));
        _steps++;
        Observe(observation);
        double x = _mass.X - Goal.X;
        double y = _mass.Y - Goal.Y;
        bool reached = (x * x) + (y * y) <= GoalRadius * GoalRadius;
        return new StepOutcome(reached ? 1 : 0, reached, _steps >= _task.StepLimit);
    }

    /// <inheritdoc/>
    public void ReadPoints(Span<double> points)
    {
        if (points.Length != 3)
            throw new ArgumentException($"{points.Length} numbers where 3 are needed", nameof(points));
        (points[0], points[1], points[2]) = (_mass.X, _mass.Y, 0);
    }

    /// <summary>Nothing to give back.</summary>
    public void Dispose()
    {
    }

    private void Observe(Span<double> observation)
    {
        ReadState(observation[..2], observation[2..]);
    }
}
