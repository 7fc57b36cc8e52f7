namespace EDA.Engine.Environments.Models;

/// <summary>
/// The half cheetah: a long torso with a head, a hind and a front leg of thigh, shin and foot, moving in the x-z
/// plane. Its joints have springs; its mass is 14 kg.
/// </summary>
/// <remarks>Numbers from Gym's model file (openai/gym, gym/envs/mujoco/assets/half_cheetah.xml; Gymnasium has the same).</remarks>
public static class Cheetah
{
    private const double Radius = 0.046;
    private const double HalfTorso = 0.5;

    // From the torso outwards, with the pose of the capsule in the body's frame, and the joint's limits in rad,
    // damping in N·m·s/rad, stiffness in N·m/rad and motor in N·m.
    private static readonly Link[] Hind =
    [
        new("bthigh", new(-HalfTorso, 0, 0), new(0.1, 0, -0.13), -3.8, 0.145, -0.52, 1.05, 6, 240, 120),
        new("bshin", new(0.16, 0, -0.25), new(-0.14, 0, -0.07), -2.03, 0.15, -0.785, 0.785, 4.5, 180, 90),
        new("bfoot", new(-0.28, 0, -0.14), new(0.03, 0, -0.097), -0.27, 0.094, -0.4, 0.785, 3, 120, 60),
    ];

    private static readonly Link[] Front =
    [
        new("fthigh", new(HalfTorso, 0, 0), new(-0.07, 0, -0.12), 0.52, 0.133, -1, 0.7, 4.5, 180, 120),
        new("fshin", new(-0.14, 0, -0.24), new(0.065, 0, -0.09), -0.6, 0.106, -1.2, 0.87, 3, 120, 60),
        new("ffoot", new(0.13, 0, -0.18), new(0.045, 0, -0.07), -0.6, 0.07, -0.5, 0.5, 1.5, 60, 30),
    ];

    private static readonly Surface Ground = new()
    {
        Sliding = 0.4,
        Torsional = 0.1,
        Rolling = 0.1,
        Response = new(0.02, 1, 0, 0.8, 0.01),
        Touchable = true,
    };

    private static readonly Surface Skin = Ground with { Touchable = false };

    /// <summary>The model.</summary>
    public static ModelDescription Model { get; } = new("halfcheetah", 0.01, Integrator.Euler)
    {
        TotalMass = 14,
        Ground = Ground,
        Robot = new("torso", new(0, 0, 0.7))
        {
            Joints = [Root("rootx", JointKind.Slide, new(1, 0, 0)), Root("rootz", JointKind.Slide, new(0, 0, 1)), Root("rooty", JointKind.Hinge, new(0, 1, 0))],
            Geometries =
            [
                new("torso", new Shape.Rod(new(-HalfTorso, 0, 0), new(HalfTorso, 0, 0), Radius), Skin),
                new("head", new Shape.Capsule(new(0.6, 0, 0.1), 0.15, Radius, 0.87), Skin),
            ],
            Children = [Build(Hind), Build(Front)],
        },
        Motors = [.. Hind.Concat(Front).Select(link => new Motor(link.Name, link.Torque))],
    };

    private static SolverResponse Limits => new(0.02, 1, 0, 0.8, 0.03);

    private static Joint Root(string name, JointKind kind, Point axis) => new(name, kind, axis) { LimitResponse = Limits };

    private static Body Build(ReadOnlySpan<Link> links)
    {
        var link = links[0];
        return new Body(link.Name, link.Position)
        {
            Joints =
            [
                new(link.Name, JointKind.Hinge, new(0, 1, 0))
                {
                    Range = (link.Least, link.Most),
                    Armature = 0.1,
                    Damping = link.Damping,
                    Stiffness = link.Stiffness,
                    LimitResponse = Limits,
                },
            ],
            Geometries = [new(link.Name, new Shape.Capsule(link.Centre, link.HalfLength, Radius, link.Tilt), Skin)],
            Children = links.Length > 1 ? [Build(links[1..])] : [],
        };
    }

    private readonly record struct Link(
        string Name,
        Point Position,
        Point Centre,
        double Tilt,
        double HalfLength,
        double Least,
        double Most,
        double Damping,
        double Stiffness,
        double Torque);
}
