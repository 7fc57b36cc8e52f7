using System.Text;
using EDA.Engine;
using EDA.Engine.Environments;
using EDA.Engine.Environments.Mujoco;
using EDA.Kernels;

namespace EDA.Tests.Environments;

/// <summary>The kitchen's rules, on a model that has nothing of a kitchen but its sizes.</summary>
public sealed class KitchenTests : IDisposable
{
    private const int Microwave = 22;
    private const int Kettle = 23;
    private const int Light = 17;
    private const int Slide = 19;

    private static readonly double[] Done = [-0.23, 0.75, 1.62, 0.99, 0, 0, -0.06];

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"eda-test-kitchen-{Guid.NewGuid():N}.xml");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Without_its_model_file_it_is_refused_in_one_line()
    {
        var refused = Assert.Throws<InvalidSettingException>(() => EnvironmentCatalogue.Find("kitchen-mixed").WithModel(null));
        Assert.StartsWith("model is not set; allowed is the file d4rl/kitchen/", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.Throws<InvalidSettingException>(() => EnvironmentCatalogue.Find("hopper").WithModel("x.xml"));
    }

    [OptionalFact(OptionalNeeds.Mujoco)]
    public void Another_model_is_refused()
    {
        File.WriteAllText(_path, "<mujoco><worldbody><body><joint type='slide'/><geom size='1'/></body></worldbody></mujoco>");
        var kind = EnvironmentCatalogue.Find("kitchen-complete").WithModel(_path);
        Assert.Contains("1 positions", Assert.Throws<InvalidFileException>(() => kind.Create()).Message, StringComparison.Ordinal);
    }

    [OptionalFact(OptionalNeeds.Mujoco)]
    public void Each_element_pays_once_and_all_of_them_end_the_episode()
    {
        using var environment = Create("kitchen-complete");
        var observation = new double[60];
        double[] positions = Positions();
        Step(environment, positions, observation, 0);

        positions[Microwave] = -0.75;
        environment.Restore(default, positions, new double[29], observation);
        Assert.Equal(new StepOutcome(1, false, false), environment.Step(new double[9], observation));
        Assert.Equal(new StepOutcome(0, false, false), environment.Step(new double[9], observation));

        Done.CopyTo(positions, Kettle);
        (positions[Light], positions[Light + 1], positions[Slide]) = (-0.69, -0.05, 0.37);
        environment.Restore(default, positions, new double[29], observation);
        Assert.Equal(new StepOutcome(4, true, false), environment.Step(new double[9], observation));
    }

    [OptionalTheory(OptionalNeeds.Mujoco)]
    [InlineData("kitchen-complete", Slide, 0.37, 1)]
    [InlineData("kitchen-partial", Slide, 0.37, 1)]
    [InlineData("kitchen-mixed", Slide, 0.37, 0)]
    [InlineData("kitchen-mixed", 11, -0.88, 1)]
    [InlineData("kitchen-complete", 11, -0.88, 0)]
    [InlineData("kitchen-complete", Microwave, -0.42, 0)]
    [InlineData("kitchen-complete", Microwave, -0.48, 1)]
    public void A_task_asks_for_its_elements_within_their_reach(string name, int coordinate, double value, double reward)
    {
        using var environment = Create(name);
        double[] positions = Positions();
        positions[coordinate] = value;
        Step(environment, positions, new double[60], reward);
    }

    [OptionalFact(OptionalNeeds.Mujoco)]
    public void Sensors_are_noisy_by_a_tenth_of_their_amplitude_and_goals_are_not()
    {
        using var environment = Create("kitchen-complete");
        var observation = new double[60];
        double[] positions = Positions();
        var errors = new List<double>();
        for (uint episode = 0; episode < 300; episode++)
        {
            environment.Restore(new RandomDraw(1, RandomStage.Evaluation, episode), positions, new double[29], observation);
            Assert.InRange(observation[11] - positions[11], -0.00005, 0.00005);
            for (int joint = 0; joint < 9; joint++)
                errors.Add(observation[joint] - positions[joint]);
            Assert.Equal([0.37, 0, 0, -0.75, .. Done], observation[49..]);
        }

        Assert.All(errors, error => Assert.InRange(error, -0.01, 0.01));
        Assert.Equal(0.01 * 0.01 / 3, errors.Average(error => error * error), 2e-6);
    }

    [OptionalFact(OptionalNeeds.Mujoco)]
    public void A_joint_is_sent_to_where_it_was_seen_plus_its_velocity()
    {
        // The stand-in's slides without friction answer a force of 1 per metre asked for: position tells the target.
        using var environment = Create("kitchen-complete");
        var (observation, positions, velocities) = (new double[60], Positions(), new double[29]);
        environment.Restore(new RandomDraw(1, RandomStage.Evaluation, 3), positions, velocities, observation);
        double seen = observation[0];
        environment.Step([0.5, 9, 0, 0, 0, 0, 0, 1, 0], observation);
        environment.ReadState(positions, velocities);
        Assert.Equal((seen + (2 * 0.5 * 0.08)) * 0.08, velocities[0], 1e-9);
        Assert.Equal(0.04 * 0.08, velocities[7], 1e-9);
    }

    [OptionalFact(OptionalNeeds.Mujoco)]
    public void An_episode_is_cut_after_280_steps()
    {
        using var environment = Create("kitchen-mixed");
        var observation = new double[60];
        environment.Restore(default, Positions(), new double[29], observation);
        for (int step = 1; step <= 280; step++)
            Assert.Equal(step == 280, environment.Step(new double[9], observation).Truncated);
    }

    private static void Step(IEnvironment environment, double[] positions, double[] observation, double reward)
    {
        environment.Restore(default, positions, new double[29], observation);
        Assert.Equal(new StepOutcome(reward, false, false), environment.Step(new double[9], observation));
    }

    /// <summary>Nothing is near any goal.</summary>
    private static double[] Positions()
    {
        var positions = new double[30];
        positions[Light] = 1;
        positions[11] = 1;
        positions[Kettle + 3] = 1;
        return positions;
    }

    private IEnvironment Create(string name)
    {
        var model = new StringBuilder("<mujoco><option gravity='0 0 0' timestep='0.002'/><worldbody>");
        for (int i = 0; i < 23; i++)
            model.Append($"<body><joint name='j{i}' type='slide' axis='1 0 0'/><geom type='sphere' size='1' mass='1' contype='0' conaffinity='0'/></body>");
        model.Append("<body><freejoint/><geom type='sphere' size='1' contype='0' conaffinity='0'/></body></worldbody><actuator>");
        for (int i = 0; i < 9; i++)
            model.Append($"<motor joint='j{i}'/>");
        File.WriteAllText(_path, model.Append("</actuator></mujoco>").ToString());
        return EnvironmentCatalogue.Find(name).WithModel(_path).Create();
    }
}
