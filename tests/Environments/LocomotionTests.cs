using EDA.Engine;
using EDA.Engine.Data;
using EDA.Engine.Environments;
using EDA.Kernels;

namespace EDA.Tests.Environments;

/// <summary>How the locomotion tasks start, what they pay and when they end.</summary>
public class LocomotionTests
{
    [OptionalTheory(OptionalNeeds.Mujoco)]
    [InlineData("hopper", 0.005, 0.005 / 1.7320508, 1.25)]
    [InlineData("walker2d", 0.005, 0.005 / 1.7320508, 1.25)]
    [InlineData("halfcheetah", 0.1, 0.1, 0)]
    public void First_states_scatter_around_the_initial_pose(string name, double scale, double velocityDeviation, double height)
    {
        const int Episodes = 2000;
        using var environment = EnvironmentCatalogue.Find(name).Create();
        var about = environment.Description;
        var observation = new double[about.ObservationSize];
        var positions = new double[about.Positions];
        var velocities = new double[about.Velocities];
        var offsets = new List<double>();
        var speeds = new List<double>();
        for (uint episode = 0; episode < Episodes; episode++)
        {
            environment.Reset(new RandomDraw(3, RandomStage.Evaluation, episode), observation);
            environment.ReadState(positions, velocities);
            positions[1] -= height;
            offsets.AddRange(positions);
            speeds.AddRange(velocities);
        }

        Assert.All(offsets, offset => Assert.InRange(offset, -scale, scale));
        Assert.Equal(0, offsets.Average() / scale, 0.02);
        Assert.Equal(scale * scale / 3, offsets.Average(x => x * x), 0.02 * scale * scale);
        Assert.Equal(0, speeds.Average() / scale, 0.03);
        Assert.Equal(velocityDeviation * velocityDeviation, speeds.Average(x => x * x), 0.03 * velocityDeviation * velocityDeviation);
        if (velocityDeviation < scale)
            Assert.All(speeds, speed => Assert.InRange(speed, -scale, scale));
        else
            Assert.True(speeds.Max() > 2 * scale, "normal velocities go beyond twice their deviation");
    }

    [OptionalTheory(OptionalNeeds.Mujoco)]
    [InlineData("hopper")]
    [InlineData("antmaze-umaze")]
    public void An_episode_starts_the_same_whatever_was_before(string name)
    {
        using var environment = EnvironmentCatalogue.Find(name).Create();
        var about = environment.Description;
        var (first, again, other) = (new double[about.ObservationSize], new double[about.ObservationSize], new double[about.ObservationSize]);
        var action = new double[about.ActionSize];
        Array.Fill(action, 0.7);
        double[] Play(uint episode, double[] start)
        {
            environment.Reset(new RandomDraw(9, RandomStage.Evaluation, episode), start);
            var observation = new double[start.Length];
            for (int i = 0; i < 20; i++)
                environment.Step(action, observation);
            return observation;
        }

        double[] end = Play(4, first);
        Play(5, other);
        Assert.Equal(end, Play(4, again));
        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
    }

    [OptionalTheory(OptionalNeeds.Mujoco)]
    [InlineData("hopper", 1, 0.0, false)]
    [InlineData("hopper", 2, 0.18, false)]
    [InlineData("hopper", 2, 0.22, true)]
    [InlineData("hopper", 2, -0.22, true)]
    [InlineData("hopper", 3, -101, true)]
    [InlineData("walker2d", 1, 0.74, false)]
    [InlineData("walker2d", 1, 0.76, true)]
    [InlineData("walker2d", 2, 0.97, false)]
    [InlineData("walker2d", 2, -1.03, true)]
    [InlineData("halfcheetah", 2, 3.0, false)]
    public void An_episode_terminates_where_the_robot_has_fallen(string name, int coordinate, double moved, bool terminated)
    {
        using var environment = EnvironmentCatalogue.Find(name).Create();
        var about = environment.Description;
        var observation = new double[about.ObservationSize];
        var positions = new double[about.Positions];
        positions[1] = name == "halfcheetah" ? 0 : 1.25;
        positions[coordinate] += moved;
        environment.Restore(default, positions, new double[about.Velocities], observation);
        Assert.Equal(terminated, environment.Step(new double[about.ActionSize], observation).Terminated);
    }

    [Fact]
    public void Healthy_is_within_every_bound_and_finite()
    {
        var hopper = LocomotionTask.Hopper.Healthy!;
        double[] still = new double[6];
        Assert.True(hopper.Contains([0, 1.25, 0, 0, 0, 0], still));
        Assert.True(hopper.Contains([1e9, 1.25, 0, 0, 0, 0], still));
        Assert.False(hopper.Contains([0, 0.7, 0, 0, 0, 0], still));
        Assert.False(hopper.Contains([0, 1.25, 0.2, 0, 0, 0], still));
        Assert.False(hopper.Contains([0, double.NaN, 0, 0, 0, 0], still));
        Assert.False(hopper.Contains([0, 1.25, 0, double.NaN, 0, 0], still));
        Assert.False(hopper.Contains([0, 1.25, 0, 0, 0, 0], [100, 0, 0, 0, 0, 0]));
        Assert.True(hopper.Contains([0, 1.25, 0, 0, 0, 0], [99, 0, 0, 0, 0, 0]));
        var walker = LocomotionTask.Walker2d.Healthy!;
        Assert.True(walker.Contains([0, 1.25, 0, 0, 0, 0], [1e6, 0, 0, 0, 0, 0]));
        Assert.False(walker.Contains([0, 2, 0, 0, 0, 0], still));
        Assert.False(walker.Contains([0, 0.8, 0, 0, 0, 0], still));
        Assert.True(walker.Contains([0, 0.81, 0, -101, 0, 0], still));
        Assert.Null(LocomotionTask.HalfCheetah.Healthy);
    }

