using EDA.Engine;
using EDA.Engine.Environments;
using EDA.Engine.Environments.Mazes;
using EDA.Engine.Evaluation;
using EDA.Kernels;

namespace EDA.Tests.Environments;

/// <summary>The point mass, its mazes and the controller that knows the way.</summary>
public class PointMazeTests
{
    public static TheoryData<string> Mazes { get; } = ["pointmaze-umaze", "pointmaze-medium"];

    [Fact]
    public void In_the_open_the_mass_follows_its_difference_equation()
    {
        // Ten substeps of v ← (v + h·4u)/(1 + 4h), x ← x + h·v: geometric towards v = u, solved in closed form.
        var mass = new PointMass(MazeLayout.UMaze);
        mass.Place([1, 1], [0, 0]);
        mass.Push(0.25, 0);
        double decay = 1 / 1.04;
        double velocity = 0.25 * (1 - Math.Pow(decay, 10));
        double travelled = 0.25 * 0.01 * (10 - (decay * (1 - Math.Pow(decay, 10)) / (1 - decay)));
        Assert.Equal(velocity, mass.VelocityX, 1e-12);
        Assert.Equal(1 + travelled, mass.X, 1e-12);
        Assert.Equal((1.0, 0.0), (mass.Y, mass.VelocityY));
        for (int i = 0; i < 10; i++)
            mass.Push(0.25, 0);
        Assert.Equal(0.25, mass.VelocityX, 1e-2);
    }

    [Fact]
    public void A_wall_stops_what_goes_into_it_and_nothing_else()
    {
        // Down the U's first corridor, pressed against its upper wall, over the joints between the wall's cells.
        var pressed = new PointMass(MazeLayout.UMaze);
        var free = new PointMass(MazeLayout.UMaze);
        pressed.Place([0.8, 0.6], [0, 0]);
        free.Place([0.8, 1], [0, 0]);
        for (int i = 0; i < 20; i++)
        {
            pressed.Push(1, -1);
            free.Push(1, 0);
            Assert.Equal(0.5 + PointMass.Radius, pressed.Y, 1e-9);
            Assert.Equal(0, pressed.VelocityY, 1e-9);
            Assert.Equal(free.X, pressed.X, 1e-9);
        }

        // And into the end of the corridor.
        for (int i = 0; i < 40; i++)
            pressed.Push(1, 0);
        Assert.Equal(3.5 - PointMass.Radius, pressed.X, 1e-9);
        Assert.Equal(0, pressed.VelocityX, 1e-9);
    }

    [Theory]
    [MemberData(nameof(Mazes))]
    public void No_push_gets_into_a_wall(string name)
    {
        var kind = EnvironmentCatalogue.Find(name);
        var maze = name.EndsWith("umaze", StringComparison.Ordinal) ? MazeLayout.UMaze : MazeLayout.Medium;
        using var environment = kind.Create();
        var observation = new double[4];
        for (uint episode = 0; episode < 20; episode++)
        {
            var draw = new RandomDraw(11, RandomStage.Evaluation, episode);
            environment.Reset(draw, observation);
            for (int step = 0; step < 400; step++)
            {
                // Held for a while, so that walls are hit at speed and corners at every angle.
                var words = Philox.Block(draw, RandomPurpose.RandomAction, (ulong)(step / 8));
                environment.Step([(2 * Philox.Uniform(words.W0)) - 1, (2 * Philox.Uniform(words.W1)) - 1], observation);
                Assert.All(maze.Walls, wall => Assert.True(Distance(observation, wall) >= PointMass.Radius - 1e-6));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Mazes))]
    public void Waypoints_always_reach_the_goal_and_random_pushes_never_do(string name)
    {
        var kind = EnvironmentCatalogue.Find(name);
        var maze = name.EndsWith("umaze", StringComparison.Ordinal) ? MazeLayout.UMaze : MazeLayout.Medium;
        var settings = new PolicyEvaluationSettings { Episodes = 100, Seed = 4 };
        var steered = PolicyEvaluation.Run(kind, new WaypointActor(maze), settings);
        Assert.Equal((100.0, 0.0, 1.0), (steered.NormalizedMean, steered.NormalizedStd, steered.ReturnMean));
        Assert.All(steered.Lengths, length => Assert.InRange(length, 20, kind.Description.StepLimit / 2));
        var random = PolicyEvaluation.Run(kind, new RandomActor(2, 4), settings);
        Assert.Equal(0.0, random.NormalizedMean);
        Assert.All(random.Lengths, length => Assert.Equal(kind.Description.StepLimit, length));
    }

    [Fact]
    public void The_goal_pays_within_half_a_metre_and_ends_the_episode()
    {
        using var environment = new PointMazeEnvironment(PointMazeTask.UMaze);
        var observation = new double[4];
        Assert.Equal((1.0, 3.0), environment.Goal);
        environment.Restore(default, [1.52, 3], [0, 0], observation);
        Assert.Equal(new StepOutcome(0, false, false), environment.Step([0, 0], observation));
        environment.Restore(default, [1.48, 3], [0, 0], observation);
        Assert.Equal(new StepOutcome(1, true, false), environment.Step([0, 0], observation));
    }

    [Fact]
    public void A_state_inside_a_wall_or_too_fast_is_refused()
    {
        using var environment = new PointMazeEnvironment(PointMazeTask.UMaze);
        var observation = new double[4];
        var wall = Assert.Throws<InvalidSettingException>(() => environment.Restore(default, [1, 2], [0, 0], observation));
        Assert.Equal("position is '(1, 2)'; allowed is a place in a free cell of umaze", wall.Message);
        Assert.Throws<InvalidSettingException>(() => environment.Restore(default, [1e300, 1], [0, 0], observation));
        Assert.Throws<InvalidSettingException>(() => environment.Restore(default, [1, 1], [0, 5.1], observation));
        Assert.Throws<ArgumentException>(() => environment.Restore(default, [1, 1, 1], [0, 0], observation));
    }

    [Fact]
    public void Shortest_paths_are_short_and_free()
    {
        Assert.Equal(7, MazeLayout.UMaze.ShortestPath(MazeLayout.UMaze.Start, MazeLayout.UMaze.Goal).Count);
        var maze = MazeLayout.Medium;
        Assert.Equal(11, maze.ShortestPath(maze.Start, maze.Goal).Count);
        foreach (var from in maze.Free)
        {
            foreach (var to in maze.Free)
            {
                var path = maze.ShortestPath(from, to);
                Assert.Equal((from, to), (path[0], path[^1]));
                Assert.All(path, cell => Assert.True(maze.IsFree(cell)));
                Assert.All(path.Zip(path.Skip(1)), step => Assert.Equal(1, Math.Abs(step.First.Row - step.Second.Row) + Math.Abs(step.First.Column - step.Second.Column)));
                Assert.Equal(path.Count, maze.ShortestPath(to, from).Count);
            }
        }

        Assert.Throws<ArgumentException>(() => maze.ShortestPath(maze.Start, new MazeCell(0, 0)));
        Assert.False(maze.IsFree(new MazeCell(-1, 3)));
        Assert.False(maze.IsFree(new MazeCell(3, 8)));
    }

    private static double Distance(ReadOnlySpan<double> place, MazeCell cell)
    {
        double x = place[0] - Math.Clamp(place[0], cell.Column - 0.5, cell.Column + 0.5);
        double y = place[1] - Math.Clamp(place[1], cell.Row - 0.5, cell.Row + 0.5);
        return Math.Sqrt((x * x) + (y * y));
    }
}
