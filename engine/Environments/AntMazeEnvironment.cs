using EDA.Engine.Data;
using EDA.Engine.Environments.Mazes;
using EDA.Engine.Environments.Models;
using EDA.Engine.Environments.Mujoco;
using EDA.Engine.Environments.Scenes;
using EDA.Kernels;

namespace EDA.Engine.Environments;

/// <summary>A task of D4RL's AntMaze, version 2: walk from the maze's start to a goal that is drawn at each reset.</summary>
/// <param name="Maze">The maze.</param>
public sealed record AntMazeTask(MazeLayout Maze)
{
    private const int JointCount = 8;

    /// <summary>antmaze-umaze-v2.</summary>
    public static AntMazeTask UMaze { get; } = new(MazeLayout.UMaze);

    /// <summary>antmaze-medium-v2.</summary>
    public static AntMazeTask Medium { get; } = new(MazeLayout.Medium);

    /// <summary>Its description.</summary>
    public EnvironmentDescription Description => field ??= new EnvironmentDescription(
        Published.Name,
        "walk on four legs to the goal of a maze",
        [
            new("torso x", "m"),
            new("torso y", "m"),
            new("torso z", "m"),
            .. Named("wxyz", "torso quaternion ", string.Empty),
            .. Joints().Select(joint => new Variable(joint + " angle", "rad")),
            .. Named("xyz", "torso velocity ", "m/s"),
            .. Named("xyz", "torso angular velocity ", "rad/s"),
            .. Joints().Select(joint => new Variable(joint + " angular velocity", "rad/s")),
        ],
        [.. new[] { 4, 1, 2, 3 }.SelectMany(leg => new[] { Variable.Action($"hip {leg}", "30 N·m"), Variable.Action($"ankle {leg}", "30 N·m") })],
        JointCount + 7,
        JointCount + 6,
        Published.EpisodeLimit,
        0.1,
        Published.Reference,
        Published.Domain);

    private D4rlEnvironment Published => D4rlEnvironment.Of("antmaze-" + Maze.Name);

    private static IEnumerable<Variable> Named(string entries, string name, string unit) => entries.Select(entry => new Variable(name + entry, unit));

    private static IEnumerable<string> Joints() => Enumerable.Range(1, 4).SelectMany(leg => new[] { $"hip {leg}", $"ankle {leg}" });
}

/// <summary>Steps an <see cref="AntMazeTask"/>.</summary>
public sealed class AntMazeEnvironment : IGoalEnvironment, IPicturedEnvironment
{
    private const int FrameSkip = 5;
    private const double Strength = 30;
    private const double GoalRadius = 0.5;
    private const double ResetNoise = 0.1;

    private readonly AntMazeTask _task;
    private readonly MujocoModel _model;
    private readonly MujocoSimulation _simulation;
    private readonly double[] _start;
    private readonly double[] _controls;
    private RobotPicture? _picture;
    private int _steps;

    /// <summary>Makes an instance.</summary>
    /// <param name="task">The task.</param>
    /// <param name="model">Its compiled model.</param>
    public AntMazeEnvironment(AntMazeTask task, MujocoModel model)
    {
        (_task, _model) = (task, model);
        _simulation = new MujocoSimulation(model);
        _start = _simulation.Positions.ToArray();
        _controls = new double[Description.ActionSize];
    }

    /// <inheritdoc/>
    public EnvironmentDescription Description => _task.Description;

    /// <inheritdoc/>
    public Scene Scene => Picture.Scene;

    // Only few of many instances are drawn.
    private RobotPicture Picture => _picture ??= new RobotPicture(MazeAnt.In(_task.Maze), _model, ScenePlane.Above, GoalRadius);

    /// <inheritdoc/>
    public (double X, double Y) Goal { get; set; }

    /// <inheritdoc/>
    public void Reset(in RandomDraw episode, Span<double> observation)
    {
        Span<double> positions = stackalloc double[_start.Length];
        Span<double> velocities = stackalloc double[Description.Velocities];
        for (int i = 0; i < positions.Length; i++)
            positions[i] = _start[i] + EpisodeRandom.Uniform(episode, RandomPurpose.ResetPosition, i, -ResetNoise, ResetNoise);
        for (int i = 0; i < velocities.Length; i++)
            velocities[i] = ResetNoise * EpisodeRandom.Normal(episode, RandomPurpose.ResetVelocity, i);
        Restore(episode, positions, velocities, observation);
    }

    /// <inheritdoc/>
    public void Restore(in RandomDraw episode, ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, Span<double> observation)
    {
        Goal = DrawGoal(episode);
        _simulation.Reset();
        _simulation.SetState(positions, velocities);
        _steps = 0;
        Observe(observation);
    }

    /// <inheritdoc/>
    public void ReadState(Span<double> positions, Span<double> velocities)
    {
        _simulation.Positions.CopyTo(positions);
        _simulation.Velocities.CopyTo(velocities);
    }

    /// <inheritdoc/>
    public StepOutcome Step(ReadOnlySpan<double> action, Span<double> observation)
    {
        for (int i = 0; i < _controls.Length; i++)
            _controls[i] = Strength * Math.Clamp(action[i], -1, 1);
        _simulation.Advance(_controls, FrameSkip);
        _steps++;
        Observe(observation);
        double x = _simulation.Positions[0] - Goal.X;
        double y = _simulation.Positions[1] - Goal.Y;
        bool reached = Math.Sqrt((x * x) + (y * y)) <= GoalRadius;
        return new StepOutcome(reached ? 1 : 0, reached, _steps >= Description.StepLimit);
    }

    /// <inheritdoc/>
    public void ReadPoints(Span<double> points) => Picture.Read(_simulation.Positions, points);

    /// <inheritdoc/>
    public void Dispose()
    {
        _picture?.Dispose();
        _simulation.Dispose();
    }

    /// <summary>
    /// The goal cell's middle, moved by a number up to a quarter of a cell and another of up to an eighth along each
    /// axis, and never to a negative coordinate.
    /// </summary>
    private (double X, double Y) DrawGoal(in RandomDraw episode)
    {
        Span<double> goal =
        [
            (_task.Maze.Goal.Column - _task.Maze.Start.Column) * MazeAnt.CellSize,
            (_task.Maze.Goal.Row - _task.Maze.Start.Row) * MazeAnt.CellSize,
        ];
        for (int i = 0; i < goal.Length; i++)
        {
            goal[i] += EpisodeRandom.Uniform(episode, RandomPurpose.Goal, i, 0, MazeAnt.CellSize / 4);
            goal[i] = Math.Max(0, goal[i] + EpisodeRandom.Uniform(episode, RandomPurpose.Goal, i + goal.Length, 0, MazeAnt.CellSize / 8));
        }

        return (goal[0], goal[1]);
    }

    private void Observe(Span<double> observation)
    {
        _simulation.Positions.CopyTo(observation);
        _simulation.Velocities.CopyTo(observation[_simulation.Positions.Length..]);
    }
}