    [OptionalFact(OptionalNeeds.Mujoco)]
    public void An_episode_is_cut_after_a_thousand_steps_and_not_before()
    {
        using var environment = EnvironmentCatalogue.Find("halfcheetah").Create();
        var observation = new double[17];
        var action = new double[6];
        for (int episode = 0; episode < 2; episode++)
        {
            environment.Reset(new RandomDraw(1, RandomStage.Evaluation, 0), observation);
            for (int step = 1; step <= 1000; step++)
            {
                var outcome = environment.Step(action, observation);
                Assert.False(outcome.Terminated);
                Assert.Equal(step == 1000, outcome.Truncated);
            }
        }
    }

    [OptionalTheory(OptionalNeeds.Mujoco)]
    [InlineData("hopper")]
    [InlineData("walker2d")]
    [InlineData("halfcheetah")]
    [InlineData("antmaze-medium")]
    public void Actions_are_clipped_before_cost_and_physics(string name)
    {
        using var environment = EnvironmentCatalogue.Find(name).Create();
        var about = environment.Description;
        double[] Play(double size, out double reward)
        {
            var observation = new double[about.ObservationSize];
            var action = new double[about.ActionSize];
            for (int i = 0; i < action.Length; i++)
                action[i] = i % 2 == 0 ? size : -size;
            environment.Reset(new RandomDraw(2, RandomStage.Evaluation, 0), observation);
            environment.Step(action, observation);
            reward = environment.Step(action, observation).Reward;
            return observation;
        }

        Assert.Equal(Play(1, out double limit), Play(7.5, out double beyond));
        Assert.Equal(limit, beyond);
        Assert.NotEqual(Play(1, out _), Play(0.9, out _));
    }

    [OptionalFact(OptionalNeeds.Mujoco)]
    public void Observed_velocities_are_held_to_ten_in_hopper_and_walker_only()
    {
        foreach (string name in new[] { "hopper", "walker2d", "halfcheetah" })
        {
            using var environment = EnvironmentCatalogue.Find(name).Create();
            var about = environment.Description;
            var observation = new double[about.ObservationSize];
            var positions = new double[about.Positions];
            var velocities = new double[about.Velocities];
            Array.Fill(velocities, 25);
            environment.Restore(default, positions, velocities, observation);
            double shown = name == "halfcheetah" ? 25 : 10;
            Assert.All(observation[^about.Velocities..], velocity => Assert.Equal(shown, velocity));
        }
    }

    [OptionalFact(OptionalNeeds.Mujoco)]
    public void A_state_of_the_wrong_size_is_refused()
    {
        using var environment = EnvironmentCatalogue.Find("hopper").Create();
        var observation = new double[11];
        Assert.Throws<ArgumentException>(() => environment.Restore(default, new double[5], new double[6], observation));
        Assert.Throws<ArgumentException>(() => environment.Restore(default, new double[6], new double[7], observation));
    }

    [Fact]
    public void Descriptions_fit_the_models()
    {
        foreach (var (task, joints) in new[] { (LocomotionTask.Hopper, 3), (LocomotionTask.HalfCheetah, 6), (LocomotionTask.Walker2d, 6) })
        {
            Assert.Equal(joints, task.Description.ActionSize);
            Assert.Equal((2 * (joints + 3)) - 1, task.Description.ObservationSize);
            Assert.Equal(joints, task.Model.Motors.Count);
            Assert.Equal(task.Description.StepSeconds, task.Model.Timestep * task.FrameSkip, 1e-12);
        }
    }

    [Fact]
    public void Scores_are_those_of_d4rl()
    {
        var hopper = EnvironmentCatalogue.Find("hopper").Description.Reference;
        Assert.Equal(0, hopper.Score(-20.272305), 1e-9);
        Assert.Equal(100, hopper.Score(3234.3), 1e-9);
        Assert.Equal(100 * (1000 + 280.178953) / (12135.0 + 280.178953), EnvironmentCatalogue.Find("halfcheetah").Description.Reference.Score(1000), 1e-9);
        Assert.Equal(100 * (1000 - 1.629008) / (4592.3 - 1.629008), EnvironmentCatalogue.Find("walker2d").Description.Reference.Score(1000), 1e-9);
        Assert.Equal(37, EnvironmentCatalogue.Find("antmaze-umaze").Description.Reference.Score(0.37), 1e-9);
    }

    [Fact]
    public void Every_task_of_d4rl_has_its_environment()
    {
        Assert.All(D4rlTask.All, task =>
        {
            var about = EnvironmentCatalogue.For(task).Description;
            Assert.StartsWith(about.Name.StartsWith("kitchen", StringComparison.Ordinal) ? task.Name[..^3] : task.Environment.Name, about.Name, StringComparison.Ordinal);
            Assert.Equal((task.Environment.StateSize, task.Environment.ActionSize, task.Environment.EpisodeLimit), (about.ObservationSize, about.ActionSize, about.StepLimit));
        });
    }

    [Fact]
    public void An_unknown_environment_is_refused_by_name()
    {
        var refused = Assert.Throws<InvalidSettingException>(() => EnvironmentCatalogue.Find("humanoid"));
        Assert.Equal("environment is 'humanoid'; allowed is one of " + string.Join(", ", EnvironmentCatalogue.Names), refused.Message);
    }
}
