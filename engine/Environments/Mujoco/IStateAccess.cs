namespace EDA.Engine.Environments.Mujoco;

/// <summary>A part of a simulation's state.</summary>
internal enum StatePart
{
    /// <summary>The generalised coordinates, qpos [nq].</summary>
    Positions,

    /// <summary>The generalised velocities, qvel [nv].</summary>
    Velocities,

    /// <summary>The actuators' inputs, ctrl [nu].</summary>
    Controls,
}

/// <summary>
/// Reads and writes a simulation's numbers. MuJoCo's structures differ from release to release; this is the one place
/// that knows how to reach into them.
/// </summary>
internal interface IStateAccess
{
    /// <summary>The count of numbers in a part.</summary>
    /// <param name="model">The mjModel.</param>
    /// <param name="part">The part.</param>
    int Size(nint model, StatePart part);

    /// <summary>Copies a part out.</summary>
    /// <param name="model">The mjModel.</param>
    /// <param name="data">The mjData.</param>
    /// <param name="part">The part.</param>
    /// <param name="values">Filled; as long as the part.</param>
    void Read(nint model, nint data, StatePart part, Span<double> values);

    /// <summary>Copies a part in.</summary>
    /// <param name="model">The mjModel.</param>
    /// <param name="data">The mjData.</param>
    /// <param name="part">The part.</param>
    /// <param name="values">As long as the part.</param>
    void Write(nint model, nint data, StatePart part, ReadOnlySpan<double> values);

    /// <summary>Settles on a probe model what differs between releases, and refuses what cannot be right.</summary>
    /// <param name="model">The probe's mjModel.</param>
    /// <param name="data">The probe's mjData.</param>
    /// <param name="sizes">The known sizes of its parts.</param>
    /// <returns>What is wrong, or null.</returns>
    string? Settle(nint model, nint data, IReadOnlyDictionary<StatePart, int> sizes);
}
