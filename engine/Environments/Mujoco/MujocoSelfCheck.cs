using System.Globalization;
using EDA.Kernels;

namespace EDA.Engine.Environments.Mujoco;

/// <summary>
/// Tries a library on a probe whose answers are known before any environment is built on it: sizes, what a keyframe
/// reads back as, and one step that can be worked out by hand. A library whose structures are not what they are taken
/// for is refused here.
/// </summary>
internal static class MujocoSelfCheck
{
    // Parts of different sizes, so that none is taken for another: a ball joint (4 coordinates, 3 velocities), two
    // slides, and one motor more than the one actuator with a state of its own.
    private const double TimeStep = 0.015625;
    private const double Mass = 2;
    private const double Gear = 3;
    private const double Tolerance = 1e-12;

    private static readonly double[] Positions = [0.6, 0, 0.8, 0, 0.25, -0.375];
    private static readonly double[] Velocities = [0, 0, 0, 1.5, -0.75];
    private static readonly double[] Controls = [0.125, 0.875];

    private static readonly Dictionary<StatePart, int> Sizes = new()
    {
        [StatePart.Positions] = Positions.Length,
        [StatePart.Velocities] = Velocities.Length,
        [StatePart.Controls] = Controls.Length,
    };

    /// <summary>Runs the probe.</summary>
    /// <exception cref="MissingLibraryException">The library did not do what MuJoCo does.</exception>
    public static void Run(MujocoLibrary library)
    {
        using var model = MujocoModel.FromText(library, Probe());
        nint data = library.MakeData(model.Address);
        try
        {
            if (Wrong(library, model.Address, data) is { } wrong)
                throw new MissingLibraryException($"{library.Path} (MuJoCo {library.VersionText}) failed its self-check: {wrong}");
        }
        finally
        {
            library.DeleteData(data);
        }
    }

    private static string? Wrong(MujocoLibrary library, nint model, nint data)
    {
        var state = library.State;
        if (state.Settle(model, data, Sizes) is { } unsettled)
            return unsettled;

        library.ResetToKeyframe(model, data, 0);
        string? misread = Differs(state, model, data, StatePart.Positions, Positions)
            ?? Differs(state, model, data, StatePart.Velocities, Velocities)
            ?? Differs(state, model, data, StatePart.Controls, Controls);
        if (misread is not null)
            return "after loading a keyframe " + misread;
        if (Misplaced(library, model, data) is { } misplaced)
            return misplaced;

        // No gravity, no damping: a slide of mass 2 under the motor's force moves as v += h·F/m, x += h·v.
        double[] control = [0.5, 0];
        double velocity = 0.5 + (TimeStep * Gear * control[0] / Mass);
        state.Write(model, data, StatePart.Positions, [1, 0, 0, 0, 2, 0]);
        state.Write(model, data, StatePart.Velocities, [0, 0, 0, 0.5, 0]);
        state.Write(model, data, StatePart.Controls, control);
        library.Step(model, data);
        string? mismoved = Differs(state, model, data, StatePart.Positions, [1, 0, 0, 0, 2 + (TimeStep * velocity), 0])
            ?? Differs(state, model, data, StatePart.Velocities, [0, 0, 0, velocity, 0]);
        return mismoved is null ? null : "after one step " + mismoved;
    }

    // A point of the body on the x slide, and one of the ball, which is turned by more than a right angle around y.
    private static string? Misplaced(MujocoLibrary library, nint model, nint data)
    {
        library.Kinematics(model, data);
        return Misplaced("slide", [0.5, 1, -2], [0.5 + Positions[4], 1, -2]) ?? Misplaced("ball", [1, 2, 3], [(-0.28 * 1) + (0.96 * 3), 2, (-0.96 * 1) + (-0.28 * 3)]);

        string? Misplaced(string name, double[] point, double[] wanted)
        {
            var found = new double[3];
            library.LocalToGlobal(data, library.FindBody(model, name), point, found);
            return found.Zip(wanted).All(pair => Math.Abs(pair.First - pair.Second) <= Tolerance)
                ? null
                : FormattableString.Invariant($"a point of the body {name} is at ({found[0]}, {found[1]}, {found[2]}) instead of ({wanted[0]}, {wanted[1]}, {wanted[2]})");
        }
    }

    private static string? Differs(IStateAccess state, nint model, nint data, StatePart part, double[] wanted)
    {
        var found = new double[wanted.Length];
        state.Read(model, data, part, found);
        for (int i = 0; i < found.Length; i++)
        {
            if (!(Math.Abs(found[i] - wanted[i]) <= Tolerance))
                return FormattableString.Invariant($"{part.ToString().ToLowerInvariant()} {i} is {found[i]} instead of {wanted[i]}");
        }

        return null;
    }

    private static string Probe() => string.Create(CultureInfo.InvariantCulture, $"""
        <mujoco>
          <option timestep="{TimeStep}" gravity="0 0 0"/>
          <worldbody>
            <body name="ball"><joint type="ball"/><geom type="sphere" size="1" mass="1" contype="0"/></body>
            <body name="slide"><joint name="x" type="slide" axis="1 0 0"/><geom type="sphere" size="1" mass="{Mass}" contype="0"/></body>
            <body><joint name="y" type="slide" axis="0 1 0"/><geom type="sphere" size="1" mass="{Mass}" contype="0"/></body>
          </worldbody>
          <actuator>
            <motor joint="x" gear="{Gear}"/>
            <general joint="y" dyntype="integrator" gainprm="0"/>
          </actuator>
          <keyframe>
            <key qpos="{Text(Positions)}" qvel="{Text(Velocities)}" ctrl="{Text(Controls)}" act="0.0625"/>
          </keyframe>
        </mujoco>
        """);

    private static string Text(double[] values) => string.Join(' ', values.Select(value => value.ToString("R", CultureInfo.InvariantCulture)));
}
