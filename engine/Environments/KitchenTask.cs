using EDA.Engine.Data;

namespace EDA.Engine.Environments;

/// <summary>A thing to do in the kitchen: bring some coordinates near a goal.</summary>
/// <param name="Name">What is moved.</param>
/// <param name="First">The first of its coordinates in qpos.</param>
/// <param name="Goal">The goal of each.</param>
public sealed record KitchenElement(string Name, int First, IReadOnlyList<double> Goal);

/// <summary>
/// A task of D4RL's Franka kitchen: a robot arm with velocity control does four things. Its model files are not part of
/// this project: the user gives D4RL's.
/// </summary>
/// <remarks>
/// Numbers and rules from D4RL (d4rl/kitchen: kitchen_envs.py, adept_envs/franka/kitchen_multitask_v0.py,
/// robot/franka_robot.py, robot/franka_config.xml).
/// </remarks>
/// <param name="Description">Its description.</param>
/// <param name="Elements">What is to be done.</param>
public sealed record KitchenTask(EnvironmentDescription Description, IReadOnlyList<KitchenElement> Elements)
{
    /// <summary>Joints of the arm and its two fingers.</summary>
    public const int RobotJoints = 9;

    /// <summary>qpos: the robot, 14 joints of furniture, and the kettle's place and quaternion.</summary>
    public const int PositionCount = 30;

    /// <summary>qvel.</summary>
    public const int VelocityCount = 29;

    /// <summary>The name of the model file in D4RL.</summary>
    public const string ModelFile = "d4rl/kitchen/adept_envs/franka/assets/franka_kitchen_jntpos_act_ab.xml";

    private const string Angle = "rad";

    private static readonly KitchenElement Microwave = new("microwave", 22, [-0.75]);
    private static readonly KitchenElement Kettle = new("kettle", 23, [-0.23, 0.75, 1.62, 0.99, 0, 0, -0.06]);
    private static readonly KitchenElement BottomBurner = new("bottom burner", 11, [-0.88, -0.01]);
    private static readonly KitchenElement LightSwitch = new("light switch", 17, [-0.69, -0.05]);
    private static readonly KitchenElement SlideCabinet = new("slide cabinet", 19, [0.37]);

    /// <summary>kitchen-complete-v0.</summary>
    public static KitchenTask Complete { get; } = Create("kitchen-complete", Microwave, Kettle, LightSwitch, SlideCabinet);

    /// <summary>kitchen-partial-v0: the same task; its dataset differs.</summary>
    public static KitchenTask Partial { get; } = Create("kitchen-partial", Microwave, Kettle, LightSwitch, SlideCabinet);

    /// <summary>kitchen-mixed-v0.</summary>
    public static KitchenTask Mixed { get; } = Create("kitchen-mixed", Microwave, Kettle, BottomBurner, LightSwitch);

    /// <summary>The goals of the elements, 0 elsewhere [30].</summary>
    public IReadOnlyList<double> Goal { get; } = GoalOf(Elements);

    /// <summary>The first qpos [30]; the first qvel is 0.</summary>
    internal static ReadOnlySpan<double> Start =>
    [
        1.48388023e-01, -1.76848573e+00, 1.84390296e+00, -2.47685760e+00, 2.60252026e-01,
        7.12533105e-01, 1.59515394e+00, 4.79267505e-02, 3.71350919e-02, -2.66279850e-04,
        -5.18043486e-05, 3.12877220e-05, -4.51199853e-05, -3.90842156e-06, -4.22629655e-05,
        6.28065475e-05, 4.04984708e-05, 4.62730939e-04, -2.26906415e-04, -4.65501369e-04,
        -6.44129196e-03, -1.77048263e-03, 1.08009684e-03, -2.69397440e-01, 3.50383255e-01,
        1.61944683e+00, 1.00618764e+00, 4.06395120e-03, -6.62095997e-03, -2.68278933e-04,
    ];

    /// <summary>How far each observed coordinate is off at most, before the share of a tenth [30].</summary>
    internal static ReadOnlySpan<double> SensorNoise =>
    [
        0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1,
        0.005, 0.005, 0.0005, 0.0005, 0.0005, 0.0005, 0.0005, 0.0005,
        0.005, 0.005, 0.005, 0.1, 0.1, 0.1, 0.005, 0.005, 0.005, 0.1, 0.1, 0.1, 0.005,
    ];

    /// <summary>The least that a joint of the robot is sent to [9].</summary>
    internal static ReadOnlySpan<double> LeastTarget => [-2.9, -1.8, -2.9, -3.1, -2.9, 0, -2.9, 0, 0];

    /// <summary>The most that a joint of the robot is sent to [9].</summary>
    internal static ReadOnlySpan<double> MostTarget => [2.9, 1.8, 2.9, 0, 2.9, 3.8, 2.9, 0.04, 0.04];

    private static double[] GoalOf(IReadOnlyList<KitchenElement> elements)
    {
        var goal = new double[PositionCount];
        foreach (var element in elements)
        {
            for (int i = 0; i < element.Goal.Count; i++)
                goal[element.First + i] = element.Goal[i];
        }

        return goal;
    }

    private static KitchenTask Create(string name, params IReadOnlyList<KitchenElement> elements)
    {
        Variable[] coordinates =
        [
            .. Enumerable.Range(1, 7).Select(joint => new Variable($"arm joint {joint}", Angle)),
            new("right finger", "m"),
            new("left finger", "m"),
            .. Enumerable.Range(1, 4).SelectMany(burner => new Variable[] { new($"burner knob {burner}", Angle), new($"burner {burner}", "m") }),
            new("light switch", Angle),
            new("light", "m"),
            new("slide cabinet", "m"),
            new("left hinge cabinet", Angle),
            new("right hinge cabinet", Angle),
            new("microwave", Angle),
            .. "xyz".Select(axis => new Variable($"kettle {axis}", "m")),
            .. "wxyz".Select(entry => new Variable($"kettle quaternion {entry}", string.Empty)),
        ];
        var published = D4rlEnvironment.Of("kitchen");
        return new KitchenTask(
            new EnvironmentDescription(
                name,
                "do in a kitchen: " + string.Join(", ", elements.Select(element => element.Name)),
                [.. coordinates, .. coordinates.Select(variable => variable with { Name = "goal of " + variable.Name })],
                [.. coordinates[..RobotJoints].Select(variable => Variable.Action(variable.Name + " velocity", $"2 {variable.Unit}/s"))],
                PositionCount,
                VelocityCount,
                published.EpisodeLimit,
                KitchenEnvironment.StepSeconds,
                published.Reference,
                published.Domain),
            elements);
    }
}
