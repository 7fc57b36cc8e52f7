using EDA.Engine.Environments.Mazes;

namespace EDA.Engine.Environments.Models;

/// <summary>
/// D4RL's ant in a maze: a ball on four legs of two segments each, with motors of 30 N·m on hips and ankles, among
/// walls as high as half a cell.
/// </summary>
/// <remarks>
/// Numbers from D4RL (Farama-Foundation/D4RL, d4rl/locomotion/assets/ant.xml and maze_env.py). They differ from Gym's
/// ant in time step, contacts and motors.
/// </remarks>
public static class MazeAnt
{
    /// <summary>The side of a cell, m.</summary>
    public const double CellSize = 4;

    private const double WallHeight = 0.5 * CellSize;
    private const double LegRadius = 0.08;

    // A leg goes off diagonally, in two equal steps and one twice as long.
    private const double Step = 0.2;

    // In the order of the bodies; ankles bend by 30° to 70°, in the direction that their axis gives.
    private static readonly LegPlace[] Legs =
    [
        new(1, "front_left_leg", "left", 1, 1, -1, 1),
        new(2, "front_right_leg", "right", -1, 1, 1, -1),
        new(3, "back_leg", "back", -1, -1, -1, -1),
        new(4, "right_back_leg", "rightback", 1, -1, 1, 1),
    ];

    // D4RL's motors begin with the last leg.
    private static readonly int[] MotorOrder = [4, 1, 2, 3];

    private static readonly Surface Ground = new()
    {
        Density = 5,
        Sliding = 1,
        Torsional = 0.5,
        Rolling = 0.5,
        Margin = 0.01,
        Response = new(0.02, 1, 0.8, 0.8, 0.01),
        Touchable = true,
    };

    private static readonly Surface Skin = Ground with { Touchable = false };

    /// <summary>The ant in a maze, standing in the maze's start cell.</summary>
    /// <param name="maze">The maze.</param>
    /// <returns>The model; the start cell's middle is the origin.</returns>
    public static ModelDescription In(MazeLayout maze) => new("ant in " + maze.Name, 0.02, Integrator.RungeKutta4)
    {
        Degrees = true,
        Ground = Ground,
        Robot = new("torso", new(0, 0, 0.75))
        {
            Joints = [new("root", JointKind.Free, Point.Zero)],
            Geometries = [new("torso_geom", new Shape.Sphere(0.25), Skin)],
            Children = [.. Legs.Select(Build)],
        },
        Walls = [.. maze.Walls.Select(cell => Wall(maze, cell))],
        Motors = [.. MotorOrder.SelectMany(leg => new[] { new Motor($"hip_{leg}", 1, 30), new Motor($"ankle_{leg}", 1, 30) })],
    };

    private static Geometry Wall(MazeLayout maze, MazeCell cell) => new(
        $"block_{cell.Row}_{cell.Column}",
        new Shape.Box(
            new((cell.Column - maze.Start.Column) * CellSize, (cell.Row - maze.Start.Row) * CellSize, WallHeight / 2),
            new(CellSize / 2, CellSize / 2, WallHeight / 2)),
        Ground);

    private static Body Build(LegPlace leg)
    {
        var step = new Point(leg.X * Step, leg.Y * Step, 0);
        var last = new Point(leg.X * 2 * Step, leg.Y * 2 * Step, 0);
        var ankle = new Body($"ankle_{leg.Number}_body", step)
        {
            Joints = [Hinge($"ankle_{leg.Number}", new(leg.AnkleX, 1, 0), leg.Bend > 0 ? 30 : -70, leg.Bend > 0 ? 70 : -30)],
            Geometries = [Rod(leg.Name + "_ankle_geom", last)],
        };
        var hip = new Body($"aux_{leg.Number}", step)
        {
            Joints = [Hinge($"hip_{leg.Number}", new(0, 0, 1), -30, 30)],
            Geometries = [Rod(leg.Name + "_leg_geom", step)],
            Children = [ankle],
        };
        return new Body(leg.Body, Point.Zero)
        {
            Geometries = [Rod($"aux_{leg.Number}_geom", step)],
            Children = [hip],
        };
    }

    private static Geometry Rod(string name, Point to) => new(name, new Shape.Rod(Point.Zero, to, LegRadius), Skin);

    private static Joint Hinge(string name, Point axis, double least, double most) => new(name, JointKind.Hinge, axis)
    {
        Range = (least, most),
        Armature = 1,
        Damping = 1,
    };

    private readonly record struct LegPlace(int Number, string Body, string Name, int X, int Y, int AnkleX, int Bend);
}
