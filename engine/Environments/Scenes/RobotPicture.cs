using EDA.Engine.Environments.Models;
using EDA.Engine.Environments.Mujoco;

namespace EDA.Engine.Environments.Scenes;

/// <summary>
/// The picture of a robot: the ends of its capsules in the frames of its bodies, mapped to the world by the simulation's
/// own kinematics, on data of its own.
/// </summary>
/// <remarks>
/// Not read off the simulation that is stepped: after mj_step its bodies are where they were one time step before its
/// coordinates, or, with Runge-Kutta, at an inner stage.
/// </remarks>
internal sealed class RobotPicture : IDisposable
{
    // Points of one body nearer than this are one, m.
    private const double Same = 1e-9;

    private readonly MujocoPoses _poses;
    private readonly List<(Body Body, Point Place)> _points = [];
    private readonly List<SceneShape> _shapes = [];
    private readonly int[] _bodies;

    /// <summary>Makes the picture.</summary>
    /// <param name="description">The robot and what stands around it.</param>
    /// <param name="model">The same, compiled.</param>
    /// <param name="plane">From where it is seen.</param>
    /// <param name="goalRadius">How near the goal is near enough, m; null where there is none.</param>
    public RobotPicture(ModelDescription description, MujocoModel model, ScenePlane plane, double? goalRadius = null)
    {
        Add(description.Robot, [], 0);
        Scene = new Scene(plane, _points.Count, _shapes) { Walls = [.. description.Walls.Select(Wall)], GoalRadius = goalRadius };
        _poses = new MujocoPoses(model);
        _bodies = [.. _points.Select(point => model.FindBody(point.Body.Name))];
    }

    /// <summary>What it looks like.</summary>
    public Scene Scene { get; }

    /// <summary>Reads where the points are for given coordinates.</summary>
    /// <param name="positions">qpos.</param>
    /// <param name="points">Filled [P×3], m.</param>
    /// <exception cref="ArgumentException">There are more or fewer numbers of either.</exception>
    public void Read(ReadOnlySpan<double> positions, Span<double> points)
    {
        if (points.Length != 3 * _points.Count)
            throw new ArgumentException($"{points.Length} numbers where {3 * _points.Count} are needed", nameof(points));
        _poses.Place(positions);
        for (int i = 0; i < _bodies.Length; i++)
        {
            var place = _points[i].Place;
            _poses.Map(_bodies[i], [place.X, place.Y, place.Z], points.Slice(3 * i, 3));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _poses.Dispose();

    private static SceneWall Wall(Geometry geometry) => geometry.Shape is Shape.Box box
        ? new(box.Centre.X, box.Centre.Y, box.HalfSize.X, box.HalfSize.Y)
        : throw new NotSupportedException($"{geometry.Name} is no box");

    private void Add(Body body, IReadOnlyList<Body> above, int limb)
    {
        IReadOnlyList<Body> chain = [body, .. above];
        foreach (var geometry in body.Geometries)
        {
            var (from, to, radius) = Ends(geometry);
            _shapes.Add(new(PointAt(chain, from), PointAt(chain, to), radius, limb));
        }

        for (int i = 0; i < body.Children.Count; i++)
            Add(body.Children[i], chain, limb == 0 ? i + 1 : limb);
    }

    private static (Point From, Point To, double Radius) Ends(Geometry geometry)
    {
        switch (geometry.Shape)
        {
            case Shape.Capsule capsule:
                double x = capsule.HalfLength * Math.Sin(capsule.Tilt), z = capsule.HalfLength * Math.Cos(capsule.Tilt);
                var centre = capsule.Centre;
                return (new(centre.X - x, centre.Y, centre.Z - z), new(centre.X + x, centre.Y, centre.Z + z), capsule.Radius);
            case Shape.Rod rod:
                return (rod.From, rod.To, rod.Radius);
            case Shape.Sphere sphere:
                return (Point.Zero, Point.Zero, sphere.Radius);
            default:
                throw new NotSupportedException($"{geometry.Name} is neither a capsule nor a sphere");
        }
    }

    // A point that a body's joint does not move is its parent's, and so the same for all that hang there.
    private int PointAt(IReadOnlyList<Body> chain, Point place)
    {
        int depth = 0;
        while (depth + 1 < chain.Count && chain[depth].Joints.All(joint => joint.Kind == JointKind.Hinge && Distance(joint.Position, place) < Same))
        {
            var origin = chain[depth++].Position;
            place = new(origin.X + place.X, origin.Y + place.Y, origin.Z + place.Z);
        }

        int known = _points.FindIndex(point => point.Body == chain[depth] && Distance(point.Place, place) < Same);
        if (known >= 0)
            return known;
        _points.Add((chain[depth], place));
        return _points.Count - 1;
    }

    private static double Distance(Point a, Point b)
    {
        var difference = a - b;
        return Math.Sqrt((difference.X * difference.X) + (difference.Y * difference.Y) + (difference.Z * difference.Z));
    }
}
