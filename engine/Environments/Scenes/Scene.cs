namespace EDA.Engine.Environments.Scenes;

/// <summary>From where a scene is seen.</summary>
public enum ScenePlane
{
    /// <summary>From the side, x to the right and z upwards, with the ground at z = 0.</summary>
    Side,

    /// <summary>From above, x to the right and y upwards.</summary>
    Above,
}

/// <summary>A capsule between two points; a sphere where they are one.</summary>
/// <param name="From">The number of one end's point.</param>
/// <param name="To">The number of the other's.</param>
/// <param name="Radius">m.</param>
/// <param name="Limb">0 for the trunk, and for each limb on it the limb's number, from 1.</param>
public sealed record SceneShape(int From, int To, double Radius, int Limb);

/// <summary>A box along the axes that does not move.</summary>
/// <param name="X">Its middle, m.</param>
/// <param name="Y">Its middle, m.</param>
/// <param name="HalfX">Half of its side along x, m.</param>
/// <param name="HalfY">Half of its side along y, m.</param>
public sealed record SceneWall(double X, double Y, double HalfX, double HalfY);

/// <summary>A place on the ground.</summary>
/// <param name="X">m.</param>
/// <param name="Y">m.</param>
public sealed record ScenePlace(double X, double Y);

/// <summary>
/// What an environment looks like: shapes between points, of which only the points move. Shapes that meet at a joint share
/// its point.
/// </summary>
/// <param name="Plane">From where it is seen.</param>
/// <param name="Points">P, the count of points.</param>
/// <param name="Shapes">The shapes, the trunk's first.</param>
public sealed record Scene(ScenePlane Plane, int Points, IReadOnlyList<SceneShape> Shapes)
{
    /// <summary>The walls.</summary>
    public IReadOnlyList<SceneWall> Walls { get; init; } = [];

    /// <summary>How near its goal is near enough, m; null where there is no goal.</summary>
    public double? GoalRadius { get; init; }
}

/// <summary>An environment that can be drawn.</summary>
public interface IPicturedEnvironment : IEnvironment
{
    /// <summary>What it looks like; the same for every instance.</summary>
    Scene Scene { get; }

    /// <summary>Reads where the points are now. It changes nothing that a step depends on.</summary>
    /// <param name="points">Filled with x, y, z of each [P×3], m.</param>
    /// <exception cref="ArgumentException">There is not room for just these.</exception>
    void ReadPoints(Span<double> points);
}
