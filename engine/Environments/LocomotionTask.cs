using EDA.Engine.Data;
using EDA.Engine.Environments.Models;

namespace EDA.Engine.Environments;

/// <summary>How the velocities of a first state vary.</summary>
public enum VelocityNoise
{
    /// <summary>Uniform in ± the scale.</summary>
    Uniform,

    /// <summary>Normal with the scale as standard deviation.</summary>
    Normal,
}

/// <summary>Within what a robot counts as upright; outside, the episode terminates.</summary>
/// <param name="LeastHeight">The torso's height must be above this, m.</param>
/// <param name="MostHeight">And below this, m.</param>
/// <param name="MostAngle">The torso's angle must be within ± this, rad.</param>
/// <param name="MostEntry">Every other position and velocity must be within ± this.</param>
public sealed record HealthyRange(double LeastHeight, double MostHeight, double MostAngle, double MostEntry = double.PositiveInfinity)
{
    /// <summary>Whether a state is within.</summary>
    /// <param name="positions">qpos: x, height, angle, then the joints.</param>
    /// <param name="velocities">qvel.</param>
    /// <returns>False also where a number is not finite.</returns>
    public bool Contains(ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities)
    {
        bool healthy = positions[1] > LeastHeight && positions[1] < MostHeight && Math.Abs(positions[2]) < MostAngle;
        foreach (double entry in positions[2..])
            healthy &= Math.Abs(entry) < MostEntry;
        foreach (double entry in velocities)
            healthy &= Math.Abs(entry) < MostEntry;
        return healthy;
    }
}

/// <summary>
/// A Gym MuJoCo locomotion task in the x-z plane, version 2 to 4: run forwards. Reward: forward velocity over the step,
/// plus a bonus for being alive, minus a cost times the squared action.
/// </summary>
/// <param name="Description">Its description.</param>
/// <param name="Model">The robot.</param>
/// <param name="FrameSkip">Time steps of the physics in one step.</param>
public sealed record LocomotionTask(EnvironmentDescription Description, ModelDescription Model, int FrameSkip)
{
    private const string Angle = "rad";
    private const string Turn = "rad/s";

    /// <summary>Velocities in observations are held to ± this.</summary>
    public double VelocityLimit { get; init; } = double.PositiveInfinity;

    /// <summary>The scale of the first state's noise; positions are uniform in ± it.</summary>
    public double ResetNoise { get; init; }

    /// <summary>How the first velocities vary.</summary>
    public VelocityNoise VelocityNoise { get; init; }

    /// <summary>Reward of each step for being alive.</summary>
    public double AliveBonus { get; init; }

    /// <summary>Cost of the squared action.</summary>
    public double ControlCost { get; init; }

    /// <summary>Where the episode goes on; null where it never terminates.</summary>
    public HealthyRange? Healthy { get; init; }

    /// <summary>Hopper-v2 … v4.</summary>
    public static LocomotionTask Hopper { get; } = new(
        Describe("hopper", "hop forwards on one leg", 0.008, ["thigh", "leg", "foot"], "200 N·m", 10),
        PlanarLegs.Hopper,
        4)
    {
        VelocityLimit = 10,
        ResetNoise = 5e-3,
        VelocityNoise = VelocityNoise.Uniform,
        AliveBonus = 1,
        ControlCost = 1e-3,
        Healthy = new(0.7, double.PositiveInfinity, 0.2, 100),
    };

    /// <summary>HalfCheetah-v2 … v4.</summary>
    public static LocomotionTask HalfCheetah { get; } = new(
        Describe("halfcheetah", "run forwards on a hind and a front leg", 0.05, ["back thigh", "back shin", "back foot", "front thigh", "front shin", "front foot"], "120, 90, 60, 120, 60, 30 N·m", double.PositiveInfinity),
        Cheetah.Model,
        5)
    {
        ResetNoise = 0.1,
        VelocityNoise = VelocityNoise.Normal,
        ControlCost = 0.1,
    };

    /// <summary>Walker2d-v2 … v4.</summary>
    public static LocomotionTask Walker2d { get; } = new(
        Describe("walker2d", "walk forwards on two legs", 0.008, ["thigh", "leg", "foot", "left thigh", "left leg", "left foot"], "100 N·m", 10),
        PlanarLegs.Walker,
        4)
    {
        VelocityLimit = 10,
        ResetNoise = 5e-3,
        VelocityNoise = VelocityNoise.Uniform,
        AliveBonus = 1,
        ControlCost = 1e-3,
        Healthy = new(0.8, 2, 1),
    };

    private static EnvironmentDescription Describe(string name, string summary, double seconds, string[] joints, string torque, double velocityLimit)
    {
        Variable Velocity(string what, string unit) => new(what + " velocity", unit, -velocityLimit, velocityLimit);
        var published = D4rlEnvironment.Of(name);
        string[] torques = torque.Contains(',') ? [.. torque.Replace(" N·m", string.Empty).Split(", ").Select(number => number + " N·m")] : [.. joints.Select(_ => torque)];
        return new EnvironmentDescription(
            name,
            summary,
            [
                new(name == "halfcheetah" ? "torso height above 0.7 m" : "torso height", "m"),
                new("torso angle", Angle),
                .. joints.Select(joint => new Variable(joint + " angle", Angle)),
                Velocity("torso x", "m/s"),
                Velocity("torso z", "m/s"),
                Velocity("torso angular", Turn),
                .. joints.Select(joint => Velocity(joint + " angular", Turn)),
            ],
            [.. joints.Zip(torques, Variable.Action)],
            joints.Length + 3,
            joints.Length + 3,
            published.EpisodeLimit,
            seconds,
            published.Reference,
            published.Domain);
    }
}
