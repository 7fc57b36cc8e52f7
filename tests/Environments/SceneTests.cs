using EDA.Engine.Environments;
using EDA.Engine.Environments.Mazes;
using EDA.Engine.Environments.Models;
using EDA.Engine.Environments.Scenes;
using EDA.Kernels;

namespace EDA.Tests.Environments;

/// <summary>What environments look like: their points are where a kinematics written for these tests has them.</summary>
public class SceneTests
{
    public static TheoryData<string, int, int> Robots => new()
    {
        { "hopper", 6, 4 },
        { "walker2d", 8, 7 },
        { "halfcheetah", 16, 8 },
        { "antmaze-umaze", 13, 13 },
    };

    [OptionalTheory(OptionalNeeds.Mujoco)]
    [MemberData(nameof(Robots))]
    public void Shapes_are_where_the_coordinates_put_them(string name, int points, int shapes)
    {
        using var environment = (IPicturedEnvironment)EnvironmentCatalogue.Find(name).Create();
        var (scene, about) = (environment.Scene, environment.Description);
        Assert.Equal((points, shapes), (scene.Points, scene.Shapes.Count));
        var random = new Random(7);
        double[] positions = new double[about.Positions], velocities = new double[about.Velocities], places = new double[3 * points];
        for (int trial = 0; trial < 200; trial++)
        {
            for (int i = 0; i < positions.Length; i++)
                positions[i] = (2 * random.NextDouble()) - 1;
            if (name.StartsWith("antmaze", StringComparison.Ordinal))
                Normalise(positions.AsSpan(3, 4));
            positions[0] *= 30;
            environment.Restore(default, positions, velocities, new double[about.ObservationSize]);
            environment.ReadPoints(places);
            var wanted = new List<(double[] From, double[] To, double Radius)>();
            int coordinate = 0;
            Place(Model(name).Robot, Identity, [0, 0, 0], positions, ref coordinate, wanted);
            Assert.Equal(positions.Length, coordinate);
            for (int i = 0; i < shapes; i++)
            {
                var shape = scene.Shapes[i];
                Assert.Equal(wanted[i].Radius, shape.Radius);
                for (int axis = 0; axis < 3; axis++)
                {
                    Assert.Equal(wanted[i].From[axis], places[(3 * shape.From) + axis], 1e-9);
                    Assert.Equal(wanted[i].To[axis], places[(3 * shape.To) + axis], 1e-9);
                }
            }
        }
    }

    [OptionalTheory(OptionalNeeds.Mujoco)]
    [InlineData("hopper", 1)]
    [InlineData("walker2d", 2)]
    [InlineData("halfcheetah", 2)]
    [InlineData("antmaze-medium", 4)]
    public void A_scene_says_what_is_a_limb_and_what_stands_around(string name, int limbs)
    {
        using var environment = (IPicturedEnvironment)EnvironmentCatalogue.Find(name).Create();
        Assert.Equal(Enumerable.Range(0, limbs + 1), environment.Scene.Shapes.Select(shape => shape.Limb).Distinct().Order());
        Assert.Equal(0, environment.Scene.Shapes[0].Limb);
        bool isMaze = environment is IGoalEnvironment;
        Assert.Equal((isMaze ? ScenePlane.Above : ScenePlane.Side, isMaze ? 0.5 : (double?)null), (environment.Scene.Plane, environment.Scene.GoalRadius));
        Assert.Equal(isMaze ? MazeLayout.Medium.Walls.Count : 0, environment.Scene.Walls.Count);
        if (isMaze)
            Assert.DoesNotContain(environment.Scene.Walls, wall => Math.Abs(wall.X) < wall.HalfX && Math.Abs(wall.Y) < wall.HalfY); // the start
    }

    [OptionalTheory(OptionalNeeds.Mujoco)]
    [InlineData("hopper")]
    [InlineData("antmaze-umaze")]
    public void Looking_changes_no_step(string name)
    {
        Assert.Equal(Play(looks: false), Play(looks: true));

        double[] Play(bool looks)
        {
            using var environment = (IPicturedEnvironment)EnvironmentCatalogue.Find(name).Create();
            var (observation, action) = (new double[environment.Description.ObservationSize], new double[environment.Description.ActionSize]);
            environment.Reset(new RandomDraw(1, RandomStage.Evaluation, 2), observation);
            for (int step = 0; step < 60; step++)
            {
                Array.Fill(action, Math.Sin(step));
                environment.Step(action, observation);
                if (looks)
                    environment.ReadPoints(new double[3 * environment.Scene.Points]);
            }

            return observation;
        }
    }

