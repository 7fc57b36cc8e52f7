using EDA.Bench.Peaks;

namespace EDA.Bench.Profiling;

/// <summary>A stage, as it runs and as it was profiled.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Steps">The steps done.</param>
/// <param name="SecondsAsRun">How long it took without the profile, on the host's clock.</param>
/// <param name="SecondsInOperations">How long its operations took, one by one.</param>
public sealed record ProfiledStage(string Name, long Steps, double SecondsAsRun, double SecondsInOperations);

/// <summary>profile.json.</summary>
/// <param name="Recipe">The recipe.</param>
/// <param name="Device">The device.</param>
/// <param name="Precision">The precision of matrix products.</param>
/// <param name="Command">The command that does the same again.</param>
/// <param name="Version">The engine's version.</param>
/// <param name="Started">When, in UTC.</param>
/// <param name="Peaks">The device's peaks.</param>
/// <param name="LateLaunches">Launches that may have waited for the host.</param>
/// <param name="Stages">The stages.</param>
/// <param name="Operations">A row an operation and stage.</param>
/// <param name="Kernels">A row a kernel and operation; none on a device that is not made of kernels.</param>
public sealed record ProfileDocument(
    string Recipe, string Device, string Precision, string Command, string Version, string Started, DevicePeaks Peaks, int LateLaunches,
    IReadOnlyList<ProfiledStage> Stages, IReadOnlyList<UsageRow> Operations, IReadOnlyList<UsageRow> Kernels) : MeasurementDocument;
