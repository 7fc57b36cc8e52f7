using EDA.Kernels;

namespace EDA.Bench.Devices;

/// <summary>Another program behind the engine's seam, to be compared with the engine's own devices.</summary>
public interface IReferenceDevice : IDevice
{
    /// <summary>The program, as results name it.</summary>
    string Program { get; }

    /// <summary>Its version.</summary>
    string Version { get; }
}
