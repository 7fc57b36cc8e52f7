namespace EDA.Engine.Environments.Models;

/// <summary>A point or a direction.</summary>
/// <param name="X">Forwards, m.</param>
/// <param name="Y">Sideways, m.</param>
/// <param name="Z">Upwards, m.</param>
public readonly record struct Point(double X, double Y, double Z)
{
    /// <summary>The origin.</summary>
    public static Point Zero => default;

    /// <summary>The middle of two points.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    /// <returns>The point half way.</returns>
    public static Point Middle(Point a, Point b) => new((a.X + b.X) / 2, (a.Y + b.Y) / 2, (a.Z + b.Z) / 2);

    /// <summary>The difference.</summary>
    /// <param name="a">To here.</param>
    /// <param name="b">From here.</param>
    /// <returns>a − b.</returns>
    public static Point operator -(Point a, Point b) => new(a.X - b.X, a.Y - b.Y, a.Z - b.Z);
}

/// <summary>How a joint moves.</summary>
public enum JointKind
{
    /// <summary>Along an axis.</summary>
    Slide,

    /// <summary>Around an axis.</summary>
    Hinge,

    /// <summary>Freely: three coordinates and a quaternion.</summary>
    Free,
}

/// <summary>The spring-like response of a constraint: MuJoCo's solref and solimp.</summary>
/// <param name="TimeConstant">s.</param>
/// <param name="DampingRatio">1 is critical.</param>
/// <param name="LeastImpedance">d₀.</param>
/// <param name="MostImpedance">d_width.</param>
/// <param name="Width">The violation at which the most is reached, m or rad.</param>
public readonly record struct SolverResponse(double TimeConstant, double DampingRatio, double LeastImpedance, double MostImpedance, double Width)
{
    /// <summary>MuJoCo's default.</summary>
    public static SolverResponse Default => new(0.02, 1, 0.9, 0.95, 0.001);
}

/// <summary>A joint.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">How it moves.</param>
/// <param name="Axis">Along or around what.</param>
public sealed record Joint(string Name, JointKind Kind, Point Axis)
{
    /// <summary>Where it is in its body's frame.</summary>
    public Point Position { get; init; }

    /// <summary>The limits, in m, or in the model's unit of angles; null for none.</summary>
    public (double Least, double Most)? Range { get; init; }

    /// <summary>The coordinate's value in the initial pose, m or rad.</summary>
    public double Reference { get; init; }

    /// <summary>The rotor's inertia, kg or kg·m².</summary>
    public double Armature { get; init; }

    /// <summary>N·s/m or N·m·s/rad.</summary>
    public double Damping { get; init; }

    /// <summary>N/m or N·m/rad.</summary>
    public double Stiffness { get; init; }

    /// <summary>How its limits respond.</summary>
    public SolverResponse LimitResponse { get; init; } = SolverResponse.Default;
}

/// <summary>What a geometry is made of, and how it touches others.</summary>
public sealed record Surface
{
    /// <summary>kg/m³.</summary>
    public double Density { get; init; } = 1000;

    /// <summary>Sliding friction.</summary>
    public double Sliding { get; init; } = 1;

    /// <summary>Torsional friction, m.</summary>
    public double Torsional { get; init; } = 0.005;

    /// <summary>Rolling friction, m.</summary>
    public double Rolling { get; init; } = 0.0001;

    /// <summary>The dimensions of a contact's force: 1 is frictionless, 3 has sliding friction.</summary>
    public int ContactDimensions { get; init; } = 3;

    /// <summary>The distance at which a contact begins, m.</summary>
    public double Margin { get; init; }

    /// <summary>How a contact responds.</summary>
    public SolverResponse Response { get; init; } = SolverResponse.Default;

    /// <summary>Whether geometries that only touch (robot parts, in most models) can touch this one.</summary>
    public bool Touchable { get; init; }
}

/// <summary>A geometry's form, in its body's frame.</summary>
public abstract record Shape
{
    private Shape()
    {
    }

    /// <summary>A capsule around a segment.</summary>
    /// <param name="Centre">The segment's middle.</param>
    /// <param name="HalfLength">Half of the segment, m.</param>
    /// <param name="Radius">m.</param>
    /// <param name="Tilt">The angle from upright, around the y axis, rad.</param>
    public sealed record Capsule(Point Centre, double HalfLength, double Radius, double Tilt) : Shape;

    /// <summary>A capsule between two points.</summary>
    /// <param name="From">One end of the segment.</param>
    /// <param name="To">The other.</param>
    /// <param name="Radius">m.</param>
    public sealed record Rod(Point From, Point To, double Radius) : Shape;

    /// <summary>A sphere around the body's origin.</summary>
    /// <param name="Radius">m.</param>
    public sealed record Sphere(double Radius) : Shape;

    /// <summary>A box along the axes.</summary>
    /// <param name="Centre">Its middle.</param>
    /// <param name="HalfSize">Half of its sides.</param>
    public sealed record Box(Point Centre, Point HalfSize) : Shape;

    /// <summary>The ground, an infinite plane at height 0.</summary>
    public sealed record Ground : Shape;
}

/// <summary>A geometry.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its form.</param>
/// <param name="Surface">Its material.</param>
public sealed record Geometry(string Name, Shape Shape, Surface Surface);

/// <summary>A rigid body with what hangs on it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Position">Where its frame is in its parent's.</param>
public sealed record Body(string Name, Point Position)
{
    /// <summary>Its joints to the parent, none for a fixed one.</summary>
    public IReadOnlyList<Joint> Joints { get; init; } = [];

    /// <summary>Its geometries, which give its mass.</summary>
    public IReadOnlyList<Geometry> Geometries { get; init; } = [];

    /// <summary>The bodies on it.</summary>
    public IReadOnlyList<Body> Children { get; init; } = [];
}

/// <summary>A motor: its input, within limits and times a gear, is the force or torque on a joint.</summary>
/// <param name="Joint">The joint's name.</param>
/// <param name="Gear">N or N·m per unit of input.</param>
/// <param name="Limit">The input is held to ± this.</param>
public sealed record Motor(string Joint, double Gear, double Limit = 1);

/// <summary>How time is stepped.</summary>
public enum Integrator
{
    /// <summary>Semi-implicit Euler, with implicit joint damping.</summary>
    Euler,

    /// <summary>Runge-Kutta of order 4.</summary>
    RungeKutta4,
}

/// <summary>A whole model. Gravity is 9.81 m/s² downwards.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Timestep">s.</param>
/// <param name="Integrator">How time is stepped.</param>
public sealed record ModelDescription(string Name, double Timestep, Integrator Integrator)
{
    /// <summary>Whether joint limits are in degrees rather than radians.</summary>
    public bool Degrees { get; init; }

    /// <summary>Masses are scaled to this sum, kg; null to leave them.</summary>
    public double? TotalMass { get; init; }

    /// <summary>The ground's material.</summary>
    public Surface Ground { get; init; } = new();

    /// <summary>The robot.</summary>
    public required Body Robot { get; init; }

    /// <summary>What stands on the ground.</summary>
    public IReadOnlyList<Geometry> Walls { get; init; } = [];

    /// <summary>The motors, in the order of the controls.</summary>
    public IReadOnlyList<Motor> Motors { get; init; } = [];
}
