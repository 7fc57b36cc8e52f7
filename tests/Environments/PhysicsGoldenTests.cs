using EDA.Engine.Environments;
using EDA.Kernels;

namespace EDA.Tests.Environments;

/// <summary>
/// Our models against Gymnasium's and D4RL's own model files, stepped by the same library from the same state with the
/// same actions.
/// </summary>
public class PhysicsGoldenTests
{
    private const double Tolerance = 1e-5;

    [OptionalTheory(OptionalNeeds.Mujoco222)]
    [InlineData("hopper")]
    [InlineData("halfcheetah")]
    [InlineData("walker2d")]
    [InlineData("antmaze-umaze")]
    [InlineData("antmaze-medium")]
    public void A_hundred_steps_are_those_of_the_published_model(string name)
    {
        var golden = PhysicsGolden.Read(name);
        using var environment = EnvironmentCatalogue.Find(name).Create();
        var observation = new double[environment.Description.ObservationSize];
        environment.Restore(new RandomDraw(0, RandomStage.Evaluation, 0), golden.Positions, golden.Velocities, observation);
        if (golden.Goal is { } goal)
            ((IGoalEnvironment)environment).Goal = (goal[0], goal[1]);
        Near(golden.Start, observation);

        Assert.Equal(100, golden.Actions.Length);
        for (int step = 0; step < golden.Actions.Length; step++)
        {
            var outcome = environment.Step(golden.Actions[step], observation);
            Assert.Equal(golden.Rewards[step], outcome.Reward, Tolerance);
            Assert.Equal(golden.Terminated[step], outcome.Terminated);
            Assert.False(outcome.Truncated);
            if ((step + 1) % PhysicsGolden.Every == 0)
                Near(golden.Observations[step / PhysicsGolden.Every], observation);
        }
    }

    private static void Near(double[] wanted, double[] found)
    {
        Assert.Equal(wanted.Length, found.Length);
        for (int i = 0; i < wanted.Length; i++)
            Assert.Equal(wanted[i], found[i], Tolerance);
    }
}