    [Fact]
    public void A_point_mass_is_a_disc_among_the_walls()
    {
        using var environment = new PointMazeEnvironment(PointMazeTask.UMaze);
        var scene = environment.Scene;
        Assert.Equal(MazeLayout.UMaze.Walls.Select(cell => ((double)cell.Column, (double)cell.Row)), scene.Walls.Select(wall => (wall.X, wall.Y)));
        Assert.Equal((1, ScenePlane.Above, PointMass.Radius), (scene.Points, scene.Plane, Assert.Single(scene.Shapes).Radius));
        environment.Restore(default, [3, 1.25], [0, 0], new double[4]);
        double[] points = new double[3];
        environment.ReadPoints(points);
        Assert.Equal([3, 1.25, 0], points);
        Assert.Throws<ArgumentException>(() => environment.ReadPoints(new double[4]));
    }

    private static double[,] Identity => new double[,] { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } };

    private static ModelDescription Model(string name) => name switch
    {
        "hopper" => PlanarLegs.Hopper,
        "walker2d" => PlanarLegs.Walker,
        "halfcheetah" => Cheetah.Model,
        _ => MazeAnt.In(MazeLayout.UMaze),
    };

    // MuJoCo's manual, "Kinematics": a body's joints move its frame one after the other.
    private static void Place(Body body, double[,] turn, double[] at, double[] positions, ref int coordinate, List<(double[] From, double[] To, double Radius)> shapes)
    {
        at = Plus(at, Times(turn, Vector(body.Position)));
        foreach (var joint in body.Joints)
        {
            double[] axis = Vector(joint.Axis);
            switch (joint.Kind)
            {
                case JointKind.Free:
                    (at, turn) = (positions[coordinate..(coordinate + 3)], Turned(positions[coordinate + 3], positions[(coordinate + 4)..(coordinate + 7)]));
                    coordinate += 7;
                    break;
                case JointKind.Slide:
                    double moved = positions[coordinate++] - joint.Reference;
                    at = Plus(at, Times(turn, [.. axis.Select(entry => entry * moved)]));
                    break;
                default:
                    double half = (positions[coordinate++] - joint.Reference) / 2;
                    double[] anchor = Plus(at, Times(turn, Vector(joint.Position)));
                    double length = Math.Sqrt(axis.Sum(entry => entry * entry));
                    turn = Times(turn, Turned(Math.Cos(half), [.. axis.Select(entry => Math.Sin(half) * entry / length)]));
                    at = Plus(anchor, Times(turn, [.. Vector(joint.Position).Select(entry => -entry)]));
                    break;
            }
        }

        foreach (var geometry in body.Geometries)
        {
            var (from, to, radius) = geometry.Shape switch
            {
                Shape.Capsule capsule => (Plus(Vector(capsule.Centre), Upwards(-capsule.HalfLength, capsule.Tilt)), Plus(Vector(capsule.Centre), Upwards(capsule.HalfLength, capsule.Tilt)), capsule.Radius),
                Shape.Rod rod => (Vector(rod.From), Vector(rod.To), rod.Radius),
                _ => (new double[3], new double[3], ((Shape.Sphere)geometry.Shape).Radius),
            };
            shapes.Add((Plus(at, Times(turn, from)), Plus(at, Times(turn, to)), radius));
        }

        foreach (var child in body.Children)
            Place(child, turn, at, positions, ref coordinate, shapes);
    }

    private static double[] Upwards(double length, double tilt) => Times(Turned(Math.Cos(tilt / 2), [0, Math.Sin(tilt / 2), 0]), [0, 0, length]);

    // A unit quaternion as a matrix.
    private static double[,] Turned(double w, double[] v)
    {
        var (x, y, z) = (v[0], v[1], v[2]);
        return new double[,]
        {
            { 1 - (2 * ((y * y) + (z * z))), 2 * ((x * y) - (w * z)), 2 * ((x * z) + (w * y)) },
            { 2 * ((x * y) + (w * z)), 1 - (2 * ((x * x) + (z * z))), 2 * ((y * z) - (w * x)) },
            { 2 * ((x * z) - (w * y)), 2 * ((y * z) + (w * x)), 1 - (2 * ((x * x) + (y * y))) },
        };
    }

    private static double[] Vector(Point point) => [point.X, point.Y, point.Z];

    private static double[] Plus(double[] a, double[] b) => [.. a.Zip(b, (one, other) => one + other)];

    private static double[] Times(double[,] m, double[] v) => [.. Enumerable.Range(0, 3).Select(i => Enumerable.Range(0, 3).Sum(j => m[i, j] * v[j]))];

    private static double[,] Times(double[,] a, double[,] b)
    {
        var product = new double[3, 3];
        for (int i = 0; i < 3; i++)
        {
            for (int j = 0; j < 3; j++)
                product[i, j] = Enumerable.Range(0, 3).Sum(k => a[i, k] * b[k, j]);
        }

        return product;
    }

    private static void Normalise(Span<double> quaternion)
    {
        double square = 0;
        foreach (double entry in quaternion)
            square += entry * entry;
        for (int i = 0; i < quaternion.Length; i++)
            quaternion[i] /= Math.Sqrt(square);
    }
}
