namespace EDA.Engine.Environments.Mazes;

/// <summary>
/// Steers a point mass through a maze: from the middle of one cell of a shortest path to that of the next, each time
/// with a force of 4 per metre that is missing less 1 per m/s, at most 1 along each axis.
/// </summary>
public sealed class WaypointController
{
    // With the point mass's own drag this is critically damped.
    private const double Gain = 4;
    private const double Damping = 1;

    // Near enough to a waypoint to head for the next.
    private const double Reach = 0.25;

    private readonly MazeLayout _maze;
    private IReadOnlyList<MazeCell> _path;
    private int _next;

    /// <summary>Makes a controller that heads for the maze's goal from its start.</summary>
    /// <param name="maze">The maze.</param>
    public WaypointController(MazeLayout maze)
    {
        _maze = maze;
        _path = maze.ShortestPath(maze.Start, maze.Goal);
    }

    /// <summary>Whether the last waypoint is reached.</summary>
    public bool Arrived => _next == _path.Count;

    /// <summary>Heads for another cell.</summary>
    /// <param name="from">The cell it is in.</param>
    /// <param name="to">The cell to go to.</param>
    public void Head(MazeCell from, MazeCell to)
    {
        _path = _maze.ShortestPath(from, to);
        _next = 0;
    }

    /// <summary>The next push.</summary>
    /// <param name="observation">x, y and their velocities.</param>
    /// <param name="action">The force [2], each from −1 to 1.</param>
    public void Act(ReadOnlySpan<double> observation, Span<double> action)
    {
        while (!Arrived && Distance(observation, _path[_next]) < Reach)
            _next++;
        var target = _path[Math.Min(_next, _path.Count - 1)];
        action[0] = Push(target.Column - observation[0], observation[2]);
        action[1] = Push(target.Row - observation[1], observation[3]);
    }

    private static double Push(double missing, double velocity) => Math.Clamp((Gain * missing) - (Damping * velocity), -1, 1);

    private static double Distance(ReadOnlySpan<double> observation, MazeCell cell)
    {
        double x = cell.Column - observation[0];
        double y = cell.Row - observation[1];
        return Math.Sqrt((x * x) + (y * y));
    }
}
