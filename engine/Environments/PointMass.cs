using EDA.Engine.Environments.Mazes;

namespace EDA.Engine.Environments;

/// <summary>
/// A disc of 1 kg in a maze, pushed by a force and held back by the air: v' = F − 4v, forces up to 4 N along each axis.
/// It does not bounce: a wall takes the part of its velocity that goes into the wall, and nothing of the part along it.
/// </summary>
public sealed class PointMass
{
    /// <summary>The disc's radius, m.</summary>
    public const double Radius = 0.1;

    /// <summary>The time of one push, s.</summary>
    public const double StepSeconds = 0.1;

    /// <summary>The speed along one axis at which full force only just keeps up, m/s.</summary>
    public const double MostSpeed = Force / Drag;

    /// <summary>The most that it can be placed with along one axis, m/s: it must not jump through a wall's corner.</summary>
    private const double MostPlacedSpeed = 5;

    private const int Substeps = 10;
    private const double Timestep = StepSeconds / Substeps;
    private const double Force = 4;
    private const double Drag = 4;

    private readonly MazeLayout _maze;

    /// <summary>Makes one at rest in the maze's start cell.</summary>
    /// <param name="maze">The maze.</param>
    public PointMass(MazeLayout maze)
    {
        _maze = maze;
        (X, Y) = (maze.Start.Column, maze.Start.Row);
    }

    /// <summary>Along the columns, m.</summary>
    public double X { get; private set; }

    /// <summary>Along the rows, m.</summary>
    public double Y { get; private set; }

    /// <summary>m/s.</summary>
    public double VelocityX { get; private set; }

    /// <summary>m/s.</summary>
    public double VelocityY { get; private set; }

    /// <summary>Puts it somewhere. A disc that overlaps a wall is pushed out by the next step.</summary>
    /// <param name="positions">x, y.</param>
    /// <param name="velocities">Its velocity.</param>
    /// <exception cref="ArgumentException">There are not two of each.</exception>
    /// <exception cref="InvalidSettingException">The middle is inside a wall, or it is faster than 5 m/s along an axis.</exception>
    public void Place(ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities)
    {
        if (positions.Length != 2 || velocities.Length != 2)
            throw new ArgumentException($"{positions.Length} positions and {velocities.Length} velocities where 2 and 2 are needed");
        if (!_maze.IsFree(CellOf(positions[0], positions[1])))
            throw new InvalidSettingException("position", Text(positions), $"a place in a free cell of {_maze.Name}");
        if (!(Math.Abs(velocities[0]) <= MostPlacedSpeed && Math.Abs(velocities[1]) <= MostPlacedSpeed))
            throw new InvalidSettingException("velocity", Text(velocities), FormattableString.Invariant($"from -{MostPlacedSpeed} to {MostPlacedSpeed} along each axis"));
        (X, Y) = (positions[0], positions[1]);
        (VelocityX, VelocityY) = (velocities[0], velocities[1]);
    }

    /// <summary>Pushes for 0.1 s.</summary>
    /// <param name="forceX">From −1 to 1, the share of the largest force.</param>
    /// <param name="forceY">The same.</param>
    public void Push(double forceX, double forceY)
    {
        for (int i = 0; i < Substeps; i++)
        {
            // Euler with implicit drag, as MuJoCo steps maze2d.
            VelocityX = (VelocityX + (Timestep * Force * forceX)) / (1 + (Timestep * Drag));
            VelocityY = (VelocityY + (Timestep * Force * forceY)) / (1 + (Timestep * Drag));
            X += Timestep * VelocityX;
            Y += Timestep * VelocityY;

            // Flat walls first: a disc that lies on one touches no corner between two of its cells.
            Collide(flat: true);
            Collide(flat: false);
        }
    }

    /// <summary>The cell that a place is in.</summary>
    /// <param name="x">m.</param>
    /// <param name="y">m.</param>
    /// <returns>The cell, perhaps outside of the maze.</returns>
    public static MazeCell CellOf(double x, double y) => new(Nearest(y), Nearest(x));

    private static string Text(ReadOnlySpan<double> pair) => FormattableString.Invariant($"({pair[0]}, {pair[1]})");

    // Far outside every maze also where the number is too large for an int.
    private static int Nearest(double value) => (int)Math.Round(Math.Clamp(value, -1e6, 1e6));

    private void Collide(bool flat)
    {
        var home = CellOf(X, Y);
        for (int row = home.Row - 1; row <= home.Row + 1; row++)
        {
            for (int column = home.Column - 1; column <= home.Column + 1; column++)
            {
                if (!_maze.IsFree(new MazeCell(row, column)))
                    Collide(row, column, flat);
            }
        }
    }

    private void Collide(int row, int column, bool flat)
    {
        double nearX = X - Math.Clamp(X, column - 0.5, column + 0.5);
        double nearY = Y - Math.Clamp(Y, row - 0.5, row + 0.5);
        bool onFlat = (nearX == 0) != (nearY == 0);
        double distance = Math.Sqrt((nearX * nearX) + (nearY * nearY));
        if (onFlat != flat || distance >= Radius || distance == 0)
            return;
        (double normalX, double normalY) = (nearX / distance, nearY / distance);
        X += (Radius - distance) * normalX;
        Y += (Radius - distance) * normalY;
        double inwards = Math.Min(0, (VelocityX * normalX) + (VelocityY * normalY));
        VelocityX -= inwards * normalX;
        VelocityY -= inwards * normalY;
    }
}
