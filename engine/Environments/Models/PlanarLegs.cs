namespace EDA.Engine.Environments.Models;

/// <summary>
/// Hopper and walker2d: an upright torso on one or two legs of thigh, shank and foot, moving in the x-z plane. Lengths
/// are those of the standing pose, measured from the ground.
/// </summary>
/// <remarks>
/// Numbers from Gym's model files (openai/gym, gym/envs/mujoco/assets/hopper.xml and walker2d.xml, unchanged since
/// its v2 environments; Gymnasium's files of the same names have them in local coordinates).
/// </remarks>
public static class PlanarLegs
{
    private const double Timestep = 0.002;
    private const double TorsoHeight = 1.25;
    private const double TorsoTop = 1.45;
    private const double Hip = 1.05;
    private const double Knee = 0.6;
    private const double Ankle = 0.1;
    private const double LimbRadius = 0.05;
    private const double ShankRadius = 0.04;
    private const double FootRadius = 0.06;

    // A quarter turn from upright, as the model files have it.
    private const double Lying = -Math.PI / 2;

    /// <summary>The hopper: one leg, motors of 200 N·m on hip, knee and ankle.</summary>
    public static ModelDescription Hopper { get; } = CreateHopper();

    /// <summary>The walker: two legs, which pass through each other, and motors of 100 N·m.</summary>
    public static ModelDescription Walker { get; } = CreateWalker();

    private static ModelDescription CreateHopper()
    {
        var surface = new Surface
        {
            Sliding = 0.9,
            ContactDimensions = 1,
            Margin = 0.001,
            Response = new(0.02, 1, 0.8, 0.8, 0.01),
            Touchable = true,
        };
        var leg = new Leg(string.Empty, Heel: -0.13, Toe: 0.26, FootFrame: 0.13, Armature: 1, Damping: 1, surface, surface with { Sliding = 2 });
        return new ModelDescription("hopper", Timestep, Integrator.RungeKutta4)
        {
            Degrees = true,
            Ground = surface with { Sliding = 1, ContactDimensions = 3 },
            Robot = Torso(surface, leg),
            Motors = [.. leg.Joints.Select(joint => new Motor(joint, 200))],
        };
    }

    private static ModelDescription CreateWalker()
    {
        var ground = new Surface { Sliding = 0.7, Torsional = 0.1, Rolling = 0.1, Touchable = true };
        var surface = ground with { Sliding = 0.9, Touchable = false };
        var right = new Leg(string.Empty, Heel: 0, Toe: 0.2, FootFrame: 0.2, Armature: 0.01, Damping: 0.1, surface, surface);
        var left = right with { Suffix = "_left", Foot = surface with { Sliding = 1.9 } };
        return new ModelDescription("walker2d", Timestep, Integrator.RungeKutta4)
        {
            Degrees = true,
            Ground = ground,
            Robot = Torso(surface, right, left),
            Motors = [.. right.Joints.Concat(left.Joints).Select(joint => new Motor(joint, 100))],
        };
    }

    private static Body Torso(Surface surface, params IReadOnlyList<Leg> legs) => new("torso", new(0, 0, TorsoHeight))
    {
        // The root moves on two slides that start at the ground, and turns around the torso's middle.
        Joints =
        [
            new("rootx", JointKind.Slide, new(1, 0, 0)) { Position = new(0, 0, -TorsoHeight) },
            new("rootz", JointKind.Slide, new(0, 0, 1)) { Position = new(0, 0, -TorsoHeight), Reference = TorsoHeight },
            new("rooty", JointKind.Hinge, new(0, 1, 0)),
        ],
        Geometries = [new("torso_geom", Upright(TorsoTop, Hip, TorsoHeight, LimbRadius), surface)],
        Children = [.. legs.Select(leg => leg.Build())],
    };

    /// <summary>An upright capsule from one height to another, in the frame of a body at a third.</summary>
    private static Shape.Capsule Upright(double top, double bottom, double frame, double radius) =>
        new(new(0, 0, ((top + bottom) / 2) - frame), (top - bottom) / 2, radius, 0);

    private sealed record Leg(string Suffix, double Heel, double Toe, double FootFrame, double Armature, double Damping, Surface Limb, Surface Foot)
    {
        // The thigh's frame is at its joint, the shank's at its middle, the foot's on the ground.
        private const double ShankFrame = 0.35;

        public IReadOnlyList<string> Joints => [Name("thigh", "_joint"), Name("leg", "_joint"), Name("foot", "_joint")];

        public Body Build()
        {
            var foot = new Body(Name("foot"), new(FootFrame, 0, 0 - ShankFrame))
            {
                Joints = [Hinge("foot", new(-FootFrame, 0, Ankle), -45, 45)],
                Geometries = [new(Name("foot", "_geom"), new Shape.Capsule(new(((Heel + Toe) / 2) - FootFrame, 0, Ankle), (Toe - Heel) / 2, FootRadius, Lying), Foot)],
            };
            var shank = new Body(Name("leg"), new(0, 0, ShankFrame - Hip))
            {
                Joints = [Hinge("leg", new(0, 0, Knee - ShankFrame), -150, 0)],
                Geometries = [new(Name("leg", "_geom"), Upright(Knee, Ankle, ShankFrame, ShankRadius), Limb)],
                Children = [foot],
            };
            return new Body(Name("thigh"), new(0, 0, Hip - TorsoHeight))
            {
                Joints = [Hinge("thigh", Point.Zero, -150, 0)],
                Geometries = [new(Name("thigh", "_geom"), Upright(Hip, Knee, Hip, LimbRadius), Limb)],
                Children = [shank],
            };
        }

        private Joint Hinge(string part, Point position, double least, double most) => new(Name(part, "_joint"), JointKind.Hinge, new(0, -1, 0))
        {
            Position = position,
            Range = (least, most),
            Armature = Armature,
            Damping = Damping,
        };

        private string Name(string part, string end = "") => part + Suffix + end;
    }
}
