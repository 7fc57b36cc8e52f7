using EDA.Engine.Environments;
using EDA.Engine.Environments.Mazes;
using EDA.Engine.Environments.Models;
using EDA.Kernels;

namespace EDA.Tests.Environments;

/// <summary>Where AntMaze's goals are, and what reaching one does.</summary>
public class AntMazeTests
{
    [OptionalTheory(OptionalNeeds.Mujoco)]
    [InlineData("antmaze-umaze", 0.0, 8.0)]
    [InlineData("antmaze-medium", 20.0, 20.0)]
    public void Goals_are_drawn_anew_in_a_corner_of_the_goal_cell(string name, double x, double y)
    {
        const int Episodes = 400;
        using var environment = (IGoalEnvironment)EnvironmentCatalogue.Find(name).Create();
        var observation = new double[29];
        var goals = new List<(double X, double Y)>();
        for (uint episode = 0; episode < Episodes; episode++)
        {
            environment.Reset(new RandomDraw(5, RandomStage.Evaluation, episode), observation);
            goals.Add((environment.Goal.X - x, environment.Goal.Y - y));
            Assert.InRange(observation[0], -0.1, 0.1);
            Assert.InRange(observation[1], -0.1, 0.1);
        }

        // The sum of a uniform number up to 1 and one up to 0.5, along each axis.
        Assert.All(goals, goal => Assert.True(goal is { X: >= 0 and < 1.5, Y: >= 0 and < 1.5 }));
        Assert.Equal(0.75, goals.Average(goal => goal.X), 0.06);
        Assert.Equal(0.75, goals.Average(goal => goal.Y), 0.06);
        Assert.Equal((1 + 0.25) / 12, goals.Average(goal => Math.Pow(goal.X - 0.75, 2)), 0.02);
        Assert.Equal(0, goals.Average(goal => (goal.X - 0.75) * (goal.Y - 0.75)), 0.02);
        Assert.Equal(Episodes, goals.Distinct().Count());
    }

    [OptionalFact(OptionalNeeds.Mujoco)]
    public void Reaching_the_goal_pays_one_and_ends_the_episode()
    {
        using var environment = (IGoalEnvironment)EnvironmentCatalogue.Find("antmaze-umaze").Create();
        var observation = new double[29];
        environment.Reset(new RandomDraw(5, RandomStage.Evaluation, 0), observation);
        environment.Goal = (0.75, 0);
        Assert.Equal(new StepOutcome(0, false, false), environment.Step(new double[8], observation));
        environment.Goal = (observation[0] + 0.3, observation[1] - 0.3);
        Assert.Equal(new StepOutcome(1, true, false), environment.Step(new double[8], observation));
    }

    [OptionalFact(OptionalNeeds.Mujoco)]
    public void The_umaze_cuts_after_700_steps_even_when_the_ant_lies_on_its_back()
    {
        using var environment = (IGoalEnvironment)EnvironmentCatalogue.Find("antmaze-umaze").Create();
        var observation = new double[29];
        double[] positions = [0, 0, 0.5, 0, 1, 0, 0, .. new double[8]];
        environment.Restore(default, positions, new double[14], observation);
        for (int step = 1; step <= 700; step++)
            Assert.Equal(new StepOutcome(0, false, step == 700), environment.Step(new double[8], observation));
        Assert.Equal(1000, EnvironmentCatalogue.Find("antmaze-medium").Description.StepLimit);
    }

    [Fact]
    public void Walls_stand_where_d4rl_puts_them()
    {
        var model = MazeAnt.In(MazeLayout.UMaze);
        var boxes = model.Walls.Select(wall => (Shape.Box)wall.Shape).ToList();
        Assert.Equal(18, boxes.Count);
        Assert.All(boxes, box => Assert.Equal((new Point(2, 2, 1), 1.0), (box.HalfSize, box.Centre.Z)));
        Assert.Contains(boxes, box => box.Centre is { X: -4, Y: -4 });
        Assert.Contains(boxes, box => box.Centre is { X: 0, Y: 4 });
        Assert.Contains(boxes, box => box.Centre is { X: 4, Y: 4 });
        Assert.DoesNotContain(boxes, box => box.Centre is { X: 8, Y: 4 } or { X: 0, Y: 0 } or { X: 0, Y: 8 });
        Assert.Equal(38, MazeAnt.In(MazeLayout.Medium).Walls.Count);
    }
}
