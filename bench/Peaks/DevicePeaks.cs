namespace EDA.Bench.Peaks;

/// <summary>What a device can do at most, measured in the same run as what is compared with it.</summary>
/// <param name="Gflops">Arithmetic, in GFLOP/s.</param>
/// <param name="Arithmetic">The load that gave it.</param>
/// <param name="Gbps">Memory, in GB/s, bytes read and bytes written added.</param>
/// <param name="Memory">The load that gave it.</param>
public sealed record DevicePeaks(double Gflops, string Arithmetic, double Gbps, string Memory);
